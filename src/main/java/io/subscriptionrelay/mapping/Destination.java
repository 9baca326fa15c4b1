package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.event.StrictJson;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.convert.DurationStyle;

/**
 * All that the relay knows of a destination: the files in {@code mappings/destinations/<name>/}. {@code destination.yaml} says where it
 * is and what its limits are, {@code record.jslt} what a record is about, {@code call.jslt} how a call is made of records,
 * {@code answer.jslt} what the answer means for each of them, and {@code record.schema.json}, if it is there, what a record may hold.
 */
public final class Destination {

    /** What stands for the records while the body of a call is made without reading them. */
    private static final String RECORDS = "the-records-of-the-call-stand-here";
    private static final String CONTENT_TYPE = "Content-Type";
    private static final String JSON = "application/json; charset=utf-8";

    private final String name;
    private final JsonNode settings;
    private final Mapping record;
    private final Mapping call;
    private final Mapping answer;
    private final Optional<RecordSchema> records;
    private final boolean[] aboutRecords = new boolean[1000];
    private final Map<String, Kind> kinds = new TreeMap<>();
    private final Map<String, Frame> frames = new ConcurrentHashMap<>();

    private Destination(String name, JsonNode settings, Mapping record, Mapping call, Mapping answer, Optional<RecordSchema> records) {
        this.name = name;
        this.settings = settings;
        this.record = record;
        this.call = call;
        this.answer = answer;
        this.records = records;
        settings.path("about-records").forEach(range -> {
            String[] ends = range.asText().split("-");
            Arrays.fill(aboutRecords, Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1, true);
        });
        settings.path("calls").properties().forEach(kind -> kinds.put(kind.getKey(), Kind.of(kind.getValue())));
    }

    /**
     * Reads the folder of a destination.
     *
     * @param root the folder that imports in its files are relative to
     * @throws BrokenMappingException with every file that cannot be used, and why
     */
    static Destination load(Path root, Path folder) throws BrokenMappingException {
        JsonNode settings = SettingsFile.read(folder.resolve("destination.yaml"), folder.resolveSibling("destination.schema.json"));
        List<Problem> problems = new ArrayList<>();
        Mapping[] files = new Mapping[3];
        String[] names = {"record", "call", "answer"};
        for (int i = 0; i < names.length; i++) {
            try {
                files[i] = Mapping.compile(root, folder.resolve(names[i] + ".jslt"), settings);
            } catch (BrokenMappingException e) {
                problems.addAll(e.problems());
            }
        }
        Optional<RecordSchema> records = Optional.empty();
        try {
            records = RecordSchema.read(folder.resolve("record.schema.json"));
        } catch (BrokenMappingException e) {
            problems.addAll(e.problems());
        }
        if (!problems.isEmpty()) {
            throw new BrokenMappingException(problems);
        }
        return new Destination(folder.getFileName().toString(), settings, files[0], files[1], files[2], records);
    }

    /** The name of its folder, and in {@code relay.destinations}. */
    public String name() {
        return name;
    }

    /** As people write it. */
    public String title() {
        return settings.path("title").asText(name);
    }

    /** How many calls to an account may be under way at the same moment. */
    public int inFlight() {
        return settings.path("in-flight").asInt();
    }

    /** How many calls to an account may begin in a second; 0: any. */
    public int perSecond() {
        return settings.path("per-second").asInt();
    }

    /** Whether an answer of this status is about the records of the call; otherwise it is about the account, and waited for. */
    public boolean aboutRecords(int status) {
        return status >= 200 && status < 300 || status > 0 && status < aboutRecords.length && aboutRecords[status];
    }

    /**
     * A kind of call.
     *
     * @throws IllegalArgumentException when {@code destination.yaml} has none of this name
     */
    public Kind kind(String call) {
        Kind kind = kinds.get(call);
        if (kind == null) {
            throw new IllegalArgumentException("mappings/destinations/" + name + "/destination.yaml has no kind of call `" + call
                    + "`; record.jslt names it, known are: " + String.join(", ", kinds.keySet()));
        }
        return kind;
    }

    /**
     * The limits of a kind of call.
     *
     * @param records the most records in it
     * @param gap the time between the end of a call for a user and the next one for the same
     * @param fold what is folded, or null: a call is for one user then, and has one record made of all
     * @param asTheyAre whether the records stand in the body as they are, so that none of them needs to be read
     */
    public record Kind(int records, Duration gap, Fold fold, boolean asTheyAre, JsonNode settings) {

