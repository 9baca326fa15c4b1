package io.subscriptionrelay.config;

import io.subscriptionrelay.config.RelayProperties.Provider;
import io.subscriptionrelay.config.RelayProperties.SecretEncoding;
import io.subscriptionrelay.config.RelayProperties.Signature;
import io.subscriptionrelay.config.RelayProperties.Token;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** Looks for secrets that anybody could guess. Names where they come from, and never shows one. */
final class SecretCheck {

    private static final Logger LOG = LoggerFactory.getLogger(SecretCheck.class);

    private static final int SHORTEST = 16;
    /** Words that stand before secrets in headers. */
    private static final List<String> SCHEMES = List.of("Basic", "Bearer", "Digest", "Key", "Token");
    /** Those that nobody has for a secret, not even where the blank behind them got lost. */
    private static final List<String> NEVER_SECRET = List.of("Basic", "Bearer");
    /** What stands before a key to say what it is for, like {@code whsec_}, with no key behind it. */
    private static final Pattern WORD_WITHOUT_KEY = Pattern.compile("[A-Za-z_]{0,14}_");

    private final Environment environment;

    SecretCheck(Environment environment) {
        this.environment = environment;
    }

    /** The lists as they are written: bound to several secrets, nobody could tell whether it was a comma that separates them. */
    record WrittenProvider(WrittenToken token, WrittenSignature signature) {

        private String alsoAccept() {
            return token == null ? null : token.alsoAccept();
        }

        private String secrets() {
            return signature == null ? null : signature.secrets();
        }
    }

    record WrittenToken(String alsoAccept) {
    }

    record WrittenSignature(String secrets) {
    }

    /**
     * Warns of a secret that is short.
     *
     * @throws StartRefusedException when nothing is left of a secret without its prefix, or when a comma cuts a short part off
     */
    void check(RelayProperties properties) {
        Map<String, WrittenProvider> written = Binder.get(environment)
                .bind("relay.providers", Bindable.mapOf(String.class, WrittenProvider.class)).orElse(Map.of());
        properties.providers().forEach((name, provider) ->
                check("relay.providers." + name, provider, written.getOrDefault(name, new WrittenProvider(null, null))));
        properties.destinations().forEach((name, destination) -> destination.accounts().forEach((account, settings) ->
                refuseEmpty(settings.secret(), secret -> bare(secret, List.of()),
                        variable("relay.destinations." + name + ".accounts." + account + ".secret", null))));
    }

    private void check(String path, Provider provider, WrittenProvider written) {
        Token token = provider.token();
        if (token != null) {
            UnaryOperator<String> bare = secret -> bare(secret, token.prefixes());
            if (!token.waived()) {
                checkEach(path + ".token.value", token.variable(), Stream.ofNullable(token.value()).toList(), null, bare);
            }
            checkEach(path + ".token.also-accept", null, token.alsoAccept(), written.alsoAccept(), bare);
        }
        Signature signature = provider.signature();
        if (signature != null) {
            checkEach(path + ".signature.secrets", signature.variable(), signature.secrets(), written.secrets(),
                    secret -> signature.secretEncoding() == SecretEncoding.BASE64 ? secret.substring(secret.lastIndexOf('_') + 1).strip()
                            : bare(secret, List.of()));
        }
    }

    private void checkEach(String path, String usual, List<String> secrets, String list, UnaryOperator<String> bare) {
        boolean commas = list != null && list.contains(",");
        for (int i = 0; i < secrets.size(); i++) {
            String secret = secrets.get(i);
            boolean isShort = bare.apply(secret).length() < SHORTEST;
            if (commas && isShort) {
                throw new StartRefusedException(variable(path, usual) + " holds a comma, which separates several secrets, and one of them would have"
                        + " fewer than " + SHORTEST + " characters.",
                        "If it is one secret with a comma in it, have the provider make another one; nobody could tell it from several. If it is"
                                + " several, give each at least " + SHORTEST + " characters, and leave none out between two commas.");
            }
            String variable = usual != null || commas ? variable(path, usual) : variable(path + "[" + i + "]", null);
            refuseEmpty(secret, bare, variable);
            if (isShort && !secret.isBlank()) {
                LOG.warn("{} has fewer than {} characters, so that it could be guessed; have the provider take a longer one", variable, SHORTEST);
            }
        }
    }

    private static void refuseEmpty(String secret, UnaryOperator<String> bare, String variable) {
        if (secret != null && !secret.isBlank() && bare.apply(secret).isEmpty()) {
            throw new StartRefusedException(variable + " is only the prefix of a secret: nothing comes behind it, and anybody could send that.",
                    "Write the secret behind it, or leave it empty altogether: then it is not set.");
        }
    }

    /** What is left of a secret without the words before it that everybody knows. */
    static String bare(String secret, List<String> prefixes) {
        String bare = secret.stripLeading();
        for (String before = ""; !bare.equals(before);) {
            before = bare;
            for (String prefix : Stream.concat(prefixes.stream(), SCHEMES.stream()).toList()) {
                if (bare.regionMatches(true, 0, prefix + " ", 0, prefix.length() + 1)) {
                    bare = bare.substring(prefix.length()).stripLeading();
                }
            }
        }
        bare = bare.stripTrailing();
        return Stream.concat(prefixes.stream(), NEVER_SECRET.stream()).anyMatch(bare::equalsIgnoreCase) || WORD_WITHOUT_KEY.matcher(bare).matches()
                ? "" : bare;
    }

    /** Where a setting comes from: the variable that is named for it, the one that it is made of, or itself. */
    private String variable(String path, String usual) {
        return usual != null && !usual.isBlank() ? usual : Variables.of(environment, path);
    }
}
