package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class EmptyVariablesTest {

    @Test
    void aVariableThatIsSetToNothingCountsAsUnset() {
        StandardEnvironment environment = new StandardEnvironment();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, Map.of("REVENUECAT_SIGNATURE_TOLERANCE", "",
                "ONESIGNAL_SANDBOX", " ", "CLEVERTAP_REGION", "in1")));
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Nothing.class).web(WebApplicationType.NONE).environment(environment).run()) {
            assertThat(context.getEnvironment().getProperty("relay.providers.revenuecat.signature.tolerance")).isEqualTo("5m");
            assertThat(context.getEnvironment().getProperty("relay.destinations.onesignal.sandbox")).isEqualTo("production");
            assertThat(context.getEnvironment().getProperty("relay.destinations.clevertap.accounts.production.region")).isEqualTo("in1");
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Nothing {
    }
}
