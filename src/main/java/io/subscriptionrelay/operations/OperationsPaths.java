package io.subscriptionrelay.operations;

import jakarta.servlet.http.HttpServletRequest;
import java.util.stream.Stream;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;

/** The paths of the operations port, by who may ask for them. */
final class OperationsPaths {

    private static final String LOGIN = "/login";

    private final String base;
    private final RequestMatcher open;
    private final RequestMatcher endpoints;
    private final RequestMatcher parked;
    private final RequestMatcher reasons;
    private final RequestMatcher console;
    private final RequestMatcher jolokia;
    private final RequestMatcher root;
    private final RequestMatcher login;
    private final RequestMatcher hawtioLogin;

    /** @param base below which the endpoints are, {@code /actuator} */
    OperationsPaths(String base) {
        this.base = base;
        root = any("/");
        login = any(LOGIN);
        hawtioLogin = PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.POST, hawtio() + "/auth/login");
        open = new OrRequestMatcher(any(base + "/health", base + "/health/**", base + "/info", base + "/prometheus", LOGIN, "/assets/*", "/logout"),
                hawtioLogin);
        endpoints = any(base, base + "/**");
        parked = any(base + "/parked/*");
        reasons = any(base + "/parked/reasons");
        jolokia = any(base + "/jolokia", base + "/jolokia/**", hawtio() + "/jolokia", hawtio() + "/jolokia/**");
        console = new OrRequestMatcher(any(hawtio(), hawtio() + "/**"), jolokia);
    }

    private static RequestMatcher any(String... patterns) {
        PathPatternRequestMatcher.Builder paths = PathPatternRequestMatcher.withDefaults();
        return new OrRequestMatcher(Stream.of(patterns).map(paths::matcher).toArray(RequestMatcher[]::new));
    }

    String hawtio() {
        return base + "/hawtio";
    }

    String login() {
        return LOGIN;
    }

    /** Where a login leads that was not asked for by another page. */
    String home() {
        return "/overview";
    }

    /** All that programs ask, Hawtio's too; the rest are pages. */
    RequestMatcher endpoints() {
        return endpoints;
    }

    /** Asks and changes nothing. */
    RequestMatcher reads() {
        return request -> "GET".equals(request.getMethod()) || "HEAD".equals(request.getMethod());
    }

    /** What shows the content of an event, or could find it out by asking again and again. */
    RequestMatcher contentOfEvents() {
        return request -> parked.matches(request) && !reasons.matches(request)
                || endpoints.matches(request) && (request.getParameter("q") != null || request.getParameter("user") != null);
    }

    /** Asked for by a person with a browser, beside the endpoints. */
    boolean forPeople(HttpServletRequest request) {
        String accept = request.getHeader("Accept");
        return !endpoints.matches(request) && accept != null && accept.contains(MediaType.TEXT_HTML_VALUE);
    }

    /** For everybody: health, numbers, and what somebody without a login needs to log in. */
    RequestMatcher open() {
        return open;
    }

    /** Hawtio and Jolokia: what they can do is what JMX can do. */
    RequestMatcher console() {
        return console;
    }

    RequestMatcher jolokiaNotPosted() {
        return request -> jolokia.matches(request) && !"POST".equals(request.getMethod());
    }

    boolean isLogin(HttpServletRequest request) {
        return login.matches(request);
    }

    /** The bare address, which leads a program to the login as it leads a person. */
    boolean isRoot(HttpServletRequest request) {
        return root.matches(request);
    }

    boolean isHawtioLogin(HttpServletRequest request) {
        return hawtioLogin.matches(request);
    }

    /** What a person looks at: asked for by the address line or a link. */
    RequestMatcher pages() {
        return this::isPage;
    }

    boolean isPage(HttpServletRequest request) {
        if (!"GET".equals(request.getMethod()) || jolokia.matches(request)) {
            return false;
        }
        String mode = request.getHeader("Sec-Fetch-Mode");
        if (mode != null) {
            return "navigate".equals(mode);
        }
        String accept = request.getHeader("Accept");
        return accept != null && accept.contains(MediaType.TEXT_HTML_VALUE);
    }
}
