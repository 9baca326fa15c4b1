package io.subscriptionrelay.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RawHttp.Answer;
import io.subscriptionrelay.testing.RelayApp;
import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.stereotype.Controller;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** An outsider with any client at all gets nothing from the port of the webhooks but the answers of webhooks. */
class PublicPortTest {

    private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND");
    private static RelayApp relay;
    private static ServletWebServerApplicationContext publicContext;
    private static ServletWebServerApplicationContext operationsContext;

    @BeforeAll
    static void start(@TempDir Path data) {
        relay = RelayApp.with(data).cleverTap("http://127.0.0.1:1").start();
        publicContext = relay.webhooksContext();
        operationsContext = relay.operationsContext();
    }

    @AfterAll
    static void stop() {
        relay.close();
    }

    @Test
    void holdsNoControllerServletOrFilterButTheWebhooks() {
        ServletContext servlets = publicContext.getServletContext();
        assertThat(servlets.getServletRegistrations().keySet()).containsExactly("nothing");
        assertThat(servlets.getFilterRegistrations().keySet()).containsExactly("ingressFilter");
        assertThat(publicContext.getBeansOfType(HandlerMapping.class)).isEmpty();
        assertThat(publicContext.getBeansWithAnnotation(Controller.class)).isEmpty();
    }

    @Test
    void answersNothingOfWhatEitherContextContains() {
        Set<String> paths = paths();
        assertThat(paths).as("the search finds what is there").contains("/actuator/parked", "/actuator/parked/1", "/actuator/events", "/actuator/health",
                "/actuator/hawtio/auth/login", "/actuator/jolokia", "/actuator/jolokia/version", "/login", "/error");
        for (String path : paths) {
            METHODS.forEach(method -> assertNothing(method, path, "localhost"));
            hosts().forEach(host -> assertNothing("GET", path, host));
            hosts().forEach(host -> assertNothing("DELETE", path, host));
        }
    }

    @Test
    void answersNothingHoweverThePathIsWritten() {
        for (String path : paths()) {
            String below = path.substring(1);
            for (String written : List.of("//" + below, "/./" + below, "/x/../" + below, "/webhooks/../" + below, "/webhooks/..;/" + below,
                    "/webhooks/revenuecat/../../" + below, "/webhooks/revenuecat/..;/..;/" + below, "/;a=b/" + below, path + "/", path + ";a=b",
                    "/%" + Integer.toHexString((below + "x").charAt(0)) + below.replaceFirst(".", ""), "/%2e/" + below, "/%2f" + below, "/webhooks/%2e%2e/" + below,
                    path.toUpperCase(), path + "?x=/webhooks/revenuecat", path + "%00", path + "\\", "http://localhost:8081" + path)) {
                assertNothing("GET", written, "localhost");
                assertNothing("POST", written, "127.0.0.1:8081");
            }
        }
    }

