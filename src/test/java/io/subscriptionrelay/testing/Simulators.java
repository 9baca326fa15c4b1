package io.subscriptionrelay.testing;

import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator;

/** Both simulators with one production account each. */
public final class Simulators implements AutoCloseable {

    public static final String CLEVERTAP_ACCOUNT = "WWW-111-222Z";
    public static final String CLEVERTAP_PASSCODE = "passcode-of-the-tests";
    public static final String ONESIGNAL_APP = "5fd1b6f0-3c4e-4c1a-9a55-0f0b6a9f1c11";
    public static final String ONESIGNAL_KEY = "os_v2_app_key-of-the-tests";

    public final CleverTapSimulator cleverTap;
    public final OneSignalSimulator oneSignal;

    public Simulators() {
        cleverTap = new CleverTapSimulator().account(CLEVERTAP_ACCOUNT, CLEVERTAP_PASSCODE).start();
        // RevenueCat's tags alone are more than the default limit
        oneSignal = new OneSignalSimulator().app(ONESIGNAL_APP, ONESIGNAL_KEY).tagLimit(20).autoCreateUsers(true).start();
    }

    @Override
    public void close() {
        cleverTap.close();
        oneSignal.close();
    }
}