        private static Kind of(JsonNode settings) {
            JsonNode fold = settings.path("fold");
            return new Kind(settings.path("records").asInt(), duration(settings.path("gap").asText("0s")),
                    fold.isObject() ? new Fold(fold.path("at").asText(), fold.path("most").asInt()) : null,
                    settings.path("as-they-are").asBoolean(), settings);
        }

        /** Whether a call is for one user. */
        public boolean byUser() {
            return fold != null || !gap.isZero();
        }
    }

    /**
     * What the records of one user are folded by.
     *
     * @param at the key of the object whose keys are put together, the newest value of each
     * @param most how many keys it may have
     */
    public record Fold(String at, int most) {

        /** How many keys this record has there. */
        public int size(JsonNode record) {
            return record.path(at).size();
        }

        /** One record made of several, from the oldest to the newest. */
        public ObjectNode fold(List<JsonNode> records) {
            ObjectNode folded = ((ObjectNode) records.get(records.size() - 1)).objectNode();
            ObjectNode together = folded.objectNode();
            for (JsonNode next : records) {
                folded.setAll((ObjectNode) next);
                next.path(at).properties().forEach(key -> together.set(key.getKey(), key.getValue()));
            }
            folded.set(at, together);
            return folded;
        }
    }

    private static Duration duration(String text) {
        return DurationStyle.detectAndParse(text);
    }

    /**
     * What a record is about, by {@code record.jslt}.
     *
     * @param kind what kind of record it is, whatever the settings call things: a replay finds it by that
     * @param call the kind of call that carries it
     * @param user the id of its user, empty when it is about none
     * @param by the kind of the id whose order is kept, or null
     * @param id the id whose order is kept, or null
     * @param state whether it sets a state of that user, which an older record must not overwrite
     * @param refusal why the destination would refuse it for good, or null
     */
    public record Description(String kind, String call, String user, String by, String id, boolean state, String refusal) {
    }

    /**
     * What a record is about.
     *
     * @throws MappingFailedException when {@code record.jslt} fails on it
     */
    public Description describe(JsonNode node) throws MappingFailedException {
        JsonNode out = record.apply(Map.of("settings", settings), node);
        JsonNode order = out.path("order");
        boolean ordered = order.path("id").isTextual();
        return new Description(out.path("kind").asText("record").replace('/', '-'), out.path("call").asText(""), out.path("user").asText(""),
                ordered ? order.path("by").asText("") : null, ordered ? order.path("id").asText() : null,
                ordered && out.path("state").asBoolean(false), out.path("refuse").isTextual() ? out.get("refuse").textValue() : null);
    }

    /** The keys that a record of a state sets, each of which the newest event decides; null when its state is one as a whole. */
    public List<String> stateKeys(JsonNode record) {
        JsonNode state = settings.path("state");
        JsonNode of = state.has("at") ? record.path(state.get("at").asText()) : MissingNode.getInstance();
        if (!of.isObject()) {
            return null;
        }
        List<String> keys = new ArrayList<>(of.size());
        of.fieldNames().forEachRemaining(keys::add);
        state.path("except").forEach(key -> keys.remove(key.asText()));
        return keys;
    }

    /** A record of a state without these of its {@link #stateKeys}. */
    public JsonNode without(JsonNode record, Collection<String> keys) {
        ObjectNode part = record.deepCopy();
        ((ObjectNode) part.get(settings.path("state").path("at").asText())).remove(keys);
        return part;
    }

    /**
     * What of a record does not fit {@code record.schema.json}, a sentence each, which quotes no value of it. Empty when all fits, and without that
     * file.
     */
    public List<String> problems(JsonNode record) {
        return records.map(schema -> schema.problems(record)).orElse(List.of());
    }

    /** The first of {@link #problems}, and how many more there are. */
    public Optional<String> problem(JsonNode record) {
        List<String> problems = problems(record);
        return problems.stream().findFirst().map(first -> problems.size() == 1 ? first : first + " (and " + (problems.size() - 1) + " more)");
    }

    /** The regions of its accounts, as far as it has more than one. */
    public List<String> regions() {
        List<String> regions = new ArrayList<>();
        settings.path("hosts").fieldNames().forEachRemaining(regions::add);
        return regions;
    }

