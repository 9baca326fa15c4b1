package io.subscriptionrelay.webhook;

import io.subscriptionrelay.config.RelayProperties;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collections;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerSslBundle;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import org.springframework.util.function.SingletonSupplier;

/** The public port of this relay, as its own providers reach it: a webhook goes through all that a provider's goes through. */
@Component
public class OwnPort {

    private final Environment environment;
    private final RelayProperties properties;
    private final Clock clock;
    /** Made when the first test event is sent: a start does not wait for what hardly anybody needs. */
    private final SingletonSupplier<HttpClient> http;

    OwnPort(Environment environment, RelayProperties properties, ServerProperties server, SslBundles bundles, Clock clock) {
        this.environment = environment;
        this.properties = properties;
        this.clock = clock;
        http = SingletonSupplier.of(() -> client(server.getSsl(), bundles));
    }

    private static HttpClient client(Ssl ssl, SslBundles bundles) {
        HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(WebhookClient.PATIENCE);
        if (Ssl.isEnabled(ssl)) {
            client.sslContext(trustsOnly(new OwnCertificate(ssl, bundles)));
        }
        return client.build();
    }

    /** Its address on this machine, like {@code http://127.0.0.1:8080}. */
    public String address() {
        return WebhookClient.here(environment);
    }

    /**
     * Signs a webhook with the secret that is set for its provider, and posts it.
     *
     * @param provider one that is open
     * @return the status of the answer
     * @throws IOException when it is not answered
     */
    public int post(String provider, byte[] body) throws IOException, InterruptedException {
        return new WebhookClient(address(), http.obtain(), clock).post(provider, properties.providers().get(provider), body);
    }

    private static SSLContext trustsOnly(TrustManager own) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {own}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("TLS is part of every JDK", e);
        }
    }

    /**
     * Trusts the certificate that the port is set up with, and no other. It names the host that providers know, not this address, and may be of an
     * authority that this JVM does not know.
     */
    private static final class OwnCertificate extends X509ExtendedTrustManager {

        private final Ssl ssl;
        private final SslBundles bundles;

        OwnCertificate(Ssl ssl, SslBundles bundles) {
            this.ssl = ssl;
            this.bundles = bundles;
        }

        /** Looked up each time, because Spring can replace a certificate while it runs. */
        private void check(X509Certificate[] chain) throws CertificateException {
            try {
                KeyStore keys = WebServerSslBundle.get(ssl, bundles).getStores().getKeyStore();
                for (String alias : Collections.list(keys.aliases())) {
                    Certificate own = keys.getCertificate(alias);
                    if (own != null && own.equals(chain[0])) {
                        return;
                    }
                }
            } catch (GeneralSecurityException e) {
                throw new CertificateException(e);
            }
            throw new CertificateException("this is not the certificate of the public port");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) throws CertificateException {
            throw new CertificateException("this is no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
            throw new CertificateException("this is no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("this is no server");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
