package io.subscriptionrelay.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The proofs that the providers send. */
public final class Webhook {

    public static final String PURCHASELY_SECRET = "purchasely secret of the tests";
    public static final String QONVERSION_TOKEN = "qonversion token of the tests";

    private static final String TOKEN = "token of the tests";
    private static final Set<String> SHIPPED = Set.of("revenuecat", "purchasely", "qonversion");

    private Webhook() {
    }

    /** Opens a provider that the relay does not ship: whatever it really sends, here it sends a token. */
    public static void openWithToken(RelayApp.Builder settings, String provider) {
        if (!SHIPPED.contains(provider)) {
            settings.set("relay.providers." + provider + ".token.value", TOKEN);
        }
    }

    /** Request headers that make a webhook of this provider authentic. */
    public static String[] proof(String provider, byte[] body) {
        return switch (provider) {
            case "revenuecat" -> new String[] {"Authorization", RelayApp.AUTHORIZATION};
            case "qonversion" -> new String[] {"Authorization", "Basic " + QONVERSION_TOKEN};
            case "purchasely" -> new String[] {"X-PURCHASELY-TIMESTAMP", "1790812800",
                "X-PURCHASELY-REQUEST-SIGNATURE", hmac(PURCHASELY_SECRET, "1790812800".getBytes(StandardCharsets.UTF_8), body)};
            default -> new String[] {"Authorization", TOKEN};
        };
    }

    /** HMAC-SHA256 in lower-case hex of the parts one after the other. */
    public static String hmac(String secret, byte[]... parts) {
        return hmac(secret.getBytes(StandardCharsets.UTF_8), parts);
    }

    /** HMAC-SHA256 in lower-case hex of the parts one after the other. */
    public static String hmac(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
