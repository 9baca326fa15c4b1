package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.RelayProperties;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** The settings that a relay would start with here: the variables, the application.yaml under {@code RELAY_HOME}, and what holds without them. */
final class Settings {

    private Settings() {
    }

    /** Reads them. */
    static ConfigurableEnvironment read(Terminal terminal) {
        ConfigurableEnvironment environment = bare(terminal);
        ConfigDataEnvironmentPostProcessor.applyTo(environment);
        ConfigurationPropertySources.attach(environment);
        return environment;
    }

    /** Only the variables, for a Spring application that reads the files by itself. */
    static ConfigurableEnvironment bare(Terminal terminal) {
        ConfigurableEnvironment environment = new StandardEnvironment();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, new HashMap<>(terminal.environment())));
        return environment;
    }

    /** What the relay makes of them. */
    static RelayProperties relay(ConfigurableEnvironment environment) {
        return Binder.get(environment).bind("relay", RelayProperties.class).get();
    }

    /** Puts settings over those that are there. */
    static void over(ConfigurableEnvironment environment, Map<String, Object> settings) {
        environment.getPropertySources().addFirst(new MapPropertySource("commands", settings));
        ConfigurationPropertySources.attach(environment);
    }

    /** The folder that holds routes/ and mappings/. */
    static Path home(ConfigurableEnvironment environment) {
        return Path.of(environment.getProperty("relay.home", "."));
    }
}
