package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.schibsted.spt.data.jslt.Expression;
import com.schibsted.spt.data.jslt.JsltException;
import com.schibsted.spt.data.jslt.Parser;
import com.schibsted.spt.data.jslt.ResourceResolver;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One compiled mapping with its settings.
 *
 * @param name its file, below the folder of all mappings
 * @param platforms the settings as they are for the events of one platform, by its name in any case
 * @param steps the names under {@code events} in the settings, whether they are on or off
 */
record Mapping(String name, Expression expression, JsonNode settings, Map<String, JsonNode> platforms, Set<String> steps) {

    static final String PLATFORMS = "platforms";
    static final String HOLD = "hold";
    /** A time in minutes or hours. */
    static final Pattern HOLD_TIME = Pattern.compile("^[1-9][0-9]{0,3}(m|h)$");
    static final String USER_PROPERTIES = "user-properties";
    static final String EVENTS = "events";
    /** What a mapping is given; each kind of file gets some of them. */
    private static final Set<String> VARIABLES = Set.of("step", "facts", "settings");

    /**
     * Compiles {@code <folder>/<name>.jslt} with {@code <name>.yaml} and {@code <name>.schema.json} beside it.
     *
     * @param root the folder that imports in a mapping are relative to
     * @throws BrokenMappingException with file, line, column and what is wrong
     */
    static Mapping compile(Path root, Path folder, String name) throws BrokenMappingException {
        return compile(Texts.ON_DISK, root, folder, name);
    }

    /** The same of other texts than those on disk. */
    static Mapping compile(Texts texts, Path root, Path folder, String name) throws BrokenMappingException {
        JsonNode settings;
        try {
            settings = SettingsFile.read(texts, folder.resolve(name + ".yaml"), folder.resolve(name + ".schema.json"), MissingNode.getInstance());
        } catch (BrokenMappingException e) {
            List<Problem> problems = new ArrayList<>(e.problems());
            try {
                compile(texts, root, folder.resolve(name + ".jslt"), MissingNode.getInstance());
            } catch (BrokenMappingException besides) {
                problems.addAll(besides.problems());
            }
            throw new BrokenMappingException(problems);
        }
        return compile(texts, root, folder.resolve(name + ".jslt"), settings);
    }

    /**
     * Compiles a file with these settings.
     *
     * @param root the folder that imports in it are relative to
     * @throws BrokenMappingException with file, line, column and what is wrong
     */
    static Mapping compile(Path root, Path file, JsonNode settings) throws BrokenMappingException {
        return compile(Texts.ON_DISK, root, file, settings);
    }

    /** The same of other texts than those on disk. */
    static Mapping compile(Texts texts, Path root, Path file, JsonNode settings) throws BrokenMappingException {
        AtomicReference<Path> reading = new AtomicReference<>(file);
        ResourceResolver imports = path -> {
            try {
                Path module = root.resolve(path);
                if (!module.normalize().startsWith(root.normalize())) {
                    // a mistake in a mapping is quoted, so no other file may be taken for one
                    throw new JsltException("cannot import " + path + ": it is not under " + root);
                }
                Reader imported = new StringReader(texts.read(module));
                reading.set(module);
                return imported;
            } catch (IOException e) {
                throw new JsltException("cannot import " + path + ": there is no such file under " + root);
            }
        };
        try {
            String text = texts.read(file);
            Expression expression = new Parser(new StringReader(text))
                    .withSource(file.toString())
                    .withFunctions(MappingFunctions.all())
                    .withResourceResolver(imports)
                    .compile();
            Optional<Problem> unknown = MappingMistake.unknownVariable(file, text, VARIABLES);
            if (unknown.isPresent()) {
                throw new BrokenMappingException(unknown.get());
            }
            return of(root.relativize(file).toString(), expression, settings);
        } catch (JsltException e) {
            // where it has no source of its own, it is about the file that was read last
            Path source = e.getSource() == null ? reading.get() : e.getSource().equals(file.toString()) ? file : root.resolve(e.getSource());
            throw new BrokenMappingException(MappingMistake.of(source, text(texts, source), e));
        } catch (IOException e) {
            throw new BrokenMappingException(new Problem(file, 0, 0, "cannot be read as UTF-8: " + e.getClass().getSimpleName()));
        }
    }

    private static String text(Texts texts, Path file) {
        try {
            return texts.read(file);
        } catch (IOException e) {
            return "";
        }
    }

