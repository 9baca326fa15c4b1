package io.subscriptionrelay.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;

/** The one user of the management port. */
final class Credentials {

    private static final String BASIC = "basic ";

    private final String user;
    private final String password;

    Credentials(String user, String password) {
        this.user = user;
        this.password = password;
    }

    String user() {
        return user;
    }

    /** Compares both in constant time, whatever their lengths. */
    boolean match(String givenUser, String givenPassword) {
        boolean sameUser = same(user, givenUser);
        boolean samePassword = same(password, givenPassword);
        return sameUser & samePassword;
    }

    /** Whether an {@code Authorization} header of HTTP Basic carries them. */
    boolean match(String authorization) {
        if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return false;
        }
        String[] parts;
        try {
            parts = new String(Base64.getDecoder().decode(authorization.substring(BASIC.length()).trim()), StandardCharsets.UTF_8).split(":", 2);
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
        return parts.length == 2 && match(parts[0], parts[1]);
    }

    private static boolean same(String expected, String given) {
        return MessageDigest.isEqual(digest(expected), digest(given == null ? "" : given)) & given != null;
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "Credentials[user=" + user + "]";
    }
}
