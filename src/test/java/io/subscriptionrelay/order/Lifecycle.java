package io.subscriptionrelay.order;

import io.subscriptionrelay.testing.Events;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What happens to one subscription, as its provider reports it, and in which order and when the webhooks come. */
record Lifecycle(Provider provider, List<Step> steps) {

    enum Provider {
        REVENUECAT, PURCHASELY, QONVERSION;

        String path() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** What may happen, with what it says of the tags that are looked at: a value, {@code ""} for cleared, nothing for left alone. */
    enum Kind {
        TRIAL, PURCHASE, RENEWAL, BILLING_ISSUE, BILLING_ERROR, PRODUCT_CHANGE, PAUSE, CANCEL, UNCANCEL, REFUND, EXPIRATION, ONE_OFF
    }

    /**
     * One webhook.
     *
     * @param second when it happened, counted from the beginning; two may happen in the same second
     * @param arrival when it arrives, in milliseconds from the first sending: late ones were retried
     */
    record Step(Kind kind, int second, int arrival) {

        @Override
        public String toString() {
            return kind + "@" + second + "s→" + arrival + "ms";
        }
    }

    /** A webhook to send, and what it says. */
    record Webhook(Step step, String body, Map<String, String> tags, Map<String, String> profile, boolean cleverTapEvent) {
    }

    @Override
    public String toString() {
        return provider + " " + steps.stream().map(Step::toString).collect(Collectors.joining(", ", "[", "]"));
    }

    /** The webhooks of a user with this name. */
    List<Webhook> webhooks(String user) {
        List<Webhook> webhooks = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            String id = user + "-" + i;
            long time = Events.BASE + 1000L * step.second();
            webhooks.add(switch (provider) {
                case REVENUECAT -> revenueCat(step, id, user, time);
                case PURCHASELY -> purchasely(step, id, user, time);
                case QONVERSION -> qonversion(step, id, user, time);
            });
        }
        return webhooks;
    }

