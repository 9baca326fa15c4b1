package io.subscriptionrelay.operations;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses what a page of another site makes a browser send, whatever login the browser adds: a password for HTTP Basic goes along with
 * every request, and a cross-site GET says so only in {@code Sec-Fetch-Site} and {@code Referer}. A link from elsewhere may lead to a page.
 */
final class OtherSitesFilter extends OncePerRequestFilter {

    private static final Set<String> OWN = Set.of("same-origin", "none");

    private final OperationsPaths paths;

    OtherSitesFilter(OperationsPaths paths) {
        this.paths = paths;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws ServletException, IOException {
        if (fromAnotherSite(request) && !link(request)) {
            OperationsEntryPoint.refuse(response, HttpServletResponse.SC_FORBIDDEN,
                    "a web page of another site sent this request; use this port's own pages, or a client that sends neither Origin nor Referer");
        } else {
            chain.doFilter(request, response);
        }
    }

    private static boolean fromAnotherSite(HttpServletRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        return site != null && !OWN.contains(site) || foreign(request.getHeader("Origin"), request) || foreign(request.getHeader("Referer"), request);
    }

    private static boolean foreign(String address, HttpServletRequest request) {
        if (address == null) {
            return false;
        }
        try {
            String authority = URI.create(address).getRawAuthority();
            return authority == null || !authority.toLowerCase(Locale.ROOT).equals(String.valueOf(request.getHeader("Host")).toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException noAddress) {
            return true;
        }
    }

    /** Followed by a person in a window of its own; in a frame, the page would be another's. */
    private boolean link(HttpServletRequest request) {
        return paths.isPage(request) && "document".equals(request.getHeader("Sec-Fetch-Dest")) && request.getHeader("Origin") == null;
    }
}
