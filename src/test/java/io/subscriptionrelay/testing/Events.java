package io.subscriptionrelay.testing;

import java.util.UUID;

/** RevenueCat webhooks of the tests' own. */
public final class Events {

    /** 2026-10-01T00:00:00Z */
    public static final long BASE = 1_790_812_800_000L;

    private Events() {
    }

    /** A renewal, with the user's OneSignal ID derived from the user. */
    public static String renewal(String id, String user, long time) {
        return event(id, "RENEWAL", user, time, "\"period_type\":\"NORMAL\",\"price_in_purchased_currency\":9.99,\"currency\":\"EUR\"");
    }

    public static String event(String id, String type, String user, long time, String more) {
        return """
                {"api_version":"1.0","event":{"id":"%s","type":"%s","app_user_id":"%s","event_timestamp_ms":%d,"app_id":"app5c1d2e3f4a",\
                "environment":"PRODUCTION","store":"APP_STORE","product_id":"plus.monthly","purchased_at_ms":%d,"expiration_at_ms":%d,\
                "entitlement_ids":["plus"],"subscriber_attributes":{"$onesignalUserId":{"value":"%s","updated_at_ms":1}},%s}}"""
                .formatted(id, type, user, time, time, time + 2_592_000_000L, oneSignalId(user), more);
    }

    /** The OneSignal ID that belongs to a user. */
    public static String oneSignalId(String user) {
        return new UUID(0x4a00L | ((long) user.hashCode() << 32), 0x8000000000000000L | user.hashCode() & 0xffffffffL).toString();
    }
}