    private static Webhook revenueCat(Step step, String id, String user, long time) {
        String type = switch (step.kind()) {
            case TRIAL, PURCHASE -> "INITIAL_PURCHASE";
            case RENEWAL -> "RENEWAL";
            case BILLING_ISSUE -> "BILLING_ISSUE";
            case BILLING_ERROR, CANCEL, REFUND -> "CANCELLATION";
            case PRODUCT_CHANGE -> "PRODUCT_CHANGE";
            case PAUSE -> "SUBSCRIPTION_PAUSED";
            case UNCANCEL -> "UNCANCELLATION";
            case EXPIRATION -> "EXPIRATION";
            case ONE_OFF -> "NON_RENEWING_PURCHASE";
        };
        String more = switch (step.kind()) {
            case TRIAL -> "\"period_type\":\"TRIAL\"";
            case BILLING_ISSUE -> "\"period_type\":\"NORMAL\",\"grace_period_expiration_at_ms\":" + (time + 16_000);
            case BILLING_ERROR -> "\"period_type\":\"NORMAL\",\"cancel_reason\":\"BILLING_ERROR\"";
            case PRODUCT_CHANGE -> "\"period_type\":\"NORMAL\",\"new_product_id\":\"plus." + step.second() + "\"";
            case PAUSE -> "\"period_type\":\"NORMAL\",\"auto_resume_at_ms\":" + (time + 32_000);
            case CANCEL -> "\"period_type\":\"NORMAL\",\"cancel_reason\":\"UNSUBSCRIBE\"";
            case REFUND -> "\"period_type\":\"NORMAL\",\"cancel_reason\":\"CUSTOMER_SUPPORT\",\"price_in_purchased_currency\":-9.99,\"currency\":\"EUR\"";
            case EXPIRATION -> "\"period_type\":\"NORMAL\",\"expiration_reason\":\"UNSUBSCRIBE\"";
            case PURCHASE, RENEWAL, UNCANCEL, ONE_OFF -> "\"period_type\":\"NORMAL\",\"price_in_purchased_currency\":9.99,\"currency\":\"EUR\"";
        };
        String body = Events.event(id, type, user, time, more)
                .replace("{\"$onesignalUserId\"", "{\"version\":{\"value\":\"" + id + "\"},\"$onesignalUserId\"");
        if (step.kind() == Kind.PRODUCT_CHANGE) {
            // a product without end clears the tag
            body = body.replaceFirst("\"expiration_at_ms\":\\d+", "\"expiration_at_ms\":null");
        }
        String status = switch (step.kind()) {
            case TRIAL -> "trial";
            case PURCHASE, RENEWAL, UNCANCEL -> "active";
            case BILLING_ISSUE -> "grace_period";
            case PAUSE -> "paused";
            case CANCEL, REFUND -> "cancelled";
            case EXPIRATION -> "expired";
            case BILLING_ERROR, PRODUCT_CHANGE, ONE_OFF -> null;
        };
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("last_event_at", Long.toString(time / 1000));
        tags.put("last_event_type", type.equals("INITIAL_PURCHASE") && step.kind() == Kind.TRIAL ? "trial_started"
                : type.equals("SUBSCRIPTION_PAUSED") ? "subscription_paused" : type.toLowerCase(java.util.Locale.ROOT));
        put(tags, "subscription_status", status);
        if (step.kind() != Kind.ONE_OFF) {
            if (step.kind() != Kind.BILLING_ERROR) {
                tags.put("grace_period_expiration_at", step.kind() == Kind.BILLING_ISSUE ? Long.toString(time / 1000 + 16) : "");
                tags.put("auto_resume_at", step.kind() == Kind.PAUSE ? Long.toString(time / 1000 + 32) : "");
                tags.put("new_product_id", step.kind() == Kind.PRODUCT_CHANGE ? "plus." + step.second() : "");
            }
            tags.put("expiration_at", step.kind() == Kind.PRODUCT_CHANGE ? "" : Long.toString(time / 1000 + 2_592_000));
            put(tags, "active_subscription", switch (step.kind()) {
                case TRIAL, PURCHASE, RENEWAL -> "true";
                case EXPIRATION -> "false";
                default -> null;
            });
        }
        Map<String, String> profile = new LinkedHashMap<>();
        // a pause is switched off for CleverTap
        if (step.kind() != Kind.PAUSE) {
            profile.put("version", id);
            put(profile, "subscription_status", status);
        }
        return new Webhook(step, body, tags, profile, step.kind() != Kind.PAUSE);
    }