    /** A forged peer must not help either: only a proxy knows these headers. */
    @Test
    void believesNoHeaderThatSpeaksOfAnotherPathOrPeer() {
        for (String[] headers : new String[][] {{"X-Forwarded-For", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1;host=localhost:8081"},
            {"X-Forwarded-Host", "localhost:8081"}, {"X-Forwarded-Prefix", "/actuator"}, {"X-Original-URL", "/actuator/parked"},
            {"X-Rewrite-URL", "/actuator/parked"}, {"X-Forwarded-Port", "8081"}, {"X-HTTP-Method-Override", "GET"}}) {
            assertThat(send("GET", "/actuator/parked", "Host", "localhost", headers[0], headers[1]).status()).isEqualTo(404);
            assertThat(send("GET", "/", "Host", "localhost", headers[0], headers[1]).status()).isEqualTo(404);
        }
    }

    @Test
    void saysOnlyWhetherAWebhookIsOpen() {
        assertThat(send("GET", "/webhooks/revenuecat")).extracting(Answer::status, Answer::body).containsExactly(405, "");
        assertThat(List.of("/webhooks", "/webhooks/", "/webhooks/purchasely", "/webhooks/none", "/webhooks/revenuecat/", "/webhooks/revenuecat/actuator",
                "/webhooks/revenuecat;x", "/webhooks/%72evenuecat", "/WEBHOOKS/revenuecat")).flatExtracting(path -> List.of(send("GET", path), send("POST", path)))
                .extracting(Answer::status, Answer::body).containsOnly(tuple(404, ""));
    }

    @Test
    void aPathThatIsNoneIsNotFoundWhateverComesWithItAndHoweverMuch() {
        assertThat(send("POST", "/actuator/parked", "Content-Length", "5").status()).as("a body that does not come").isEqualTo(404);
        for (String path : List.of("/", "/actuator/parked", "/webhooks/purchasely", "/%2factuator", "/actuator%5cparked")) {
            assertThat(RawHttp.send(relay.port(), "POST", path, new byte[2_000_000]).status()).as("%s, 2 MB", path).isEqualTo(404);
        }
    }

    @Test
    void theOperationsPortStillTakesNoPathWithAnEncodedSlash() {
        for (String path : List.of("/actuator%2fparked", "/actuator%5cparked", "/%2factuator")) {
            assertThat(RawHttp.send(relay.managementPort(), "GET", path, null).status()).as(path).isEqualTo(400);
        }
    }

    private static void assertNothing(String method, String path, String host) {
        Answer answer = host == null ? RawHttp.sendWithoutHost(relay.port(), method, path) : send(method, path, "Host", host);
        assertThat(answer.status()).as("%s %s, Host %s", method, path, host).isIn(400, 404);
        assertThat(answer.body()).as("%s %s, Host %s", method, path, host).isEmpty();
        assertThat(answer.headers().keySet()).as("%s %s, Host %s", method, path, host)
                .isSubsetOf("content-length", "content-type", "content-language", "date", "connection", "vary");
    }

    private static Answer send(String method, String path, String... headers) {
        return RawHttp.send(relay.port(), method, path, null, headers);
    }

    private static List<String> hosts() {
        List<String> hosts = new ArrayList<>(List.of("localhost", "127.0.0.1:8081", "127.0.0.1:" + relay.managementPort(), "[::1]", "hooks.example.com"));
        hosts.add(null);
        return hosts;
    }

    /** All that the two contexts really contain, and what people try by habit. */
    private static Set<String> paths() {
        Set<String> patterns = new TreeSet<>(Set.of("/", "/error", "/login", "/logout", "/favicon.ico", "/index.html", "/jolokia/version", "/hawtio/index.html",
                "/actuator", "/actuator/env", "/actuator/heapdump", "/events", "/parked", "/replays", "/mappings", "/webjars/htmx.org/2.0.8/dist/htmx.min.js"));
        for (ServletWebServerApplicationContext context : List.of(publicContext, operationsContext)) {
            context.getBeansOfType(HandlerMapping.class).values().forEach(mapping -> patterns(mapping).forEach(patterns::add));
            ServletContext servlets = context.getServletContext();
            servlets.getServletRegistrations().values().forEach(servlet -> patterns.addAll(servlet.getMappings()));
            servlets.getFilterRegistrations().values().forEach(filter -> patterns.addAll(filter.getUrlPatternMappings()));
            endpoints(context).forEach(patterns::add);
        }
        Set<String> paths = new TreeSet<>();
        patterns.stream().filter(pattern -> pattern.startsWith("/")).forEach(pattern -> {
            paths.add(pattern.replaceAll("\\{[^}]*}", "1").replaceAll("/\\*+$", "/version").replace("*", "x"));
            paths.add(pattern.replaceAll("/\\*+$", "").replaceAll("\\{[^}]*}", "1").replace("*", "x"));
        });
        paths.removeIf(path -> path.isEmpty() || path.startsWith("/webhooks"));
        return paths;
    }

    private static Stream<String> patterns(HandlerMapping mapping) {
        if (mapping instanceof RequestMappingHandlerMapping methods) {
            return methods.getHandlerMethods().keySet().stream().flatMap(info -> info.getPatternValues().stream());
        }
        return mapping instanceof AbstractUrlHandlerMapping urls ? urls.getHandlerMap().keySet().stream() : Stream.empty();
    }

    private static Stream<String> endpoints(ApplicationContext context) {
        return context.getBeanProvider(PathMappedEndpoints.class).stream().flatMap(endpoints -> endpoints.getAllPaths().stream());
    }
}
