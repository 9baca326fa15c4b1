package io.subscriptionrelay.operations;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.csrf.CsrfException;

/** What somebody sees who is not let in: a person the login page, a program one sentence of JSON. */
final class OperationsEntryPoint implements AuthenticationEntryPoint, AccessDeniedHandler {

    private static final String OLD_FORM = "the form is older than your login, or was not made by this port; load the page again";
    private static final String NO_RIGHT = "this login may only look, and sees no content of events; log in as the console's user";

    private final ConsoleAccess access;
    private final OperationsPaths paths;

    OperationsEntryPoint(ConsoleAccess access, OperationsPaths paths) {
        this.access = access;
        this.paths = paths;
    }

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException refused) throws IOException {
        if (refused instanceof TooManyAttemptsException locked) {
            locked(response, locked);
        } else if (access.closed()) {
            refuse(response, HttpServletResponse.SC_FORBIDDEN,
                    "this port is open to other machines and no password is set; set CONSOLE_PASSWORD and come back with it");
        } else if ((paths.isPage(request) || paths.isRoot(request)) && request.getHeader("Authorization") == null) {
            response.sendRedirect(paths.login());
        } else {
            // of a script's request a browser would ask for the password in a window of its own
            if (request.getHeader("Sec-Fetch-Mode") == null || paths.isPage(request)) {
                response.setHeader("WWW-Authenticate", "Basic realm=\"subscription-relay\", charset=\"UTF-8\"");
            }
            refuse(response, HttpServletResponse.SC_UNAUTHORIZED, "this needs the console's user and password by HTTP Basic"
                    + (access.loopback() ? "; without them parked events and traces are for this machine only, asked as localhost or 127.0.0.1" : ""));
        }
    }

    /** A password in the login page's form was wrong. */
    void failed(HttpServletRequest request, HttpServletResponse response, AuthenticationException refused) throws IOException {
        if (refused instanceof TooManyAttemptsException locked) {
            locked(response, locked);
        } else {
            response.sendRedirect(paths.login() + "?error");
        }
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException denied) throws IOException {
        if (paths.forPeople(request)) {
            // the page of errors says it
            response.sendError(HttpServletResponse.SC_FORBIDDEN, denied instanceof CsrfException ? OLD_FORM : NO_RIGHT);
            return;
        }
        refuse(response, HttpServletResponse.SC_FORBIDDEN, denied instanceof CsrfException
                ? OLD_FORM : paths.jolokiaNotPosted().matches(request) ? "this is not allowed whatever the login; Jolokia takes POST only" : NO_RIGHT);
    }

    static void locked(HttpServletResponse response, TooManyAttemptsException locked) throws IOException {
        response.setHeader("Retry-After", Long.toString(locked.seconds()));
        refuse(response, 429, "too many wrong passwords came from your address; wait, then try again");
    }

    static void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(("{\"error\":\"" + sentence + "\"}").getBytes(StandardCharsets.UTF_8));
    }
}
