package io.subscriptionrelay.console;

import io.hawt.web.auth.AuthenticationConfiguration;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * The door of the management port. Health and numbers are for everybody; the console has its own login; all the rest, known
 * today or added later, is for this machine or for the console's user.
 */
final class ManagementGuard extends OncePerRequestFilter {

    private static final Set<String> OPEN = Set.of("health", "info", "prometheus");
    private static final Set<String> CONSOLE = Set.of("hawtio", "jolokia");
    /** Anything less plain (dots, semicolons, percent signs) could mean another path to whoever reads it next. */
    private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9_:-]+)+");
    private static final Pattern LOOPBACK_HOST = Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d+)?", Pattern.CASE_INSENSITIVE);
    /** Hawtio reads the body of a login to its end, before anybody has logged in. */
    private static final int LARGEST_LOGIN = 8192;

    private final ManagementAccess access;
    private final String basePath;

    private final LoginThrottle throttle;

    ManagementGuard(ManagementAccess access, String basePath, Clock clock) {
        this.access = access;
        this.basePath = basePath;
        this.throttle = new LoginThrottle(clock);
    }

    /** Gives Hawtio the login; its listener has made its settings before any filter is initialised. */
    @Override
    protected void initFilterBean() {
        if (getServletContext().getAttribute(io.hawt.system.ConfigManager.CONFIG_MANAGER) != null) {
            AuthenticationConfiguration.getConfiguration(getServletContext())
                    .setConfiguration(ConsoleLogin.configuration(access.credentials().orElse(null)));
        }
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String endpoint = endpoint(request.getRequestURI().substring(request.getContextPath().length()));
        if (OPEN.contains(endpoint) && PLAIN.matcher(request.getRequestURI()).matches()) {
            chain.doFilter(request, response);
        } else if (fromAnotherSite(request)) {
            refuse(response, 403, "a web page of another site sent this request; use this port's own pages, or a client that sends no Origin");
        } else if (guesses(request) && throttle.lockedSeconds(request.getRemoteAddr()) > 0) {
            response.setHeader("Retry-After", Long.toString(throttle.lockedSeconds(request.getRemoteAddr())));
            refuse(response, 429, "too many wrong passwords came from your address; wait, then try again");
        } else if (CONSOLE.contains(endpoint(request.getServletPath()))) {
            console(request, response, chain);
            if (guesses(request)) {
                count(request, response.getStatus() != HttpServletResponse.SC_UNAUTHORIZED
                        && response.getStatus() != HttpServletResponse.SC_FORBIDDEN);
            }
        } else {
            rest(request, response, chain);
        }
    }

    /** Whether it brings a password that may be wrong. */
    private static boolean guesses(HttpServletRequest request) {
        return request.getHeader("Authorization") != null
                || ("POST".equals(request.getMethod()) && request.getServletPath().endsWith("/auth/login"));
    }

    private void count(HttpServletRequest request, boolean right) {
        if (right) {
            throttle.succeeded(request.getRemoteAddr());
        } else {
            throttle.failed(request.getRemoteAddr());
        }
    }

    private void console(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws IOException, ServletException {
        String path = request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo());
        // the proxy would call wherever the path says; whether it is on may be asked, or Hawtio offers to connect elsewhere
        boolean proxy = path.startsWith(basePath + "/hawtio/proxy") && !path.equals(basePath + "/hawtio/proxy/enabled");
        if (access.credentials().isEmpty() || proxy) {
            refuse(response, 404, "there is nothing here");
        } else if ("POST".equals(request.getMethod()) && request.getServletPath().contains("/auth/")
                && (request.getContentLengthLong() < 0 || request.getContentLengthLong() > LARGEST_LOGIN)) {
            refuse(response, 413, "a login is at most " + LARGEST_LOGIN + " bytes and says its length");
        } else {
            if (request.getCharacterEncoding() == null) {
                // browsers send JSON in UTF-8 without saying so, and Hawtio would read a password as Latin-1
                request.setCharacterEncoding(StandardCharsets.UTF_8.name());
            }
            chain.doFilter(request, response);
        }
    }

    private void rest(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws IOException, ServletException {
        String authorization = request.getHeader("Authorization");
        boolean known = access.credentials().map(credentials -> credentials.match(authorization)).orElse(false);
        if (authorization != null) {
            count(request, known);
        }
        if (known) {
            chain.doFilter(request, response);
        } else if (access.loopback() && authorization == null) {
            local(request, response, chain);
        } else if (access.credentials().isPresent()) {
            response.setHeader("WWW-Authenticate", "Basic realm=\"subscription-relay\", charset=\"UTF-8\"");
            refuse(response, 401, "this needs the console's user and password by HTTP Basic");
        } else {
            refuse(response, 403, "this port is open to other machines and no password is set; set CONSOLE_PASSWORD and come back with it");
        }
    }

    /** A page whose name was made to point here (DNS rebinding) still sends its own name. */
    private static void local(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws IOException, ServletException {
        String host = request.getHeader("Host");
        if (host == null || LOOPBACK_HOST.matcher(host).matches()) {
            chain.doFilter(request, response);
        } else {
            refuse(response, 403, "without a password this is for this machine only: ask for localhost or 127.0.0.1, "
                    + "or send the console's user and password by HTTP Basic");
        }
    }

    private static boolean fromAnotherSite(HttpServletRequest request) {
        String origin = request.getHeader("Origin");
        if (origin == null) {
            return false;
        }
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority == null || !authority.toLowerCase(Locale.ROOT).equals(String.valueOf(request.getHeader("Host")).toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException notAnOrigin) {
            return true;
        }
    }

    private String endpoint(String path) {
        if (!path.startsWith(basePath + "/")) {
            return "";
        }
        String below = path.substring(basePath.length() + 1);
        int slash = below.indexOf('/');
        return slash < 0 ? below : below.substring(0, slash);
    }

    private static void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(("{\"error\":\"" + sentence + "\"}").getBytes(StandardCharsets.UTF_8));
    }
}
