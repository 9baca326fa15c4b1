package io.subscriptionrelay.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The proofs that the providers send. */
public final class Webhook {

    public static final String PURCHASELY_SECRET = "purchasely secret of the tests";
    public static final String QONVERSION_TOKEN = "qonversion token of the tests";

    private Webhook() {
    }

    /** Request headers that make a webhook of this provider authentic. */
    public static String[] proof(String provider, byte[] body) {
        return switch (provider) {
            case "revenuecat" -> new String[] {"Authorization", RelayApp.AUTHORIZATION};
            case "qonversion" -> new String[] {"Authorization", "Basic " + QONVERSION_TOKEN};
            case "purchasely" -> new String[] {"X-PURCHASELY-TIMESTAMP", "1790812800",
                "X-PURCHASELY-REQUEST-SIGNATURE", hmac(PURCHASELY_SECRET, "1790812800".getBytes(StandardCharsets.UTF_8), body)};
            default -> throw new IllegalArgumentException(provider);
        };
    }

    /** HMAC-SHA256 in lower-case hex of the parts one after the other. */
    public static String hmac(String secret, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
