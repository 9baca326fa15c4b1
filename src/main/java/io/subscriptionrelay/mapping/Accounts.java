package io.subscriptionrelay.mapping;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.config.RelayProperties.Destination;
import io.subscriptionrelay.config.RelayProperties.Sandbox;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.config.Variables;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.PropertiesFunction;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * The accounts of the destinations. Routes ask whether there is one with a placeholder:
 * {@code {{account:clevertap.production.configured}}}; nothing else can be asked for, because placeholders show in the console.
 */
@Component
public class Accounts implements PropertiesFunction, CamelContextConfiguration {

    /** The accounts that routes choose between when nobody has named others. */
    public static final Set<String> USUAL = Set.of("production", "sandbox");

    private final Map<String, Destination> destinations;
    private final Set<String> on = new HashSet<>();

    private Accounts(Map<String, Destination> destinations) {
        this.destinations = destinations;
    }

    /** Of dry runs, which reach no account, so that none of them is looked at; each counts as set up within {@link Attempt#atEveryAccount}. */
    public static Accounts ofDryRuns(RelayProperties properties) {
        return new Accounts(properties.destinations());
    }

    @Autowired
    Accounts(RelayProperties properties, Mapper mapper, Environment environment) {
        this(properties.destinations());
        destinations.forEach((destination, settings) -> settings.accounts().forEach((name, account) -> {
            if (account.configured()) {
                check(mapper.destination(destination), name, account, environment);
                on.add(destination);
            }
        }));
    }

    static void check(io.subscriptionrelay.mapping.Destination destination, String name, Account account, Environment environment) {
        try {
            destination.url(account, null);
        } catch (IllegalArgumentException e) {
            String settings = "relay.destinations." + destination.name();
            String path = settings + ".accounts." + name;
            String found = account.region() == null || account.region().isBlank() ? "no region"
                    : "the region `" + account.region() + "`, which " + destination.title() + " does not have";
            throw new StartRefusedException("The " + destination.name() + " account `" + name + "` has " + found + ".", "Set "
                    + Variables.of(environment, path + ".region") + " to one of "
                    + String.join(", ", destination.regions()) + "; or " + Variables.of(environment, settings + ".url") + " to another scheme and host.");
        }
    }

    /** Whether anything can be delivered there. */
    public boolean on(String destination) {
        return on.contains(destination) || Attempt.toEveryAccount();
    }

    public boolean configured(String destination, String account) {
        Destination settings = destinations.get(destination);
        if (Attempt.toEveryAccount() && (USUAL.contains(account) || settings != null && settings.accounts().containsKey(account))) {
            return true;
        }
        return settings != null && settings.accounts().containsKey(account) && settings.accounts().get(account).configured();
    }

    /** What becomes of sandbox events there. */
    public Sandbox sandbox(String destination) {
        return destinations.containsKey(destination) ? destinations.get(destination).sandbox() : Sandbox.SKIP;
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

    @Override
    public String getName() {
        return "account";
    }

    @Override
    public String apply(String remainder) {
        String[] parts = remainder.split("\\.");
        if (parts.length != 3 || !parts[2].equals("configured")) {
            throw new IllegalArgumentException("write {{account:<destination>.<account>.configured}}, not {{account:" + remainder + "}}");
        }
        return Boolean.toString(configured(parts[0], parts[1]));
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
