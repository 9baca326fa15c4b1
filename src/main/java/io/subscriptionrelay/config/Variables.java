package io.subscriptionrelay.config;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;

/** Where settings come from, for messages. */
public final class Variables {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z0-9_.-]{1,100})");

    private Variables() {
    }

    /**
     * What a user has written.
     *
     * @param name a variable, or a setting of a settings file
     * @param origin where it stands, if that is known
     */
    public record Setting(String name, Origin origin) {
    }

    /** What a user has written for a property: the relay's own settings take their values from variables and from shorter names. */
    public static Setting setting(ConfigurableEnvironment environment, ConfigurationProperty property) {
        Matcher variable = VARIABLE.matcher(Objects.toString(property.getValue()));
        while (variable.find()) {
            for (PropertySource<?> source : environment.getPropertySources()) {
                // that one asks all others
                if (!ConfigurationPropertySources.isAttachedConfigurationPropertySource(source) && source.containsProperty(variable.group(1))) {
                    return new Setting(variable.group(1), OriginLookup.getOrigin(source, variable.group(1)));
                }
            }
        }
        Origin origin = property.getOrigin();
        return new Setting(property.getName().toString(), origin instanceof PropertySourceOrigin source ? source.getOrigin() : origin);
    }

    /** The variable that a setting is made of, or the setting itself when it is made of none. */
    public static String of(Environment environment, String path) {
        ConfigurationPropertyName name = ConfigurationPropertyName.adapt(path, '.');
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty found = source.getConfigurationProperty(name);
            if (found != null) {
                Matcher variable = VARIABLE.matcher(Objects.toString(found.getValue()));
                return variable.find() ? variable.group(1) : path;
            }
        }
        return path;
    }
}
