package io.subscriptionrelay.config;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.Environment;

/** Where settings come from, for messages. */
public final class Variables {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z0-9_.-]{1,100})");

    private Variables() {
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
