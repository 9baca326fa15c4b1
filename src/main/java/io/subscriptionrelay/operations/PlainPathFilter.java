package io.subscriptionrelay.operations;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.ServletRequestPathUtils;

/**
 * Refuses a path that could mean another one to whoever reads it next. Spring Security has the same firewall, but Spring MVC looks at the
 * path before it, and fails with an error in the log.
 */
final class PlainPathFilter extends OncePerRequestFilter {

    private final StrictHttpFirewall firewall = new StrictHttpFirewall();

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        if (plain(request)) {
            chain.doFilter(request, response);
        } else {
            OperationsEntryPoint.refuse(response, HttpServletResponse.SC_BAD_REQUEST, "the path of this request is not written plainly");
        }
    }

    private boolean plain(HttpServletRequest request) {
        try {
            firewall.getFirewalledRequest(request);
            ServletRequestPathUtils.parseAndCache(request);
            return true;
        } catch (RequestRejectedException | IllegalArgumentException twofold) {
            return false;
        } finally {
            ServletRequestPathUtils.clearParsedRequestPath(request);
        }
    }
}
