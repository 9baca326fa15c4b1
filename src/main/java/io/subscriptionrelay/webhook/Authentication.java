package io.subscriptionrelay.webhook;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Decides whether a webhook comes from its provider. Compares in constant time and fails closed. */
final class Authentication {

    private static final String HMAC = "HmacSHA256";
    private static final String TIMESTAMP = "t=";
    private static final String SIGNATURE = "v1=";
    /** A header may carry several signatures while the provider changes its key, but not a list to be tried for long. */
    private static final int MOST_SIGNATURES = 8;

    private final Provider provider;
    private final Clock clock;

    Authentication(Provider provider, Clock clock) {
        this.provider = provider;
        this.clock = clock;
    }

    /** The request headers that are looked at, in lower case; no other may get past the door. */
    Set<String> headers() {
        Set<String> names = new HashSet<>();
        if (provider.token() != null) {
            provider.token().headers().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        }
        if (provider.signature() != null) {
            for (SignatureForm form : provider.signature().forms().values()) {
                names.add(form.header().toLowerCase(Locale.ROOT));
                if (form.timestampHeader() != null) {
                    names.add(form.timestampHeader().toLowerCase(Locale.ROOT));
                }
            }
        }
        return names;
    }

    /**
     * Checks all that this provider has to prove.
     *
     * @param header the value of a request header, or null
     * @throws NotAuthenticException when a proof is missing or wrong, or when none is configured
     */
    void check(Function<String, String> header, byte[] body) throws NotAuthenticException {
        if (!provider.open()) {
            throw new NotAuthenticException("no secret is configured");
        }
        Token token = provider.token();
        if (token != null && token.required() && !tokenFits(token, header)) {
            throw new NotAuthenticException("the token is missing or wrong");
        }
        Signature signature = provider.signature();
        if (signature != null && signature.required() && !signatureFits(signature, header, body)) {
            throw new NotAuthenticException("the signature is missing, wrong or too old");
        }
    }

    private static boolean tokenFits(Token token, Function<String, String> header) {
        List<String> accepted = new ArrayList<>();
        accepted.add(token.value());
        // a blank one, left over in a list, would let in whoever sends an empty header
        token.alsoAccept().stream().filter(text -> !text.isBlank()).forEach(accepted::add);
        boolean fits = false;
        for (String name : token.headers()) {
            String sent = header.apply(name);
            if (sent == null) {
                continue;
            }
            for (String expected : accepted) {
                fits |= equal(sent, expected);
                for (String prefix : token.prefixes()) {
                    fits |= equal(without(prefix, sent), expected) | equal(without(prefix, sent), without(prefix, expected));
                }
            }
        }
        return fits;
    }

    private static String without(String prefix, String text) {
        String start = prefix + " ";
        return text.regionMatches(true, 0, start, 0, start.length()) ? text.substring(start.length()).trim() : text;
    }

    private boolean signatureFits(Signature signature, Function<String, String> header, byte[] body) {
        for (SignatureForm form : signature.forms().values()) {
            if (form.enabled() && formFits(signature, form, header, body)) {
                return true;
            }
        }
        return false;
    }

    private boolean formFits(Signature signature, SignatureForm form, Function<String, String> header, byte[] body) {
        String sent = header.apply(form.header());
        if (sent == null) {
            return false;
        }
        String timestamp;
        List<String> signatures = new ArrayList<>();
        if (form.timestampHeader() == null) {
            timestamp = null;
            for (String part : sent.split(",", MOST_SIGNATURES + 2)) {
                String trimmed = part.trim();
                if (trimmed.startsWith(TIMESTAMP)) {
                    if (timestamp != null) {
                        return false;
                    }
                    timestamp = trimmed.substring(TIMESTAMP.length());
                } else if (trimmed.startsWith(SIGNATURE) && signatures.size() < MOST_SIGNATURES) {
                    signatures.add(trimmed.substring(SIGNATURE.length()));
                }
            }
        } else {
            timestamp = header.apply(form.timestampHeader());
            signatures.add(sent.trim());
        }
        if (timestamp == null || !recent(timestamp, signature)) {
            return false;
        }
        boolean fits = false;
        for (String secret : signature.secrets()) {
            if (!secret.isBlank()) {
                String expected = hmac(secret, form.signed(), timestamp, body);
                for (String candidate : signatures) {
                    fits |= equal(candidate.toLowerCase(Locale.ROOT), expected);
                }
            }
        }
        return fits;
    }

    private boolean recent(String timestamp, Signature signature) {
        if (timestamp.isEmpty() || timestamp.length() > 12 || !timestamp.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        return signature.tolerance().isZero()
                || Math.abs(clock.millis() / 1000 - Long.parseLong(timestamp)) <= signature.tolerance().toSeconds();
    }

    private static String hmac(String secret, String signed, String timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), HMAC));
            int at = 0;
            while (at < signed.length()) {
                if (signed.startsWith("{timestamp}", at)) {
                    mac.update(timestamp.getBytes(StandardCharsets.UTF_8));
                    at += "{timestamp}".length();
                } else if (signed.startsWith("{body}", at)) {
                    mac.update(body);
                    at += "{body}".length();
                } else if (signed.startsWith("{secret}", at)) {
                    mac.update(secret.getBytes(StandardCharsets.UTF_8));
                    at += "{secret}".length();
                } else {
                    mac.update((byte) signed.charAt(at));
                    at++;
                }
            }
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is part of every JDK", e);
        }
    }

    /** A servlet container hands out a header's bytes as ISO 8859-1, whatever they meant. */
    private static boolean equal(String sent, String expected) {
        return MessageDigest.isEqual(sent.getBytes(StandardCharsets.ISO_8859_1), expected.getBytes(StandardCharsets.UTF_8));
    }
}
