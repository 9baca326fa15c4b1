package io.subscriptionrelay.config;

import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

/**
 * Everything that is set from outside, beside the routes and mappings. No record in it shows a secret when it is printed, nor an address,
 * which may carry a password.
 *
 * @param home where {@code routes/} and {@code mappings/} are
 * @param dataDir where the broker's journal and the state database are kept
 * @param mappingsReload how often {@code mappings/} is looked at for edits
 * @param console who may use the management port beyond health and numbers
 * @param providers who sends webhooks, by the name that stands in the path
 * @param destinations who is delivered to, by name
 * @param history for how long events and what became of them are kept
 * @param parked for how long parked events are kept
 * @param order how late events are recognised
 */
@ConfigurationProperties("relay")
public record RelayProperties(
        String home,
        String dataDir,
        @DefaultValue("1s") Duration mappingsReload,
        @DefaultValue Broker broker,
        @DefaultValue Console console,
        @DefaultValue Map<String, Provider> providers,
        @DefaultValue Map<String, Destination> destinations,
        @DefaultValue History history,
        @DefaultValue Parked parked,
        @DefaultValue Order order) {

    /** Where {@code routes/} and {@code mappings/} are; relative to the working directory. */
    public Path homeFolder() {
        return Path.of(home);
    }

    /** Where the journal and the state are; relative to the working directory. */
    public Path dataFolder() {
        return Path.of(dataDir);
    }

    /**
     * The embedded broker, or the cluster that replaces it.
     *
     * @param url an external Artemis; blank means the embedded broker
     * @param minDiskFree below this much free space webhooks are answered with 503 before the journal can fail
     * @param storeTimeout after this long without the broker's confirmation a webhook is answered with 503
     * @param journalSync how long the journal waits to write several events with one fsync; absent: found out by a probe
     * @param acceptDamage start with what can be read of a journal that is not whole
     * @param duplicateWindow how many event ids per provider are remembered
     */
    public record Broker(
            String url,
            String user,
            String password,
            @DefaultValue("256MB") org.springframework.util.unit.DataSize minDiskFree,
            @DefaultValue("10s") Duration storeTimeout,
            Duration journalSync,
            @DefaultValue("false") boolean acceptDamage,
            @DefaultValue("500000") int duplicateWindow) {

        public boolean external() {
            return url != null && !url.isBlank();
        }

        @Override
        public String toString() {
            return "Broker[external=" + external() + ", user=" + user + "]";
        }
    }

    /**
     * Events with their content and what became of them.
     *
     * @param keep for how long, a plain number in days; 0 keeps none and removes what there is
     * @param maxSize how many bytes it takes at the most, on disk and in its queue; the oldest go first
     */
    public record History(@DurationUnit(ChronoUnit.DAYS) @DefaultValue("30d") Duration keep,
            @DefaultValue("10GB") org.springframework.util.unit.DataSize maxSize) {

        /** Whether anything is kept. */
        public boolean on() {
            return !keep.isZero() && !keep.isNegative();
        }
    }

    /**
     * The parked events.
     *
     * @param keep for how long, a plain number in days; absent: until a person replays or discards them
     */
    public record Parked(@DurationUnit(ChronoUnit.DAYS) Duration keep) {

        public Parked {
            if (keep != null && (keep.isZero() || keep.isNegative())) {
                throw new IllegalArgumentException("relay.parked.keep is " + keep + ", which would discard each event that is parked;"
                        + " write a time like 90d, or leave it out to keep them until somebody decides");
            }
        }
    }

    /**
     * What makes the newest state win.
     *
     * @param keep for how long the time of a user's newest state is remembered, a plain number in days; an older event that comes later than
     *         that would overwrite it. Purchasely sends again for 20 days, the others for less; 0 keeps it for ever
     */
    public record Order(@DurationUnit(ChronoUnit.DAYS) @DefaultValue("40d") Duration keep) {
    }

    /**
     * The login of the management port.
     *
     * @param password blank: on loopback one is made up and kept in the data directory, otherwise the console is off
     * @param viewerPassword of the user {@code viewer}, who sees no content and changes nothing; blank: there is none
     */
    public record Console(@DefaultValue("relay") String user, String password, String viewerPassword) {

        @Override
        public String toString() {
            return "Console[user=" + user + "]";
        }
    }

    /**
     * A provider of webhooks. What it has to prove is what is set here: a token, a signature, or both.
     *
     * @param activationCalls whether it calls without an event when it is set up, with whatever body
     */
    public record Provider(Token token, Signature signature, @DefaultValue("false") boolean activationCalls) {

        /** Whether at least one proof can be asked for, or the token was waived; otherwise the path answers 404. */
        public boolean open() {
            return (token != null && (token.required() || token.waived())) || (signature != null && signature.required());
        }

        /** The variables of which at least one opens this provider. */
        public List<String> variables() {
            return Stream.of(token == null ? null : token.variable(), signature == null ? null : signature.variable())
                    .filter(name -> name != null && !name.isBlank()).toList();
        }
    }

    /**
     * A fixed text that the provider sends with each webhook.
     *
     * @param variable the environment variable that holds it, for messages
     * @param value the expected text; {@code none} waives it
     * @param alsoAccept further accepted values, while one is being replaced by another
     * @param headers the headers of which one must carry it
     * @param prefixes words before the text that are ignored, with any case ({@code Basic}, {@code Bearer})
     */
    public record Token(
            String variable,
            String value,
            @DefaultValue List<String> alsoAccept,
            @DefaultValue("Authorization") List<String> headers,
            @DefaultValue List<String> prefixes) {

        private static final String NONE = "none";

        public boolean waived() {
            return NONE.equals(value);
        }

        public boolean required() {
            return value != null && !value.isBlank() && !waived();
        }

        /** The texts of which one must come. A text of which nothing is left without its prefix is none of them: anybody could send that. */
        public List<String> accepted() {
            return Stream.concat(Stream.of(value), alsoAccept.stream()).filter(text -> !SecretCheck.bare(text, prefixes).isEmpty()).toList();
        }

        @Override
        public String toString() {
            return "Token[variable=" + variable + ", headers=" + headers + ", prefixes=" + prefixes + "]";
        }
    }

    /**
     * An HMAC-SHA256 over the body and, mostly, a time.
     *
     * @param variable the environment variable that holds the secrets, for messages
     * @param secrets of which one must fit: several while one is being replaced by another
     * @param secretEncoding how a secret becomes the key
     * @param tolerance how old or how far ahead the signed time may be, a plain number in seconds; 0 means any
     * @param forms the ways to sign that are accepted
     */
    public record Signature(
            String variable,
            @DefaultValue List<String> secrets,
            @DefaultValue("text") SecretEncoding secretEncoding,
            @DurationUnit(ChronoUnit.SECONDS) @DefaultValue("0s") Duration tolerance,
            @DefaultValue Map<String, SignatureForm> forms) {

        public boolean required() {
            return secrets.stream().anyMatch(secret -> !secret.isBlank());
        }

        @Override
        public String toString() {
            return "Signature[variable=" + variable + ", secretEncoding=" + secretEncoding + ", tolerance=" + tolerance + ", forms=" + forms + "]";
        }
    }

    /** How a secret becomes the key of a signature. */
    public enum SecretEncoding {
        /** Its characters are the key. */
        TEXT,
        /** It is the key in Base64, after a word like {@code whsec_} that is left out. */
        BASE64
    }

    /**
     * One way to sign.
     *
     * @param header the header with the signature, or with several that are separated by spaces
     * @param timestampHeader the header with the time in seconds; absent when the signature header reads
     *         {@code t=<seconds>,v1=<signature>}, or when no time is signed
     * @param idHeader the header with the id that is signed too, if there is one
     * @param prefix what stands before each signature in its header; absent: {@code v1=} beside a {@code t=}, otherwise nothing
     * @param encoding how the signature is written
     * @param signed what is signed, made of {@code {timestamp}}, {@code {id}}, {@code {body}} and {@code {secret}}
     */
    public record SignatureForm(
            @DefaultValue("true") boolean enabled,
            String header,
            String timestampHeader,
            String idHeader,
            String prefix,
            @DefaultValue("hex") SignatureEncoding encoding,
            @DefaultValue("{timestamp}.{body}") String signed) {

        /** Whether the signature header carries the time as well. */
        public boolean timeBesideSignature() {
            return timestampHeader == null && signed.contains("{timestamp}");
        }
    }

    /** How a signature is written. */
    public enum SignatureEncoding {
        /** In hexadecimal digits, small or capital. */
        HEX,
        /** In Base64, with padding. */
        BASE64
    }

    /**
     * A destination and its accounts.
     *
     * @param variables the environment variables that switch it on, for messages
     * @param sandbox what becomes of sandbox events: sent to the account {@code sandbox} if there is one, else as said here
     * @param url scheme, host and port of the API, instead of the public one, of every account that has no other
     */
    public record Destination(
            @DefaultValue List<String> variables,
            @DefaultValue("skip") Sandbox sandbox,
            String url,
            @DefaultValue Map<String, Account> accounts) {

        public Destination {
            accounts = new LinkedHashMap<>(accounts);
            accounts.replaceAll((name, account) -> account.url() == null || account.url().isBlank()
                    ? new Account(account.id(), account.secret(), account.region(), url) : account);
        }

        @Override
        public String toString() {
            return "Destination[variables=" + variables + ", sandbox=" + sandbox + ", accounts=" + accounts + "]";
        }
    }

    /** Where sandbox events go when there is no sandbox account. */
    public enum Sandbox {
        /** They are counted as skipped. */
        SKIP,
        /** They go where production events go. */
        PRODUCTION,
        /** They are left out, even if there is a sandbox account. */
        DROP
    }

    /**
     * An account (CleverTap) or app (OneSignal).
     *
     * @param id its public id
     * @param secret passcode or API key
     * @param region CleverTap's data centre
     * @param url scheme, host and port of the API, instead of the public one
     */
    public record Account(String id, String secret, String region, String url) {

        public boolean configured() {
            return id != null && !id.isBlank() && secret != null && !secret.isBlank();
        }

        @Override
        public String toString() {
            return "Account[id=" + id + ", region=" + region + "]";
        }
    }
}
