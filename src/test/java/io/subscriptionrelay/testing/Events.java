package io.subscriptionrelay.testing;

import java.util.UUID;

/** Webhooks of the tests' own; RevenueCat's, unless another provider is named. */
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

    /** A renewal as each provider reports it. The time is in milliseconds; Qonversion's has no id but its transaction's. */
    public static String renewal(String provider, String id, String user, long time) {
        return switch (provider) {
            case "revenuecat" -> renewal(id, user, time);
            case "purchasely" -> """
                    {"api_version":3,"event_name":"SUBSCRIPTION_RENEWED","event_id":"%s","user_id":"%s","event_created_at_ms":%d,\
                    "environment":"PRODUCTION","product":"plus","plan":"plus.monthly","store":"APPLE_APP_STORE",\
                    "subscription_status":"AUTO_RENEWING"}""".formatted(id, user, time);
            case "qonversion" -> """
                    {"event_name":"subscription_renewed","user_id":"QON_%s","custom_user_id":"%s","time":%d,"product_id":"plus.monthly",\
                    "environment":"production","platform":"iOS","transaction":{"transaction_id":"%s"}}"""
                    .formatted(user, user, time / 1000, id);
            default -> throw new IllegalArgumentException(provider);
        };
    }

    /** The event type of {@link #renewal(String, String, String, long)}. */
    public static String renewalType(String provider) {
        return switch (provider) {
            case "revenuecat" -> "RENEWAL";
            case "purchasely" -> "SUBSCRIPTION_RENEWED";
            case "qonversion" -> "subscription_renewed";
            default -> throw new IllegalArgumentException(provider);
        };
    }
}
