package io.subscriptionrelay.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SecretEncoding;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.SignatureEncoding;
import io.subscriptionrelay.config.RelayProperties.SignatureForm;
import io.subscriptionrelay.config.RelayProperties.Token;
import io.subscriptionrelay.testing.Webhook;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class AuthenticationTest {

    private static final String SIGNATURE_HEADER = "X-RevenueCat-Webhook-Signature";
    private static final String REQUEST_SIGNATURE = "X-PURCHASELY-REQUEST-SIGNATURE";
    private static final String DEPRECATED_SIGNATURE = "X-PURCHASELY-SIGNATURE";
    private static final String TIMESTAMP = "X-PURCHASELY-TIMESTAMP";
    private static final long NOW = 1_790_812_800L;
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(NOW), ZoneOffset.UTC);

    @Property
    void theRightSignatureOfAnyBodyPasses(@ForAll("secrets") String secret, @ForAll byte[] body) {
        assertAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, signature(secret, NOW, body)), body);
    }

    @Property
    void oneChangedByteOfTheBodyFails(@ForAll("secrets") String secret, @ForAll("bodies") byte[] body,
            @ForAll @IntRange(max = 1_000_000) int place, @ForAll @IntRange(min = 1, max = 255) int change) {
        byte[] changed = changed(body, place, change);
        assertNotAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, signature(secret, NOW, body)), changed);
    }

    @Property
    void oneChangedByteOfTheSignatureFails(@ForAll("secrets") String secret, @ForAll byte[] body,
            @ForAll @IntRange(max = 63) int place, @ForAll @IntRange(min = 1, max = 15) int change) {
        char[] hex = signature(secret, NOW, body).toCharArray();
        int at = hex.length - 64 + place;
        hex[at] = Character.forDigit(Character.digit(hex[at], 16) ^ change, 16);
        assertNotAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, new String(hex)), body);
    }

    @Property
    void aShortenedOrLengthenedSignatureFails(@ForAll("secrets") String secret, @ForAll byte[] body, @ForAll @IntRange(max = 63) int kept) {
        String right = signature(secret, NOW, body);
        assertNotAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, right.substring(0, right.length() - 64 + kept)), body);
        assertNotAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, right + "0"), body);
    }

    @Property
    void aSignatureMadeWithAnotherSecretFails(@ForAll("secrets") String secret, @ForAll("secrets") String other, @ForAll byte[] body) {
        if (!secret.equals(other)) {
            assertNotAuthentic(revenueCat(secret), headers(SIGNATURE_HEADER, signature(other, NOW, body)), body);
        }
    }

    @Property
    void aSignedTimeIsTakenWithinTheToleranceOnly(@ForAll @LongRange(min = -1000, max = 1000) long age) {
        byte[] body = bytes("{}");
        Map<String, String> headers = headers(SIGNATURE_HEADER, signature("secret", NOW - age, body));
        if (Math.abs(age) <= 300) {
            assertAuthentic(revenueCat("secret"), headers, body);
        } else {
            assertNotAuthentic(revenueCat("secret"), headers, body);
        }
    }

    @Property
    void aTimeThatWasNotSignedFails(@ForAll @IntRange(min = 1, max = 300) int shift) {
        byte[] body = bytes("{}");
        String signed = signature("secret", NOW - shift, body);
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, signed.replace("t=" + (NOW - shift), "t=" + NOW)), body);
    }

    @Property
    void aMalformedSignatureHeaderIsRefusedWithoutAnyOtherFailure(@ForAll("malformed") String header, @ForAll byte[] body) {
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, header), body);
        assertNotAuthentic(purchasely(false, "secret"), headers(REQUEST_SIGNATURE, header, TIMESTAMP, "1698322022"), body);
        assertNotAuthentic(purchasely(true, "secret"), headers(REQUEST_SIGNATURE, "00", DEPRECATED_SIGNATURE, header, TIMESTAMP, header), body);
    }

    @Property
    void aMalformedTimestampIsRefusedWithoutAnyOtherFailure(@ForAll("malformed") String timestamp) {
        byte[] body = bytes("{}");
        Map<String, String> headers = headers(REQUEST_SIGNATURE, Webhook.hmac("secret", bytes(timestamp), body), TIMESTAMP, timestamp);
        if (!timestamp.matches("[0-9]{1,12}")) {
            assertNotAuthentic(purchasely(false, "secret"), headers, body);
        }
    }

    @Property
    void aTokenIsComparedExactly(@ForAll("tokens") String token, @ForAll @IntRange(max = 1_000_000) int place,
            @ForAll @IntRange(min = 1, max = 127) int change) {
        assertAuthentic(token(token), headers("Authorization", onTheWire(token)), new byte[0]);
        String wrong = new String(changed(bytes(token), place, change), StandardCharsets.ISO_8859_1);
        assertNotAuthentic(token(token), headers("Authorization", wrong), new byte[0]);
        assertNotAuthentic(token(token), headers("Authorization", onTheWire(token) + "x"), new byte[0]);
        assertNotAuthentic(token(token), headers("Authorization", "Bearer " + onTheWire(token)), new byte[0]);
        assertNotAuthentic(token(token), headers("Authorization-Token", onTheWire(token)), new byte[0]);
    }

    @Property
    void anyTextInTheAuthorizationHeaderIsRefusedWithoutAnyOtherFailure(@ForAll("malformed") String header) {
        if (!header.equals("secret")) {
            assertNotAuthentic(token("secret"), headers("Authorization", header), new byte[0]);
        }
        assertNotAuthentic(qonversion("the secret of the tests"), headers("Authorization", header, "Authorization-Token", header), new byte[0]);
    }

    @Property
    void aQonversionTokenMayFollowBasicOrBearerInAnyCaseAndInEitherHeader(@ForAll("tokens") String token,
            @ForAll("prefixes") String prefix, @ForAll("qonversionHeaders") String header) {
        assertAuthentic(qonversion(token), headers(header, onTheWire(prefix + token)), new byte[0]);
        assertAuthentic(qonversion("Basic " + token), headers(header, onTheWire(prefix + token)), new byte[0]);
        assertNotAuthentic(qonversion("Basic " + token), headers(header, onTheWire("Basic Basic " + token)), new byte[0]);
        assertNotAuthentic(qonversion(token), headers(header, onTheWire("Digest " + token)), new byte[0]);
    }

    @Example
    void purchaselysOwnExampleIsAuthentic() {
        byte[] body = bytes("{\"a_random_key\":\"a_random_value_ad\"}");
        Map<String, String> headers = headers(TIMESTAMP, "1698322022",
                REQUEST_SIGNATURE, "f3c2a452e9ea72f41107321aeaf7999f1054148866a710c9b23f9f501785e2a4");
        assertAuthentic(purchasely(false, "foobar"), headers, body);
        assertNotAuthentic(purchasely(false, "foobaz"), headers, body);
        assertNotAuthentic(purchasely(false, "foobar"), headers, bytes("{\"a_random_key\": \"a_random_value_ad\"}"));
    }

    @Example
    void purchaselysDeprecatedExampleIsAuthenticOnlyWithTheSwitch() {
        String deprecated = Webhook.hmac("foobar", bytes("foobar"), bytes("1580909929"));
        assertThat(deprecated).startsWith("ea909b88").endsWith("bba5a6");
        Map<String, String> headers = headers(TIMESTAMP, "1580909929", DEPRECATED_SIGNATURE, deprecated);
        assertNotAuthentic(purchasely(false, "foobar"), headers, bytes("{}"));
        assertAuthentic(purchasely(true, "foobar"), headers, bytes("{}"));
        assertNotAuthentic(purchasely(true, "foobar"), headers(TIMESTAMP, "1580909930", DEPRECATED_SIGNATURE, deprecated), bytes("{}"));
        assertNotAuthentic(purchasely(true, "foobar"), headers(TIMESTAMP, "1580909929", REQUEST_SIGNATURE, deprecated), bytes("{}"));
    }

    @Example
    void eachOfSeveralSecretsFits() {
        byte[] body = bytes("{}");
        for (String secret : List.of("new", "old")) {
            assertAuthentic(revenueCat("new", "old"), headers(SIGNATURE_HEADER, signature(secret, NOW, body)), body);
        }
        assertNotAuthentic(revenueCat("new", "old"), headers(SIGNATURE_HEADER, signature("older", NOW, body)), body);
        assertNotAuthentic(revenueCat("new", ""), headers(SIGNATURE_HEADER, signature("x", NOW, body)), body);
    }

    @Example
    void oneOfSeveralSignaturesInTheHeaderIsEnough() {
        byte[] body = bytes("{}");
        String right = Webhook.hmac("secret", bytes(NOW + "."), body);
        String wrong = "0".repeat(64);
        for (String header : List.of("t=%d,v1=%s,v1=%s", "v1=%2$s,t=%1$d,v1=%3$s", " t=%d , v1=%s , v0=x, v1=%s ", "t=%d,v1=%3$s,v1=%2$s")) {
            assertAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, header.formatted(NOW, wrong, right)), body);
        }
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, "t=%d,v1=%s,v1=%s".formatted(NOW, wrong, wrong)), body);
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, "t=%d,v0=%s".formatted(NOW, right)), body);
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, "t=%d,t=%d,v1=%s".formatted(NOW, NOW, right)), body);
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, "v1=" + right), body);
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, "t=" + NOW), body);
    }

    @Example
    void aListOfSignaturesIsNotTriedForLong() {
        byte[] body = bytes("{}");
        String right = Webhook.hmac("secret", bytes(NOW + "."), body);
        String header = "t=" + NOW + (",v1=" + "0".repeat(64)).repeat(50) + ",v1=" + right;
        assertNotAuthentic(revenueCat("secret"), headers(SIGNATURE_HEADER, header), body);
    }

    @Example
    void whenTokenAndSignatureAreSetBothAreRequired() {
        byte[] body = bytes("{}");
        Provider both = new Provider(new Token("T", "token", List.of(), List.of("Authorization"), List.of()), signed("secret"), false);
        assertAuthentic(both, headers("Authorization", "token", SIGNATURE_HEADER, signature("secret", NOW, body)), body);
        assertNotAuthentic(both, headers("Authorization", "token"), body);
        assertNotAuthentic(both, headers(SIGNATURE_HEADER, signature("secret", NOW, body)), body);
        assertNotAuthentic(both, headers("Authorization", "wrong", SIGNATURE_HEADER, signature("secret", NOW, body)), body);
        assertNotAuthentic(both, headers("Authorization", "token", SIGNATURE_HEADER, signature("wrong", NOW, body)), body);
    }

    @Example
    void noneWaivesTheTokenAndNothingElse() {
        byte[] body = bytes("{}");
        Token waived = new Token("T", "none", List.of(), List.of("Authorization"), List.of());
        assertAuthentic(new Provider(waived, null, false), headers(), body);
        assertAuthentic(new Provider(waived, null, false), headers("Authorization", "anything"), body);
        Provider withSignature = new Provider(waived, signed("secret"), false);
        assertNotAuthentic(withSignature, headers(), body);
        assertAuthentic(withSignature, headers(SIGNATURE_HEADER, signature("secret", NOW, body)), body);
    }

    @Example
    void aFurtherTokenFitsAsWellAndABlankOneNever() {
        Provider provider = new Provider(new Token("T", "new", List.of("old", "", " "), List.of("Authorization"), List.of("Basic")), null, false);
        for (String sent : List.of("new", "old", "Basic old")) {
            assertAuthentic(provider, headers("Authorization", sent), new byte[0]);
        }
        for (String sent : List.of("", " ", "Basic", "Basic ", "Basic  ", "older")) {
            assertNotAuthentic(provider, headers("Authorization", sent), new byte[0]);
        }
    }

    @Example
    void aTokenOfWhichNothingIsLeftWithoutItsPrefixLetsInNobody() {
        for (String token : List.of("Bearer ", "Bearer", "basic  ", "Bearer Basic ", "Bearer Bearer")) {
            Provider provider = new Provider(new Token("T", token, List.of(token), List.of("Authorization", "Authorization-Token"),
                    List.of("Basic", "Bearer")), null, true);
            for (String sent : List.of("", " ", "Bearer", "Bearer ", "basic", "Basic Bearer", "Bearer Bearer", "Bearer Basic", token, token.trim())) {
                assertNotAuthentic(provider, headers("Authorization", sent), new byte[0]);
                assertNotAuthentic(provider, headers("Authorization-Token", sent), new byte[0]);
            }
        }
    }

    @Example
    void aProviderWithoutAnySecretIsClosed() {
        for (Provider closed : List.of(new Provider(null, null, false), token(""), token("  "), revenueCat(""), revenueCat())) {
            assertNotAuthentic(closed, headers("Authorization", "", SIGNATURE_HEADER, signature("x", NOW, new byte[0])), new byte[0]);
        }
    }

    @Example
    void theReasonNeverQuotesTheRequest() {
        assertThatThrownBy(() -> new Authentication(token("expected"), CLOCK).check(headers("Authorization", "sent")::get, bytes("body")))
                .isInstanceOf(NotAuthenticException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("expected", "sent", "body"));
    }

    @Provide
    Arbitrary<String> secrets() {
        return Arbitraries.strings().ofMinLength(1).ofMaxLength(80).filter(text -> !text.isBlank() && wellFormed(text));
    }

    /** No blanks at the ends, which no header can carry. */
    @Provide
    Arbitrary<String> tokens() {
        return Arbitraries.strings().ofMinLength(1).ofMaxLength(80).excludeChars('\0')
                .filter(text -> text.trim().equals(text) && !text.isBlank() && wellFormed(text)
                        && !"none".equals(text) && !text.toLowerCase().matches("(basic|bearer)( .*)?"));
    }

    @Provide
    Arbitrary<byte[]> bodies() {
        return Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(300);
    }

    @Provide
    Arbitrary<String> prefixes() {
        return Arbitraries.of("", "Basic ", "basic ", "BASIC ", "bAsIc ", "Bearer ", "bearer ", "BEARER ");
    }

    @Provide
    Arbitrary<String> qonversionHeaders() {
        return Arbitraries.of("Authorization", "Authorization-Token");
    }

    /** What might make a parser stumble. */
    @Provide
    Arbitrary<String> malformed() {
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(60),
                Arbitraries.of("t=", "v1=", "t=,v1=", ",", ",,,,,,,,,,,,,,", "=", "t=1", "t=-1,v1=00", "t=" + Long.MAX_VALUE + ",v1=0",
                        "t=99999999999999999999999,v1=00", "t=1e9,v1=00", "t=٣٣٣,v1=00", "t=" + NOW + ",v1=", "t=" + NOW + ",v1=\0",
                        "t=" + NOW + ",v1=" + "f".repeat(100_000), "Basic", "Basic ", "bearer  ", "Basic Basic ", "\uD800", "t=\uDFFF,v1=\uD800"),
                Arbitraries.of("t=", "v1=", ",", "=", "0", "f", NOW + "", " ", "v0=", "\t").list().ofMaxSize(12).map(parts -> String.join("", parts)));
    }

    private static boolean wellFormed(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static Provider revenueCat(String... secrets) {
        return new Provider(null, signed(secrets), false);
    }

    private static Signature signed(String... secrets) {
        return new Signature("S", Arrays.asList(secrets), SecretEncoding.TEXT, Duration.ofMinutes(5),
                Map.of("v1", form(true, SIGNATURE_HEADER, null, "{timestamp}.{body}")));
    }

    private static SignatureForm form(boolean enabled, String header, String timestampHeader, String signed) {
        return new SignatureForm(enabled, header, timestampHeader, null, null, SignatureEncoding.HEX, signed);
    }

    private static Provider purchasely(boolean deprecated, String secret) {
        return new Provider(null, new Signature("S", List.of(secret), SecretEncoding.TEXT, Duration.ZERO, Map.of(
                "request", form(true, REQUEST_SIGNATURE, TIMESTAMP, "{timestamp}{body}"),
                "deprecated", form(deprecated, DEPRECATED_SIGNATURE, TIMESTAMP, "{secret}{timestamp}"))), false);
    }

    private static Provider token(String value) {
        return new Provider(new Token("T", value, List.of(), List.of("Authorization"), List.of()), null, false);
    }

    private static Provider qonversion(String token) {
        return new Provider(new Token("T", token, List.of(), List.of("Authorization", "Authorization-Token"), List.of("Basic", "Bearer")), null, true);
    }

    private static String signature(String secret, long time, byte[] body) {
        return "t=" + time + ",v1=" + Webhook.hmac(secret, bytes(time + "."), body);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] changed(byte[] bytes, int place, int change) {
        byte[] changed = bytes.clone();
        changed[place % changed.length] ^= (byte) change;
        return changed;
    }

    /** How a servlet container hands out a header that was sent in UTF-8. */
    private static String onTheWire(String text) {
        return new String(bytes(text), StandardCharsets.ISO_8859_1);
    }

    private static Map<String, String> headers(String... namesAndValues) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return Collections.unmodifiableMap(headers);
    }

    private static void assertAuthentic(Provider provider, Map<String, String> headers, byte[] body) {
        assertThatCode(() -> new Authentication(provider, CLOCK).check(headers::get, body)).doesNotThrowAnyException();
    }

    private static void assertNotAuthentic(Provider provider, Map<String, String> headers, byte[] body) {
        assertThatThrownBy(() -> new Authentication(provider, CLOCK).check(headers::get, body)).isExactlyInstanceOf(NotAuthenticException.class);
    }
}
