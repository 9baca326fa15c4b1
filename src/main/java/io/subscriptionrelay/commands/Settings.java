package io.subscriptionrelay.commands;

import io.subscriptionrelay.config.EmptyVariables;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.translate.BrokenRoutesException;
import io.subscriptionrelay.translate.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.FileSystemResource;
import org.yaml.snakeyaml.error.YAMLException;

/** The settings that a relay would start with here: the variables, the application.yaml under {@code RELAY_HOME}, and what holds without them. */
final class Settings {

    private Settings() {
    }

    /**
     * Reads them.
     *
     * @throws BrokenSettingsException when a settings file is not YAML
     */
    static ConfigurableEnvironment read(Terminal terminal) throws BrokenSettingsException {
        ConfigurableEnvironment environment = bare(terminal);
        try {
            ConfigDataEnvironmentPostProcessor.applyTo(environment);
        } catch (YAMLException e) {
            throw broken(terminal);
        }
        ConfigurationPropertySources.attach(environment);
        return environment;
    }

    /** Spring does not say which file it could not read. */
    private static BrokenSettingsException broken(Terminal terminal) {
        Path settings = terminal.home().resolve("application.yaml");
        for (Path file : List.of(settings, Path.of("application.yaml"), Path.of("application.yml"), Path.of("config/application.yaml"),
                Path.of("config/application.yml"))) {
            try {
                if (Files.isReadable(file)) {
                    new YamlPropertySourceLoader().load("settings", new FileSystemResource(file));
                }
            } catch (YAMLException e) {
                return new BrokenSettingsException(file, e);
            } catch (IOException e) {
                // not this one: Spring would have said so
            }
        }
        return new BrokenSettingsException(new Problem(settings, 0, 0, "another settings file that Spring reads beside this one is not valid YAML; mend that"));
    }

    /**
     * The translate routes and mappings that a relay would start with here.
     *
     * @throws StartRefusedException when the mappings cannot be used
     * @throws BrokenRoutesException when Camel cannot read the routes
     * @throws BrokenSettingsException when a settings file is not YAML
     */
    static Workbench workbench(Terminal terminal) throws BrokenRoutesException, BrokenSettingsException {
        ConfigurableEnvironment environment = read(terminal);
        return Workbench.open(relay(environment), environment::getProperty);
    }

    /** Only the variables, for a Spring application that reads the files by itself. */
    static ConfigurableEnvironment bare(Terminal terminal) {
        ConfigurableEnvironment environment = new StandardEnvironment();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, EmptyVariables.thatAreSet(terminal.environment())));
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