    /**
     * The scheme, host and port of an account's API.
     *
     * @throws IllegalArgumentException when the destination has no host for the account's region
     */
    public String url(Account account, String kind) {
        if (account.url() != null && !account.url().isBlank()) {
            return account.url().trim().replaceAll("/+$", "");
        }
        JsonNode hosts = kind != null && kind(kind).settings().path("hosts").isObject() ? kind(kind).settings().get("hosts") : settings.path("hosts");
        String region = account.region() == null || account.region().isBlank() ? settings.path("region").asText("default")
                : account.region().trim().toLowerCase(Locale.ROOT);
        String host = hosts.path(region).asText(hosts.path("default").asText(""));
        if (host.isEmpty()) {
            throw new IllegalArgumentException("the region `" + region + "`; " + title() + " has " + String.join(", ", regions()));
        }
        return host.replace("{id}", account.id());
    }

    /**
     * A call that can be made.
     *
     * @param path after scheme, host and port
     * @param headers with the account's secret; for the call alone
     */
    public record Request(String url, String method, String path, Map<String, String> headers, byte[] body) {
    }

    private record Frame(String method, String path, byte[] before, byte[] after) {
    }

    /**
     * The call that carries these records as they are.
     *
     * @param records JSON, one after the other
     * @throws MappingFailedException when {@code call.jslt} fails, or puts the records nowhere
     */
    public Request request(String kind, Account account, List<byte[]> records) throws MappingFailedException {
        Frame frame = frames.get(kind + '/' + account.id());
        if (frame == null) {
            frame = frame(kind, account);
            frames.put(kind + '/' + account.id(), frame);
        }
        int size = frame.before.length + frame.after.length;
        for (byte[] next : records) {
            size += next.length + 1;
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream(size);
        body.writeBytes(frame.before);
        for (int i = 0; i < records.size(); i++) {
            if (i > 0) {
                body.write(',');
            }
            body.writeBytes(records.get(i));
        }
        body.writeBytes(frame.after);
        return new Request(url(account, kind), frame.method, frame.path, headers(kind, account), body.toByteArray());
    }

    private Frame frame(String kind, Account account) throws MappingFailedException {
        ArrayNode marker = StrictJson.mapper().createArrayNode().add(TextNode.valueOf(RECORDS));
        JsonNode made = made(kind, account, marker);
        String body = new String(bytes(made.path("body")), StandardCharsets.UTF_8);
        String quoted = '"' + RECORDS + '"';
        int at = body.indexOf(quoted);
        if (at < 0) {
            throw new MappingFailedException("mappings/destinations/" + name + "/call.jslt: the body of `" + kind
                    + "` has no list `.records`, though destination.yaml says as-they-are");
        }
        return new Frame(made.path("method").asText("POST"), path(made), body.substring(0, at).getBytes(StandardCharsets.UTF_8),
                body.substring(at + quoted.length()).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The call that is made of these records.
     *
     * @throws MappingFailedException when {@code call.jslt} fails on them
     */
    public Request request(String kind, Account account, ArrayNode records) throws MappingFailedException {
        JsonNode made = made(kind, account, records);
        return new Request(url(account, kind), made.path("method").asText("POST"), path(made), headers(kind, account), bytes(made.path("body")));
    }

    private JsonNode made(String kind, Account account, ArrayNode records) throws MappingFailedException {
        ObjectNode input = StrictJson.mapper().createObjectNode();
        input.put("call", kind).put("account", account.id()).set("records", records);
        JsonNode made = call.apply(Map.of("settings", settings), input);
        if (!made.path("body").isObject() && !made.path("body").isArray() || !made.path("path").isArray()) {
            throw new MappingFailedException("mappings/destinations/" + name + "/call.jslt gave no `path` (a list of its parts) or no `body` for `"
                    + kind + "`");
        }
        return made;
    }

    /** The parts may be ids: none of them may become another path. */
    private String path(JsonNode made) {
        StringBuilder path = new StringBuilder();
        for (JsonNode part : made.path("path")) {
            path.append('/').append(URLEncoder.encode(part.asText(), StandardCharsets.UTF_8).replace("+", "%20"));
        }
        return path.toString();
    }

    private Map<String, String> headers(String kind, Account account) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(CONTENT_TYPE, JSON);
        add(headers, settings.path("headers"), account);
        add(headers, kind(kind).settings().path("headers"), account);
        return headers;
    }

    /** A header's value, or several by what the secret begins with. */
    private static void add(Map<String, String> headers, JsonNode more, Account account) {
        more.properties().forEach(header -> {
            JsonNode value = header.getValue();
            if (value.isObject()) {
                value = value.properties().stream().filter(form -> account.secret().startsWith(form.getKey()))
                        .max((one, other) -> one.getKey().length() - other.getKey().length()).map(Map.Entry::getValue).orElse(TextNode.valueOf(""));
            }
            headers.put(header.getKey(), value.asText().replace("{basic}", basic(account)).replace("{id}", account.id())
                    .replace("{secret}", account.secret().trim()));
        });
    }

    /** What stands behind {@code Basic} (RFC 7617, 2). */
    private static String basic(Account account) {
        return Base64.getEncoder().encodeToString((account.id() + ':' + account.secret().trim()).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(JsonNode body) {
        try {
            return StrictJson.mapper().writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was read as JSON can be written as JSON", e);
        }
    }

    /** What an answer means for one record. */
    public sealed interface Outcome {
    }

    /** The destination has it. */
    public record Taken() implements Outcome {
    }

    /** It is refused for good. */
    public record Park(String reason) implements Outcome {
    }

    /**
     * It is refused for a passing reason.
     *
     * @param atMost how much waiting may end in such a refusal until it is parked; null: any
     * @param times how many such refusals there may be until it is parked; 0: any number
     */
    public record Retry(String reason, Duration atMost, int times) implements Outcome {
    }

    /** What an answer means for a call: one of three. */
    public sealed interface Verdict {
    }

    /** What became of each record, in their order. */
    public record Each(List<Outcome> outcomes) implements Verdict {
    }

    /** The call was refused as a whole: its halves are tried. */
    public record Split() implements Verdict {
    }

    /** The answer is about the account, whatever its status says. */
    public record Again() implements Verdict {
    }

    private static final Taken TAKEN = new Taken();

    /**
     * What an answer means.
     *
     * @param records those of the call, where they were read for it
     * @param count how many there were
     * @throws MappingFailedException when {@code answer.jslt} fails on it, or says something that makes no sense
     */
    public Verdict verdict(String kind, int status, Map<String, String> headers, JsonNode body, Optional<ArrayNode> records, int count)
            throws MappingFailedException {
        ObjectNode input = StrictJson.mapper().createObjectNode();
        input.put("call", kind).put("status", status).put("success", status >= 200 && status < 300).put("count", count);
        if (body != null && !body.isMissingNode()) {
            input.set("body", body);
        }
        ObjectNode named = input.putObject("headers");
        headers.forEach((header, value) -> named.put(header.toLowerCase(Locale.ROOT), value));
        records.ifPresent(list -> input.set("records", list));
        JsonNode out = answer.apply(Map.of("settings", settings), input);
        if (out.isTextual() && out.textValue().equals("split")) {
            return new Split();
        }
        if (out.isTextual() && out.textValue().equals("again")) {
            return new Again();
        }
        List<Outcome> outcomes = new ArrayList<>(count);
        if (out.isArray()) {
            if (out.size() != count) {
                throw nonsense("a list of " + out.size() + " for " + count + " records");
            }
            for (JsonNode one : out) {
                outcomes.add(outcome(one));
            }
        } else {
            Outcome all = outcome(out.has("others") ? out.get("others") : out);
            for (int i = 0; i < count; i++) {
                outcomes.add(all);
            }
            for (JsonNode one : out.path("except")) {
                int place = one.path("record").asInt(0);
                if (place < 1 || place > count) {
                    throw nonsense("the record " + one.path("record") + " of " + count);
                }
                outcomes.set(place - 1, outcome(one));
            }
        }
        return new Each(outcomes);
    }

    private Outcome outcome(JsonNode out) throws MappingFailedException {
        if (out.isTextual() && out.textValue().equals("taken")) {
            return TAKEN;
        }
        if (out.path("park").isTextual()) {
            return new Park(out.get("park").textValue());
        }
        if (out.path("retry").isTextual()) {
            try {
                return new Retry(out.get("retry").textValue(), out.has("for") ? duration(out.path("for").asText()) : null,
                        out.path("times").asInt(0));
            } catch (IllegalArgumentException e) {
                throw nonsense("a retry for a time that is none; write 24h or 30m");
            }
        }
        throw nonsense("an outcome that is neither \"taken\", { \"park\": reason } nor { \"retry\": reason }");
    }

    private MappingFailedException nonsense(String what) {
        return new MappingFailedException("mappings/destinations/" + name + "/answer.jslt gave " + what);
    }
}
