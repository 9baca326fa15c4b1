package io.subscriptionrelay.webhook;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SecretEncoding;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.SignatureEncoding;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import io.subscriptionrelay.config.StartRefusedException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Decides whether a webhook comes from its provider. Compares in constant time and fails closed. */
final class Authentication {

    private static final String HMAC = "HmacSHA256";
    static final String TIMESTAMP = "t=";
    static final String SIGNATURE_BESIDE_TIMESTAMP = "v1=";
    private static final int LONGEST_TIMESTAMP = 12;
    private static final Pattern SIGNED_WORD = Pattern.compile("\\{(timestamp|id|body|secret)}|.", Pattern.DOTALL);
    /** An id with a dot could be cut elsewhere than where it was signed, so that other words of it pass for the time. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,255}");
    /** A header may carry several signatures while the provider changes its key, but not a list to be tried for long. */
    private static final int MOST_SIGNATURES = 8;
    /** Of an HMAC-SHA256, in characters. */
    private static final int HEX_LENGTH = 64;
    private static final int BASE64_LENGTH = 44;

    private final Provider provider;
    private final Clock clock;
    private final List<Key> keys;
    private final List<String> accepted;
    private final Set<String> headers;

    /** @throws StartRefusedException when signatures could never fit, because the way to check them is not said or a secret is no key */
    Authentication(Provider provider, Clock clock) {
        this.provider = provider;
        this.clock = clock;
        keys = provider.signature() == null || !provider.signature().required() ? List.of() : keys(provider.signature());
        accepted = provider.token() == null || !provider.token().required() ? List.of() : provider.token().accepted();
        headers = Set.copyOf(headers(provider));
    }

    /** A secret, and the hash that begins with it: to look for the algorithm and to take in the key costs as much as to hash a webhook. */
    private record Key(byte[] bytes, Mac begun) {

        static Key of(byte[] bytes) {
            try {
                Mac mac = Mac.getInstance(HMAC);
                mac.init(new SecretKeySpec(bytes, HMAC));
                return new Key(bytes, mac);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("HMAC-SHA256 is part of every JDK", e);
            }
        }

        Mac mac() {
            try {
                return (Mac) begun.clone();
            } catch (CloneNotSupportedException notOfThisProvider) {
                return of(bytes).begun();
            }
        }
    }

    private static List<Key> keys(Signature signature) {
        if (signature.forms().values().stream().noneMatch(SignatureForm::enabled)
                || signature.forms().values().stream().anyMatch(form -> form.header() == null || form.header().isBlank())) {
            throw new StartRefusedException(signature.variable() + " is set, but not where its signatures are.",
                    "Write a form with a `header` under the provider's `signature.forms`.");
        }
        List<String> secrets = signature.secrets().stream().filter(secret -> !secret.isBlank()).toList();
        Stream<String> whole = secrets.size() > 1 && signature.secretEncoding() == SecretEncoding.TEXT
                // one secret that has a comma in it
                ? Stream.of(String.join(",", secrets)) : Stream.empty();
        return Stream.concat(secrets.stream(), whole).map(secret -> Key.of(key(secret, signature))).toList();
    }

    private static byte[] key(String secret, Signature signature) {
        if (signature.secretEncoding() == SecretEncoding.TEXT) {
            return secret.getBytes(StandardCharsets.UTF_8);
        }
        try {
            byte[] key = Base64.getDecoder().decode(secret.substring(secret.lastIndexOf('_') + 1).trim());
            if (key.length > 0) {
                return key;
            }
        } catch (IllegalArgumentException notBase64) {
            // refused below
        }
        throw new StartRefusedException(signature.variable() + " is not Base64, as `secret-encoding: base64` says.",
                "Copy the signing secret whole from the provider, like whsec_…, or write `secret-encoding: text`.");
    }

    /** The request headers that are looked at, in lower case; no other may get past the door. */
    Set<String> headers() {
        return headers;
    }

    private static Set<String> headers(Provider provider) {
        Set<String> names = new HashSet<>();
        if (provider.token() != null) {
            provider.token().headers().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        }
        if (provider.signature() != null) {
            for (SignatureForm form : provider.signature().forms().values()) {
                Stream.of(form.header(), form.timestampHeader(), form.idHeader()).filter(Objects::nonNull)
                        .forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
            }
        }
        return names;
    }

    /**
     * Checks what can be checked before the body is here. Whoever fails this fails {@link #check} too, whatever his body is.
     *
     * @param header the value of a request header, or null
     * @return whether the sender has proved by a token that he knows a secret
     * @throws NotAuthenticException when a proof is missing or wrong, or when none is configured
     */
    boolean checkHead(Function<String, String> header) throws NotAuthenticException {
        claims(header);
        return provider.token() != null && provider.token().required();
    }

    /**
     * Checks all that this provider has to prove.
     *
     * @param header the value of a request header, or null
     * @throws NotAuthenticException when a proof is missing or wrong, or when none is configured
     */
    void check(Function<String, String> header, byte[] body) throws NotAuthenticException {
        List<Claim> claims = claims(header);
        if (signatureRequired() && claims.stream().noneMatch(claim -> fits(claim, body))) {
            throw signatureDoesNotFit();
        }
    }

    private boolean signatureRequired() {
        return provider.signature() != null && provider.signature().required();
    }

    private static NotAuthenticException signatureDoesNotFit() {
        return new NotAuthenticException("the signature is missing, wrong or too old");
    }

