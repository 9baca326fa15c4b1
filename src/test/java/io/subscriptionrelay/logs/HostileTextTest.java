package io.subscriptionrelay.logs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.subscriptionrelay.event.StrictJson;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No text from outside takes long to look at: a webhook or an answer of a megabyte would hold up all that wait behind it. */
class HostileTextTest {

    private static final int MEBIBYTE = 1024 * 1024;
    private static final long LONGEST_MILLIS = 50;
    /** Where looking back shows: it makes so many thousand looks at each character of such a text, and calls itself until no room is left. */
    private static final int LONG = MEBIBYTE / 8;
    /** How often a pattern may look at a character of a text, over all of its tries: as often as it has alternatives, and a few times more. */
    private static final int LOOKS_AT_EACH = 16;
    /** What reads files and settings of the operator's, who is trusted; what sees the 8 kB of a request line at most; and what is not in the relay. */
    private static final Set<String> NOT_FROM_OUTSIDE = Set.of("routes", "config", "commands", "simulator", "demo");
    /** What reads the operator's mappings only, token by token: a mebibyte is a million of them. */
    private static final Set<String> OF_MAPPINGS = Set.of("mapping.MappingTokens.TOKEN");
    /** Of pages, where an operator asks for one thing: its search box takes 1000 characters, and values of one webhook are looked at one by one. */
    private static final Set<String> OF_PAGES = Set.of("pages.EventSearch", "pages.InventedValues");
    /** Patterns in the middle of code are looked at one by one; these see settings, or cut what they see before. */
    private static final Map<String, String> INLINE = Map.of(
            "mapping/Accounts.java", "urls and names of settings",
            "mapping/Destination.java", "settings of destinations",
            "deliver/DeliverRoutes.java", "names of queues",
            "deliver/BatchSettlement.java", "a reason that was cut, and an id that stands in it",
            "mapping/MappingTokens.java", "mappings, word by word",
            "mapping/MappingMistake.java", "messages of the mapping language",
            "mapping/SettingsFile.java", "settings",
            "history/EventTerms.java", "the words of a question, as long as Tomcat's longest line",
            "history/LuceneHistory.java", "names of folders",
            "history/ParkedQuery.java", "a query, as long as Tomcat's longest line");
    private static final Pattern INLINE_PATTERN = Pattern.compile(
            "(?<!matcher\\([^\n]{0,80}\\))\\.(replaceAll|replaceFirst|split|matches)\\(\"|Pattern\\.matches\\(");
    private static final Pattern REGEX_OF_A_MAPPING = Pattern.compile("\\b(?:replace|test|capture|split)\\([^\"\\n]*\"((?:[^\"\\\\]|\\\\.)*)\"");

    @Test
    void everyPatternOfTheRelayAndItsMappingsLooksAtEachCharacterAFewTimes() throws Exception {
        Map<String, Pattern> patterns = patterns();
        assertThat(patterns.keySet()).contains("logs.Causes.ADDRESS", "webhook.Authentication.ID")
                .anyMatch(name -> name.startsWith("mappings/qonversion/event.jslt"))
                .anyMatch(name -> name.startsWith("mappings/destinations/braze/record.schema.json"));
        patterns.keySet().removeAll(OF_MAPPINGS);
        patterns.keySet().removeIf(name -> OF_PAGES.stream().anyMatch(of -> name.startsWith(of + ".")));
        Map<String, String> texts = hostile(LONG);
        List<String> slow = new ArrayList<>();
        patterns.forEach((name, pattern) -> texts.forEach((what, text) -> {
            try {
                look(pattern, new LookedAt(text));
            } catch (TooManyLooksException e) {
                slow.add(name + " of " + what);
            }
        }));
        assertThat(slow).as("patterns that look at a character more than %d times", LOOKS_AT_EACH).isEmpty();
    }

    @Test
    void whatIsSaidOfAMebibyteIsSaidAtOnceAndIsShort() {
        Map<String, Consumer<String>> sayings = Map.of(
                "line", text -> assertThat(Causes.line(text)).hasSizeLessThan(310),
                "reason", text -> assertThat(Causes.reason("unknown event type " + text)).hasSizeLessThan(1010),
                "cause", text -> assertThat(Causes.of(new IllegalStateException(text))).hasSizeLessThan(350),
                "shown", text -> assertThat(Printable.text(text.substring(0, 1000)) + Printable.id(text.substring(0, 1000))).isNotEmpty());
        Map<String, Long> slow = new TreeMap<>();
        sayings.forEach((name, saying) -> hostile(MEBIBYTE).forEach((what, text) -> {
            long millis = time(() -> saying.accept(text));
            if (millis > LONGEST_MILLIS) {
                slow.put(name + " of " + what, millis);
            }
        }));
        assertThat(slow).isEmpty();
    }

