package io.subscriptionrelay.config;

import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.env.EnvironmentPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A variable that is set to nothing counts as unset, as in a file of variables of which only some are filled in. Otherwise an empty
 * {@code REVENUECAT_SIGNATURE_TOLERANCE} would be no limit, where unset is five minutes.
 */
public final class EmptyVariables implements EnvironmentPostProcessor, Ordered {

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        if (environment.getPropertySources().get(name) instanceof SystemEnvironmentPropertySource variables) {
            environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, thatAreSet(variables.getSource())));
        }
    }

    /** The variables that are set to something. */
    public static Map<String, Object> thatAreSet(Map<String, ?> variables) {
        Map<String, Object> set = new HashMap<>(variables);
        set.values().removeIf(value -> value.toString().isBlank());
        return set;
    }

    /** Before what is made of the variables. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }
}
