package io.subscriptionrelay.config;

import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.config.RelayProperties.Destination;
import io.subscriptionrelay.config.RelayProperties.Provider;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Says at start which providers are closed and which destinations are off, and which variables would change that. Refuses a
 * start that could do nothing at all, before a broker or a port is opened.
 */
@Component
class StartCheck implements BeanFactoryPostProcessor, EnvironmentAware, Ordered {

    private static final Logger LOG = LoggerFactory.getLogger(StartCheck.class);

    private static final int LAST_PORT = 65_535;
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z0-9_.-]{1,100})}");

    private Environment environment;

    @Override
    public void setEnvironment(Environment environment) {
        this.environment = environment;
    }

    /** Before whatever has no order, as {@link DataFolder}: a start that is refused makes nothing. */
    @Override
    public int getOrder() {
        return 0;
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        refuseUnsetPlaceholders(environment);
        refusePorts(environment);
        RelayProperties properties = Binder.get(environment).bind("relay", RelayProperties.class).get();
        new SecretCheck(environment).check(properties);
        Map<String, Provider> providers = properties.providers();
        Map<String, Destination> destinations = properties.destinations();
        boolean anyProvider = providers.values().stream().anyMatch(Provider::open);
        boolean anyDestination = destinations.values().stream().anyMatch(StartCheck::on);
        if (!anyProvider || !anyDestination) {
            refuse(providers, destinations, anyProvider, anyDestination);
        }
        providers.forEach((name, provider) -> {
            if (!provider.open()) {
                LOG.info("{} is closed, its path answers 404; set {} to open it", name, String.join(" or ", provider.variables()));
            } else if (provider.token() != null && provider.token().waived() && !(provider.signature() != null && provider.signature().required())) {
                LOG.warn("{} takes webhooks from anybody, because {} is `none`", name, provider.token().variable());
            }
        });
        destinations.forEach((name, destination) -> {
            if (!on(destination)) {
                LOG.info("{} is off, nothing is sent there; set {} to switch it on", name, String.join(" and ", destination.variables()));
            }
            destination.accounts().forEach((account, settings) -> {
                if (half(settings)) {
                    LOG.warn("{} account {} is off, because it has {}", name, account,
                            blank(settings.id()) ? "a secret but no id" : "an id but no secret");
                }
            });
        });
    }

    /** Spring passes on a placeholder that it cannot resolve as it stands, and it would be sent as a secret. */
    static void refuseUnsetPlaceholders(Environment environment) {
        for (String group : List.of("relay", "spring.datasource", "server", "management")) {
            Map<?, ?> values = Binder.get(environment).bind(group, Bindable.of(Map.class)).orElse(Map.of());
            refuseUnsetPlaceholders(group, values);
        }
    }

    private static void refuseUnsetPlaceholders(String path, Object value) {
        if (value instanceof Map<?, ?> values) {
            values.forEach((key, inner) -> refuseUnsetPlaceholders(path + "." + key, inner));
        } else if (value instanceof String text) {
            Matcher found = PLACEHOLDER.matcher(text);
            if (found.find()) {
                String name = found.group(1);
                throw new StartRefusedException(path + " is made of ${" + name + "}, but " + name + " is not set.",
                        "Set " + name + "; or write ${" + name + ":} if it may be missing.");
            }
        }
    }

    static void refusePorts(Environment environment) {
        for (String name : List.of("server.port", "management.server.port")) {
            if (!isPort(environment.getProperty(name, ""))) {
                String variable = name.toUpperCase(Locale.ROOT).replace('.', '_');
                throw new StartRefusedException(variable + " is no port.", "Set " + variable + " to a number up to 65535; 0 is any that is free.");
            }
        }
        String operations = environment.getProperty("management.server.port", "");
        if (!operations.isBlank() && !operations.equals("0") && operations.equals(environment.getProperty("server.port", ""))) {
            throw new StartRefusedException("Webhooks and operations are both to answer at port " + operations
                    + ", so whoever may send webhooks could reach the operations.",
                    "Set SERVER_PORT or MANAGEMENT_SERVER_PORT to another port.");
        }
    }

    /** Spring Boot takes none for its own, and switches one off with -1. */
    private static boolean isPort(String text) {
        try {
            int port = text.isBlank() ? 0 : Integer.parseInt(text.trim());
            return port >= -1 && port <= LAST_PORT;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static void refuse(Map<String, Provider> providers, Map<String, Destination> destinations, boolean anyProvider,
            boolean anyDestination) {
        String open = providers.values().stream().map(provider -> String.join(" or ", provider.variables()))
                .collect(Collectors.joining(", or "));
        String on = destinations.values().stream().map(destination -> String.join(" with ", destination.variables()))
                .collect(Collectors.joining(", or "));
        String missing = !anyProvider && !anyDestination ? "neither a provider of webhooks nor a destination is configured"
                : !anyProvider ? "no provider of webhooks is configured" : "no destination is configured";
        List<String> advice = List.of(anyProvider ? "" : "for a provider set " + open, anyDestination ? "" : "for a destination set " + on);
        throw new StartRefusedException("There is nothing to relay: " + missing + ".",
                capital(advice.stream().filter(part -> !part.isEmpty()).collect(Collectors.joining("; "))) + ".");
    }

    private static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static boolean on(Destination destination) {
        return destination.accounts().values().stream().anyMatch(Account::configured);
    }

    private static boolean half(Account account) {
        return blank(account.id()) != blank(account.secret());
    }

    private static boolean blank(String text) {
        return text == null || text.isBlank();
    }
}
