package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.translate.BrokenRoutesException;
import io.subscriptionrelay.translate.Workbench;
import java.nio.file.Path;
import java.util.HashMap;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.ConfigurableEnvironment;
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

    /**
     * The translate routes and mappings that a relay would start with here.
     *
     * @throws StartRefusedException when the mappings cannot be used
     * @throws BrokenRoutesException when Camel cannot read the routes
     */
    static Workbench workbench(Terminal terminal) throws BrokenRoutesException {
        ConfigurableEnvironment environment = read(terminal);
        return Workbench.open(relay(environment), environment::getProperty);
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

    /** The folder that holds routes/ and mappings/. */
    static Path home(ConfigurableEnvironment environment) {
        return Path.of(environment.getProperty("relay.home", "."));
    }
}