    private static Mapping of(String name, Expression expression, JsonNode settings) {
        Map<String, JsonNode> platforms = platforms(settings);
        Set<String> steps = new HashSet<>();
        Stream.concat(Stream.of(settings), platforms.values().stream()).forEach(each -> each.path(EVENTS).fieldNames().forEachRemaining(steps::add));
        return new Mapping(name, expression, settings, platforms, Set.copyOf(steps));
    }

    /** The same mapping with other settings. */
    Mapping with(JsonNode others) {
        return of(name, expression, others);
    }

    private static Map<String, JsonNode> platforms(JsonNode settings) {
        Map<String, JsonNode> platforms = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        settings.path(PLATFORMS).properties().stream().filter(platform -> platform.getValue().isObject())
                .forEach(platform -> platforms.put(platform.getKey(), over(settings, platform.getValue())));
        return platforms;
    }

    /** The settings with others over them, key by key. */
    private static JsonNode over(JsonNode settings, JsonNode others) {
        if (!settings.isObject() || !others.isObject()) {
            return others;
        }
        ObjectNode merged = ((ObjectNode) settings).objectNode().setAll((ObjectNode) settings);
        others.properties().forEach(other -> merged.set(other.getKey(),
                merged.has(other.getKey()) ? over(merged.get(other.getKey()), other.getValue()) : other.getValue()));
        return merged;
    }

    /** What holds for an event: the settings, with those over them that {@code platforms} has for the platform in its facts. */
    JsonNode settings(Facts facts) {
        String platform = facts.json().path("platform").asText("");
        return platforms.getOrDefault(platform, settings);
    }

    /**
     * Applies the mapping to an event. JSLT throws more than its own exception: a slice beyond the end of a text an
     * {@code IndexOutOfBoundsException}, {@code parse-url} an {@code IllegalArgumentException}, a function that calls itself without end a
     * {@code StackOverflowError}. All of them are about this event alone, so nothing else may stop for them.
     *
     * @throws MappingFailedException whatever the mapping does wrong, with its file and line
     */
    JsonNode apply(Map<String, JsonNode> variables, JsonNode webhook) throws MappingFailedException {
        Attempt attempt = Attempt.ofThread();
        try {
            return attempt == null || attempt.allowance() == null ? expression.apply(variables, webhook)
                    : attempt.allowance().apply(expression, variables, webhook);
        } catch (Allowance.TooMuchException e) {
            throw new MappingFailedException(name + ": the mapping " + e.getMessage());
        } catch (JsltException e) {
            throw new MappingFailedException(name + (e.getLine() > 0 ? ", line " + e.getLine() + ", column " + e.getColumn() : "")
                    + ": the mapping failed on this event");
        } catch (StackOverflowError e) {
            throw new MappingFailedException(name + ": the mapping failed on this event, because a function in it calls itself without end");
        } catch (RuntimeException e) {
            // its message may quote the event
            throw new MappingFailedException(name + ": the mapping failed on this event (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** Whether the settings say that nothing is sent at all: {@code deliver: off}. */
    static boolean deliversNothing(JsonNode settings) {
        return settings.has("deliver") && off(settings.get("deliver"));
    }

    /** Whether the settings leave the event of this step out: it is missing, blank, off, or an object that says so. */
    static boolean switchedOff(JsonNode settings, String step) {
        JsonNode event = settings.path(EVENTS).path(step);
        if (event.isObject()) {
            return (event.has("enabled") && off(event.get("enabled"))) || (event.has("name") && off(event.get("name")));
        }
        return off(event);
    }

    /** Whether the settings have user properties, which are switched independently of events. */
    static boolean hasUserProperties(JsonNode settings) {
        return !off(settings.path(USER_PROPERTIES));
    }

    /** How long records of this step are held back before they are sent; zero: not at all. */
    static Duration hold(JsonNode settings, String step) {
        String time = settings.path(HOLD).path(step).asText("");
        if (!HOLD_TIME.matcher(time).matches()) {
            return Duration.ZERO;
        }
        long number = Long.parseLong(time.substring(0, time.length() - 1));
        return time.endsWith("h") ? Duration.ofHours(number) : Duration.ofMinutes(number);
    }

    private static boolean off(JsonNode event) {
        return event.isMissingNode() || event.isNull() || (event.isBoolean() && !event.booleanValue())
                || (event.isTextual() && event.textValue().isBlank());
    }
}
