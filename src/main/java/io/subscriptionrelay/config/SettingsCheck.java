package io.subscriptionrelay.config;

import java.util.ArrayList;
import java.util.List;
import org.springframework.core.env.Environment;

/** What a start would refuse in the settings, without starting anything. That nothing is open or on is no reason: whoever checks files may have no secret. */
public final class SettingsCheck {

    private SettingsCheck() {
    }

    /** All that would refuse a start, as it would say it. */
    public static List<StartRefusedException> refusals(Environment environment, RelayProperties properties) {
        List<StartRefusedException> refusals = new ArrayList<>();
        collect(refusals, () -> StartCheck.refuseUnsetPlaceholders(environment));
        collect(refusals, () -> StartCheck.refusePorts(environment));
        collect(refusals, () -> new SecretCheck(environment).check(properties));
        return refusals;
    }

    /** Adds what a check throws to the others. */
    public static void collect(List<StartRefusedException> refusals, Runnable check) {
        try {
            check.run();
        } catch (StartRefusedException e) {
            refusals.add(e);
        }
    }
}
