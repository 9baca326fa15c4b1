package io.subscriptionrelay.delivery;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.config.RelayProperties.Destination;
import io.subscriptionrelay.config.RelayProperties.Sandbox;
import io.subscriptionrelay.config.StartRefusedException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.PropertiesFunction;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.springframework.stereotype.Component;

/**
 * The accounts of the destinations. Routes ask for one with a placeholder: {@code {{account:clevertap.production.url}}},
 * {@code .configured}; secrets cannot be asked for, because placeholders show in the console.
 */
@Component
public class Accounts implements PropertiesFunction, CamelContextConfiguration {

    private static final Map<String, String> CLEVERTAP_HOSTS = Map.of(
            // CleverTap's common API components: Europe has the bare host
            "eu1", "https://api.clevertap.com",
            "in1", "https://in1.api.clevertap.com",
            "sg1", "https://sg1.api.clevertap.com",
            "us1", "https://us1.api.clevertap.com",
            "aps3", "https://aps3.api.clevertap.com",
            "mec1", "https://mec1.api.clevertap.com");
    private static final String ONESIGNAL_HOST = "https://api.onesignal.com";

    private final Map<String, Destination> destinations;
    private final Set<String> on = new HashSet<>();

    Accounts(RelayProperties properties) {
        destinations = properties.destinations();
        destinations.forEach((destination, settings) -> settings.accounts().forEach((name, account) -> {
            if (account.configured()) {
                url(destination, name);
                on.add(destination);
            }
        }));
    }

    /** Whether anything can be delivered there. */
    public boolean on(String destination) {
        return on.contains(destination);
    }

    public boolean configured(String destination, String account) {
        Destination settings = destinations.get(destination);
        return settings != null && settings.accounts().containsKey(account) && settings.accounts().get(account).configured();
    }

    /** What becomes of sandbox events there. */
    public Sandbox sandbox(String destination) {
        return destinations.get(destination).sandbox();
    }

    /**
     * The account's settings.
     *
     * @throws StartRefusedException when there is none of this name
     */
    public Account account(String destination, String name) {
        Destination settings = destinations.get(destination);
        Account account = settings == null ? null : settings.accounts().get(name);
        if (account == null) {
            throw new StartRefusedException("a route delivers to the account `" + name + "` of " + destination + ", which is not set up",
                    "Add relay.destinations." + destination + ".accounts." + name + " with id and secret to application.yaml.");
        }
        return account;
    }

    /** Scheme, host and port of the account's API. */
    public String url(String destination, String name) {
        Account account = account(destination, name);
        if (account.url() != null && !account.url().isBlank()) {
            return account.url().trim().replaceAll("/+$", "");
        }
        if ("onesignal".equals(destination)) {
            return ONESIGNAL_HOST;
        }
        String region = account.region() == null || account.region().isBlank() ? "eu1" : account.region().trim().toLowerCase(Locale.ROOT);
        String url = "clevertap".equals(destination) ? CLEVERTAP_HOSTS.get(region) : null;
        if (url == null) {
            throw new StartRefusedException("the " + destination + " account `" + name + "` has the region `" + region + "`",
                    "clevertap".equals(destination)
                            ? "Set CLEVERTAP_REGION (for the sandbox CLEVERTAP_SANDBOX_REGION) to one of eu1, in1, sg1, us1, aps3, mec1."
                            : "Set relay.destinations." + destination + ".accounts." + name + ".url.");
        }
        return url;
    }

    /** The queue of an account: one each, so that one dead account slows nobody. */
    public static String queue(String destination, String account) {
        return "deliver." + destination + "." + account;
    }

    @Override
    public String getName() {
        return "account";
    }

    @Override
    public String apply(String remainder) {
        String[] parts = remainder.split("\\.");
        if (parts.length != 3) {
            throw new IllegalArgumentException("write {{account:<destination>.<account>.url}} or .configured, not {{account:" + remainder + "}}");
        }
        return switch (parts[2]) {
            case "url" -> configured(parts[0], parts[1]) ? url(parts[0], parts[1]) : "http://not.configured.invalid";
            case "configured" -> Boolean.toString(configured(parts[0], parts[1]));
            default -> throw new IllegalArgumentException("an account has `url` and `configured`, not `" + parts[2] + "`");
        };
    }

    @Override
    public void beforeApplicationStart(CamelContext camel) {
        camel.getPropertiesComponent().addPropertiesFunction(this);
    }

    @Override
    public void afterApplicationStart(CamelContext camel) {
        // nothing to do once the routes run
    }
}