    /** Checks the token, and gives what is claimed to be signed; where no signature is required, nothing. */
    private List<Claim> claims(Function<String, String> header) throws NotAuthenticException {
        if (!provider.open()) {
            throw new NotAuthenticException("no secret is configured");
        }
        Token token = provider.token();
        if (token != null && token.required() && !tokenFits(token, header)) {
            throw new NotAuthenticException("the token is missing or wrong");
        }
        if (!signatureRequired()) {
            return List.of();
        }
        List<Claim> claims = new ArrayList<>();
        for (SignatureForm form : provider.signature().forms().values()) {
            Claim claim = form.enabled() ? claim(form, header) : null;
            if (claim != null) {
                claims.add(claim);
            }
        }
        if (claims.isEmpty()) {
            throw signatureDoesNotFit();
        }
        return claims;
    }

    private boolean tokenFits(Token token, Function<String, String> header) {
        boolean fits = false;
        for (String name : token.headers()) {
            String sent = header.apply(name);
            if (sent == null) {
                continue;
            }
            for (String expected : accepted) {
                // the prefix of the setting need not be that of the header
                fits |= equal(bare(sent, token.prefixes()), bare(expected, token.prefixes()));
            }
        }
        return fits;
    }

    /** Without one prefix, if there is any. */
    private static String bare(String text, List<String> prefixes) {
        for (String prefix : prefixes) {
            String start = prefix + " ";
            if (text.regionMatches(true, 0, start, 0, start.length())) {
                return text.substring(start.length()).trim();
            }
        }
        return text;
    }

    /** What the headers of a request claim to be signed, and how, in one of the ways to sign. */
    private record Claim(SignatureForm form, String timestamp, String id, List<String> signatures) {
    }

    /** Null when no body could make it fit. */
    private Claim claim(SignatureForm form, Function<String, String> header) {
        String sent = header.apply(form.header());
        if (sent == null) {
            return null;
        }
        String timestamp = form.timestampHeader() == null ? null : header.apply(form.timestampHeader());
        String prefix = form.prefix() != null ? form.prefix() : form.timeBesideSignature() ? SIGNATURE_BESIDE_TIMESTAMP : "";
        List<String> signatures = new ArrayList<>();
        for (StringTokenizer parts = new StringTokenizer(sent, form.timeBesideSignature() ? "," : " "); parts.hasMoreTokens();) {
            String part = parts.nextToken().trim();
            if (form.timeBesideSignature() && part.startsWith(TIMESTAMP)) {
                if (timestamp != null) {
                    return null;
                }
                timestamp = part.substring(TIMESTAMP.length());
            } else if (part.startsWith(prefix) && signatures.size() < MOST_SIGNATURES) {
                signatures.add(part.substring(prefix.length()));
            }
        }
        int length = form.encoding() == SignatureEncoding.HEX ? HEX_LENGTH : BASE64_LENGTH;
        if (signatures.stream().noneMatch(signature -> signature.length() == length)) {
            return null;
        }
        if ((form.timestampHeader() != null || form.timeBesideSignature()) && !recent(timestamp, provider.signature())) {
            return null;
        }
        String id = form.idHeader() == null ? "" : header.apply(form.idHeader());
        return form.idHeader() != null && (id == null || !ID.matcher(id).matches()) ? null : new Claim(form, timestamp, id, signatures);
    }

    private boolean fits(Claim claim, byte[] body) {
        boolean fits = false;
        for (Key key : keys) {
            byte[] hmac = hmac(key, claim.form().signed(), claim.timestamp(), claim.id(), body);
            for (String candidate : claim.signatures()) {
                fits |= switch (claim.form().encoding()) {
                    case HEX -> equal(candidate.toLowerCase(Locale.ROOT), HexFormat.of().formatHex(hmac));
                    case BASE64 -> equal(candidate, Base64.getEncoder().encodeToString(hmac));
                };
            }
        }
        return fits;
    }

    private boolean recent(String timestamp, Signature signature) {
        if (timestamp == null || timestamp.isEmpty() || timestamp.length() > LONGEST_TIMESTAMP
                || !timestamp.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        return signature.tolerance().isZero()
                || Math.abs(clock.millis() / 1000 - Long.parseLong(timestamp)) <= signature.tolerance().toSeconds();
    }

    /** What a provider signs with its newest secret, which is the first one. */
    static byte[] sign(Signature signature, SignatureForm form, String timestamp, String id, byte[] body) {
        return hmac(keys(signature).get(0), form.signed(), timestamp, id, body);
    }

    private static byte[] hmac(Key key, String signed, String timestamp, String id, byte[] body) {
        Mac mac = key.mac();
        Matcher words = SIGNED_WORD.matcher(signed);
        while (words.find()) {
            mac.update(switch (words.group()) {
                case "{timestamp}" -> timestamp.getBytes(StandardCharsets.UTF_8);
                case "{id}" -> id.getBytes(StandardCharsets.UTF_8);
                case "{body}" -> body;
                case "{secret}" -> key.bytes();
                default -> words.group().getBytes(StandardCharsets.UTF_8);
            });
        }
        return mac.doFinal();
    }

    /** A servlet container hands out a header's bytes as ISO 8859-1, whatever they meant. */
    private static boolean equal(String sent, String expected) {
        return MessageDigest.isEqual(sent.getBytes(StandardCharsets.ISO_8859_1), expected.getBytes(StandardCharsets.UTF_8));
    }
}
