package io.subscriptionrelay.security;

import static io.subscriptionrelay.testing.Certificate.PASSWORD;
import static io.subscriptionrelay.testing.Certificate.keytool;
import static io.subscriptionrelay.testing.Certificate.store;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Certificate;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.RawHttp;
import io.subscriptionrelay.testing.RelayApp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, in and out: shown by Spring's properties, and never taken on trust. */
class TlsTest {

    private static final Duration SOON = Duration.ofSeconds(40);

    @TempDir
    static Path folder;
    private static Destination untrusted;
    private static Destination wrongName;
    private static Destination trusted;
    private static RelayApp relay;
    private static HttpClient client;

    @BeforeAll
    static void start() throws Exception {
        untrusted = new Destination("untrusted", "dns:localhost");
        wrongName = new Destination("wrong-name", "dns:other.example");
        trusted = new Destination("trusted", "dns:localhost,ip:127.0.0.1");
        // what an operator adds for an authority of his own: -Djavax.net.ssl.trustStore
        Path authorities = folder.resolve("authorities.p12");
        keytool("-importcert", "-noprompt", "-keystore", authorities.toString(), "-alias", "a", "-file", wrongName.certificate.certificate().toString());
        keytool("-importcert", "-noprompt", "-keystore", authorities.toString(), "-alias", "b", "-file", trusted.certificate.certificate().toString());
        System.setProperty("javax.net.ssl.trustStore", authorities.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
        relay = RelayApp.with(folder.resolve("data")).cleverTap(untrusted.url()).oneSignal(wrongName.url())
                .set("CLEVERTAP_SANDBOX_ACCOUNT_ID", "sandbox").set("CLEVERTAP_SANDBOX_PASSCODE", "sandbox passcode")
                .set("relay.destinations.clevertap.accounts.sandbox.url", trusted.url())
                .set("server.ssl.key-store", trusted.certificate.keys().toString()).set("server.ssl.key-store-password", PASSWORD)
                .set("spring.ssl.bundle.jks.operations.keystore.location", trusted.certificate.keys().toString())
                .set("spring.ssl.bundle.jks.operations.keystore.password", PASSWORD)
                .set("management.server.ssl.bundle", "operations").start();
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store(authorities));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        client = HttpClient.newBuilder().sslContext(context).build();
    }

    @AfterAll
    static void stop() {
        System.clearProperty("javax.net.ssl.trustStore");
        System.clearProperty("javax.net.ssl.trustStorePassword");
        relay.close();
        List.of(untrusted, wrongName, trusted).forEach(Destination::stop);
    }

    @Test
    void webhooksComeOverTlsAndNotWithoutIt() throws Exception {
        assertThat(post(Events.renewal("tls-in", "user", Events.BASE))).isEqualTo(200);
        assertThat(RawHttp.send(relay.port(), "POST", "/webhooks/revenuecat", new byte[0]).status()).isEqualTo(400);
        assertThatThrownBy(() -> HttpClient.newBuilder().sslContext(nobodyTrusted()).build()
                .send(HttpRequest.newBuilder(URI.create("https://localhost:" + relay.port() + "/")).build(), BodyHandlers.discarding()))
                .isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void aDestinationThatNobodyVouchesForIsAnOutageAndIsToldNothing() throws Exception {
        assertThat(post(Events.renewal("tls-untrusted", "user-2", Events.BASE))).isEqualTo(200);
        await().atMost(SOON).untilAsserted(() -> assertThat(answer("clevertap-production")).contains("no trusted connection")
                .contains("unable to find valid certification path"));
        assertThat(untrusted.calls).hasValue(0);
        assertThat(json("/actuator/health").path("status").asText()).isEqualTo("UP");
    }

    @Test
    void aDestinationWithTheCertificateOfAnotherNameIsAnOutageAndIsToldNothing() throws Exception {
        assertThat(post(Events.renewal("tls-name", "user-3", Events.BASE))).isEqualTo(200);
        await().atMost(SOON).untilAsserted(() -> assertThat(answer("onesignal-production")).contains("no trusted connection")
                .contains("localhost"));
        assertThat(wrongName.calls).hasValue(0);
    }

    @Test
    void anAuthorityOfOnesOwnCanBeAdded() throws Exception {
        assertThat(post(Events.renewal("tls-own", "user-4", Events.BASE).replace("PRODUCTION", "SANDBOX"))).isEqualTo(200);
        await().atMost(SOON).untilAsserted(() -> assertThat(trusted.calls.get()).isPositive());
    }

    @Test
    void theCommandLineDoesNotTrustAnUnknownRelayEither() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        int status = new Commands(null, Map.of("MANAGEMENT_SERVER_PORT", Integer.toString(relay.managementPort()), "MANAGEMENT_SERVER_SSL_BUNDLE", "x",
                "CONSOLE_PASSWORD", "never sent"), stream, stream).run("trace", "x").orElseThrow();
        assertThat(status).isEqualTo(2);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("is not trusted").contains("trustStore");
    }

    private static int post(String body) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create("https://localhost:" + relay.port() + "/webhooks/revenuecat"))
                .header("Authorization", RelayApp.AUTHORIZATION).POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString()).statusCode();
    }

    private static String answer(String account) throws IOException, InterruptedException {
        return json("/actuator/health").path("components").path(account).path("details").path("answer").asText();
    }

    private static JsonNode json(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create("https://localhost:" + relay.managementPort() + path)).build(),
                BodyHandlers.ofString());
        return StrictJson.mapper().readTree(answer.body());
    }

    private static SSLContext nobodyTrusted() throws GeneralSecurityException, IOException {
        KeyStore other = KeyStore.getInstance("PKCS12");
        other.load(null, null);
        other.setCertificateEntry("other", store(untrusted.certificate.keys()).getCertificate("untrusted"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(other);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Takes every call as CleverTap does, and counts them. */
    private static final class Destination {

        private final Certificate certificate;
        private final HttpsServer server;
        private final AtomicInteger calls = new AtomicInteger();

        Destination(String name, String alternativeNames) throws Exception {
            certificate = Certificate.of(folder, name, alternativeNames);
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store(certificate.keys()), PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(context));
            byte[] answer = "{\"status\":\"success\",\"processed\":1,\"unprocessed\":[]}".getBytes(StandardCharsets.UTF_8);
            server.createContext("/", exchange -> {
                calls.incrementAndGet();
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
                exchange.close();
            });
            server.start();
        }

        String url() {
            return "https://localhost:" + server.getAddress().getPort();
        }

        void stop() {
            server.stop(0);
        }
    }
}
