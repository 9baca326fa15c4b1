package io.subscriptionrelay.bench;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Webhooks of RevenueCat as they come: between 1 and 2 kB, each with ids of its own. */
final class Samples {

    static final String PROVIDER = "revenuecat";
    static final String STEP = "renewal";
    static final String AUTHORIZATION = "Bearer of the benchmark";
    static final String SECRET = "signing secret of the benchmark";
    /** What stands before the number of an event in its user's id, when each event has a user of its own. */
    static final String USER = "b-";
    /** 2026-10-01T00:00:00Z */
    private static final long BASE = 1_790_812_800_000L;
    private static final String NOTE = "Prefers a class in the evening, found us by a friend, asked for the yearly plan twice. ";

    private Samples() {
    }

    /**
     * A renewal.
     *
     * @param run what tells the events of one part of the benchmark from those of another
     * @param n the event's number, by which its id, time and length differ
     * @param user the user's number
     * @param app the app, by which the routes of row 8 choose the account
     */
    static String event(String run, long n, long user, String app) {
        long time = BASE + n;
        String userId = USER + user;
        UUID oneSignal = new UUID(0x4a00_0000_0000_4000L | user << 32 & 0x0fff_ffff_0000_0000L, 0x8000_0000_0000_0000L | user);
        return """
                {"api_version":"1.0","event":{"type":"RENEWAL","id":"%s-%d","event_timestamp_ms":%d,"app_id":"%s","app_user_id":"%s",\
                "original_app_user_id":"$RCAnonymousID:%032x","aliases":["$RCAnonymousID:%032x","%s"],"subscriber_attributes":{\
                "$email":{"value":"%s@example.com","updated_at_ms":1717990000000},"$onesignalUserId":{"value":"%s",\
                "updated_at_ms":1717990000000},"favourite_style":{"value":"yin","updated_at_ms":1717990000000},\
                "note":{"value":"%s","updated_at_ms":1717990000000}},"product_id":"yoga_monthly","period_type":"NORMAL",\
                "purchased_at_ms":%d,"expiration_at_ms":%d,"environment":"PRODUCTION","entitlement_id":null,"entitlement_ids":["premium"],\
                "presented_offering_id":"spring","transaction_id":"%d","original_transaction_id":"230001790044127","is_family_share":false,\
                "country_code":"DE","store":"APP_STORE","currency":"EUR","price":10.81,"price_in_purchased_currency":9.99,\
                "tax_percentage":0.16,"commission_percentage":0.15,"takehome_percentage":0.7,"offer_code":null,"renewal_number":%d,\
                "is_trial_conversion":false,"metadata":null}}"""
                .formatted(run, n, time, app, userId, n, n, userId, userId, oneSignal, NOTE.repeat((int) (n % 7)).strip(), time,
                        time + 2_592_000_000L, 230_001_847_562_913L + n, n % 12 + 1);
    }

    /** The whole request that RevenueCat sends with this body, authorization and signature included. */
    static byte[] request(int port, byte[] body, long epochSeconds) {
        String head = "POST /webhooks/" + PROVIDER + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nContent-Type: application/json\r\n"
                + "Authorization: " + AUTHORIZATION + "\r\nX-RevenueCat-Webhook-Signature: t=" + epochSeconds + ",v1="
                + signature(epochSeconds, body) + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[start.length + body.length];
        System.arraycopy(start, 0, request, 0, start.length);
        System.arraycopy(body, 0, request, start.length, body.length);
        return request;
    }

    private static String signature(long epochSeconds, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((epochSeconds + ".").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
