package io.subscriptionrelay.mapping;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.SettingsCheck;
import io.subscriptionrelay.config.StartRefusedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.core.env.Environment;

/** What a start would refuse in {@code mappings/}, and in accounts for what {@code mappings/destinations/} says, without starting anything. */
public final class MappingCheck {

    private final List<Problem> problems;
    private final Map<String, Destination> destinations = new HashMap<>();

    /**
     * Looks at all files.
     *
     * @throws StartRefusedException when there are none to be read
     */
    public MappingCheck(RelayProperties properties) {
        problems = Mapper.check(properties, destinations);
    }

    /** What is wrong with the files, with their lines. */
    public List<Problem> problems() {
        return problems;
    }

    /** The accounts that a destination could not be reached with, as a start would say it. */
    public List<StartRefusedException> refusals(RelayProperties properties, Environment environment) {
        List<StartRefusedException> refusals = new ArrayList<>();
        properties.destinations().forEach((name, destination) -> destination.accounts().forEach((account, settings) -> {
            if (settings.configured() && destinations.containsKey(name)) {
                SettingsCheck.collect(refusals, () -> Accounts.check(destinations.get(name), account, settings, environment));
            } else if (settings.configured() && problems.isEmpty()) {
                refusals.add(new StartRefusedException("The account `" + account + "` of " + name + " is set up, but there is no folder mappings/destinations/"
                        + name + ".", "Add it, as docs/adding-a-destination.md shows."));
            }
        }));
        return refusals;
    }
}