    private static Webhook purchasely(Step step, String id, String user, long time) {
        String type = switch (step.kind()) {
            case TRIAL -> "TRIAL_STARTED";
            case PURCHASE -> "SUBSCRIPTION_STARTED";
            case RENEWAL -> "SUBSCRIPTION_RENEWED";
            case BILLING_ISSUE -> "GRACE_PERIOD_STARTED";
            case BILLING_ERROR -> "ENTERED_BILLING_RETRY";
            case PRODUCT_CHANGE -> "SUBSCRIPTION_UPGRADED";
            case PAUSE -> "SUBSCRIPTION_PAUSED";
            case CANCEL -> "RENEWAL_DISABLED";
            case UNCANCEL -> "RENEWAL_ENABLED";
            case REFUND -> "SUBSCRIPTION_REFUNDED_REVOKED";
            case EXPIRATION -> "DEACTIVATE";
            case ONE_OFF -> "ACTIVATE";
        };
        String status = switch (step.kind()) {
            case BILLING_ISSUE -> "IN_GRACE_PERIOD";
            case BILLING_ERROR -> "ON_HOLD";
            case PAUSE -> "PAUSED";
            case CANCEL -> "AUTO_RENEWING_CANCELED";
            case REFUND -> "REVOKED";
            case EXPIRATION -> "DEACTIVATED";
            default -> "AUTO_RENEWING";
        };
        String offer = step.kind() == Kind.TRIAL ? ",\"offer_identifier\":\"offer" + step.second() + "\"" : "";
        String grace = step.kind() == Kind.BILLING_ISSUE ? ",\"grace_period_expires_at_ms\":" + (time + 16_000) : "";
        // a plan that is null leaves the tag as it is
        String plan = step.kind() == Kind.PAUSE ? "null" : "\"plan" + step.second() + "\"";
        String body = """
                {"api_version":3,"event_name":"%s","event_id":"%s","user_id":"%s","event_created_at_ms":%d,"environment":"PRODUCTION",\
                "product":"plus","plan":%s,"store":"APPLE_APP_STORE","subscription_status":"%s"%s%s}"""
                .formatted(type, id, user, time, plan, status, offer, grace);
        Map<String, String> tags = new LinkedHashMap<>();
        if (step.kind() != Kind.EXPIRATION && step.kind() != Kind.ONE_OFF) {
            tags.put("LAST_EVENT", type);
        }
        tags.put("SUBSCRIPTION_STATUS", status);
        tags.put("OFFER_IDENTIFIER", step.kind() == Kind.TRIAL ? "offer" + step.second() : "");
        tags.put("GRACE_PERIOD_EXPIRES_AT", step.kind() == Kind.BILLING_ISSUE ? Long.toString(time / 1000 + 16) : "");
        put(tags, "PLAN", step.kind() == Kind.PAUSE ? null : "plan" + step.second());
        Map<String, String> profile = new LinkedHashMap<>();
        profile.put("subscription_status", status);
        put(profile, "plan", step.kind() == Kind.PAUSE ? null : "plan" + step.second());
        profile.put("has_active_subscription", Boolean.toString(switch (step.kind()) {
            case BILLING_ERROR, PAUSE, REFUND, EXPIRATION -> false;
            default -> true;
        }));
        return new Webhook(step, body, tags, profile, tags.containsKey("LAST_EVENT"));
    }

    private static Webhook qonversion(Step step, String id, String user, long time) {
        String name = switch (step.kind()) {
            case TRIAL -> "trial_started";
            case PURCHASE -> "subscription_started";
            case RENEWAL -> "subscription_renewed";
            case BILLING_ISSUE, BILLING_ERROR -> "subscription_billing_retry_entered";
            case PRODUCT_CHANGE -> "subscription_product_changed";
            case PAUSE -> "trial_still_active";
            case CANCEL -> "subscription_canceled";
            case UNCANCEL -> "subscription_upgraded";
            case REFUND -> "subscription_refunded";
            case EXPIRATION -> "subscription_expired";
            case ONE_OFF -> "in_app_purchase";
        };
        String status = switch (step.kind()) {
            case TRIAL -> "trial";
            case PURCHASE, RENEWAL, UNCANCEL -> "active";
            case BILLING_ISSUE, BILLING_ERROR -> "billing_retry";
            case CANCEL -> "cancelled";
            case REFUND, EXPIRATION -> "expired";
            case PRODUCT_CHANGE, PAUSE, ONE_OFF -> null;
        };
        String expires = step.kind() == Kind.ONE_OFF ? "null" : Long.toString(time / 1000 + 64);
        String body = """
                {"event_name":"%s","user_id":"QON_%s","custom_user_id":"%s","time":%d,"product_id":"plus.monthly","environment":"production",\
                "platform":"iOS","transaction":{"transaction_id":"%s","expires":%s}}"""
                .formatted(name, user, user, time / 1000, id, expires);
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("last_event_type", name);
        tags.put("last_event_at", Long.toString(time / 1000));
        put(tags, "subscription_status", status);
        put(tags, "expiration_at", step.kind() == Kind.ONE_OFF ? null : Long.toString(time / 1000 + 64));
        return new Webhook(step, body, tags, Map.of(), true);
    }

    private static void put(Map<String, String> values, String name, String value) {
        if (value != null) {
            values.put(name, value);
        }
    }
}
