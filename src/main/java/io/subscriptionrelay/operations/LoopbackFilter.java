package io.subscriptionrelay.operations;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Gives who asks the endpoints from this machine some rights without a password, while the port is bound to loopback. The connection itself must
 * come from here; the {@code Host} must be this machine's too, because a page whose name was made to point here (DNS rebinding) still
 * sends its own name; and nobody may ask on behalf of another.
 */
final class LoopbackFilter extends OncePerRequestFilter {

    private static final Pattern LOOPBACK_HOST = Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);
    private static final int LONGEST_HOST = 32;
    private static final List<String> PASSED_ON = List.of("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via");

    private final ConsoleAccess access;
    private final OperationsPaths paths;

    LoopbackFilter(ConsoleAccess access, OperationsPaths paths) {
        this.access = access;
        this.paths = paths;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        if (SecurityContextHolder.getContext().getAuthentication() == null && local(request) && paths.endpoints().matches(request)
                && !paths.console().matches(request)) {
            SecurityContext context = SecurityContextHolder.createEmptyContext();
            context.setAuthentication(new PreAuthenticatedAuthenticationToken("this machine", null,
                    AuthorityUtils.createAuthorityList("ROLE_" + Roles.LOCAL)));
            SecurityContextHolder.setContext(context);
        }
        chain.doFilter(request, response);
    }

    private boolean local(HttpServletRequest request) {
        String host = request.getHeader("Host");
        return access.loopback() && request.getHeader("Authorization") == null && loopback(request.getRemoteAddr())
                && (host == null || host.length() <= LONGEST_HOST && LOOPBACK_HOST.matcher(host).matches())
                && PASSED_ON.stream().allMatch(name -> request.getHeader(name) == null);
    }

    private static boolean loopback(String peer) {
        try {
            // an address in digits is not looked up
            return InetAddress.getByName(peer).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
