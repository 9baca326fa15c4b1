package io.subscriptionrelay.delivery;

import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.spi.ComponentCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The HTTP client of the deliver routes. */
@Configuration(proxyBeanMethods = false)
class HttpConfiguration {

    private static final long CONNECT = 5_000;
    /** OneSignal may take up to 100 s; but a call that takes so long holds up the user's next one. */
    private static final long ANSWER = 60_000;
    private static final int CONNECTIONS = 200;
    private static final long CONNECTION_LIFE = 60_000;

    /** Both for {@code http:} and for {@code https:}. */
    @Bean
    ComponentCustomizer httpClient() {
        return ComponentCustomizer.builder(HttpComponent.class).build(http -> {
            http.setConnectTimeout(CONNECT);
            http.setConnectionRequestTimeout(ANSWER);
            http.setSoTimeout(ANSWER);
            http.setResponseTimeout(ANSWER);
            http.setConnectionsPerRoute(CONNECTIONS);
            http.setMaxTotalConnections(CONNECTIONS);
            http.setConnectionTimeToLive(CONNECTION_LIFE);
            // the client would wait for Retry-After by itself, unseen; the routes' policy does it
            http.setAutomaticRetriesDisabled(true);
            http.setRedirectHandlingDisabled(true);
            http.setCookieManagementDisabled(true);
            http.setAuthCachingDisabled(true);
            http.setDefaultUserAgentDisabled(true);
            http.setUserAgent("subscription-relay");
        });
    }
}