    @Test
    void noFurtherPatternHidesInTheMiddleOfCode() throws IOException {
        Path sources = Path.of("src/main/java/io/subscriptionrelay");
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(name -> name.toString().endsWith(".java")).toList()) {
                String name = sources.relativize(file).toString().replace('\\', '/');
                String text = Files.readString(file);
                boolean inline = INLINE_PATTERN.matcher(text).find();
                boolean local = text.lines().anyMatch(line -> line.contains("Pattern.compile(") && !line.contains("static final Pattern"));
                if ((inline || local) && !NOT_FROM_OUTSIDE.contains(name.split("/")[0]) && !INLINE.containsKey(name)) {
                    found.add(name);
                }
            }
        }
        assertThat(found).as("make it a `static final Pattern`, which is tried with a mebibyte, or say here why it need not be").isEmpty();
    }

    private static Map<String, Pattern> patterns() throws Exception {
        Map<String, Pattern> patterns = new TreeMap<>();
        Path classes = Path.of("target/classes");
        try (Stream<Path> files = Files.walk(classes.resolve("io/subscriptionrelay"))) {
            for (Path file : files.filter(name -> name.toString().endsWith(".class")).toList()) {
                String name = classes.relativize(file).toString().replace('/', '.').replaceFirst("\\.class$", "");
                String place = name.replace("io.subscriptionrelay.", "");
                if (NOT_FROM_OUTSIDE.contains(place.split("\\.")[0]) || !new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                        .contains("Ljava/util/regex/Pattern;")) {
                    continue;
                }
                for (Field field : Class.forName(name).getDeclaredFields()) {
                    if (field.getType() == Pattern.class && Modifier.isStatic(field.getModifiers())) {
                        field.setAccessible(true);
                        patterns.put(place + "." + field.getName(), (Pattern) field.get(null));
                    }
                }
            }
        }
        try (Stream<Path> files = Files.walk(Path.of("mappings"))) {
            for (Path file : files.filter(name -> name.toString().endsWith(".jslt")).toList()) {
                Matcher found = REGEX_OF_A_MAPPING.matcher(Files.readString(file));
                while (found.find()) {
                    patterns.put(file + " " + found.group(1), Pattern.compile(found.group(1)));
                }
            }
        }
        try (Stream<Path> files = Files.walk(Path.of("mappings"))) {
            for (Path file : files.filter(name -> name.endsWith("record.schema.json")).toList()) {
                JsonNode schema = StrictJson.mapper().readTree(file.toFile());
                List<String> texts = new ArrayList<>(schema.findValuesAsText("pattern"));
                schema.findValues("patternProperties").forEach(names -> names.fieldNames().forEachRemaining(texts::add));
                texts.forEach(text -> patterns.put(file + " " + text, Pattern.compile(text)));
            }
        }
        return patterns;
    }

    private static Map<String, String> hostile(int length) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String part : List.of("a", "1", "/", "@", "-", " ", "\n", "\u0000", "{", "\\", "ä", "\ud83d\ude00", "a@", "@a", "a,", "a@b,", "/a", "1.", "{{", "${",
                "{body}", "_cancelled", "_ms", "Skipped record number : ", "Skipped record number", "127.1", "key:", "[::1]:")) {
            String many = part.repeat(length / part.length());
            texts.put("many `" + part + "`", many);
            texts.put("many `" + part + "` and `,@`", many.substring(0, many.length() - 2) + ",@");
            texts.put("`Skipped record number` and many `" + part + "`", "Skipped record number" + many.substring(0, many.length() - 21));
        }
        return texts;
    }

    /** A text that lets nobody look at it for ever. */
    private static final class LookedAt implements CharSequence {
        private final String text;
        private final long most;
        private long looks;

        LookedAt(String text) {
            this.text = text;
            most = (long) text.length() * LOOKS_AT_EACH;
        }

        @Override
        public char charAt(int index) {
            if (++looks > most) {
                throw new TooManyLooksException();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }
    }

    private static final class TooManyLooksException extends RuntimeException {
    }

    private static void look(Pattern pattern, CharSequence text) {
        try {
            pattern.matcher(text).matches();
            Matcher matcher = pattern.matcher(text);
            while (matcher.find()) {
                matcher.start();
            }
        } catch (StackOverflowError e) {
            throw new AssertionError(pattern + " calls itself for each character", e);
        }
    }

    /** In milliseconds of the thread's own time, once the code is warm: what else the machine does is not the text's fault. */
    private static long time(Runnable look) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long best = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 8 && best > LONGEST_MILLIS; attempt++) {
            long begun = threads.getCurrentThreadCpuTime();
            look.run();
            best = Math.min(best, (threads.getCurrentThreadCpuTime() - begun) / 1_000_000);
        }
        return best;
    }
}
