package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.logs.Causes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.stereotype.Component;

/**
 * Applies the mappings under {@code mappings/<provider>/}. All of them are compiled at start, and a broken one refuses
 * the start. While running, an edited one takes over as soon as it compiles and its settings are valid; until then
 * the last good one stays, and health, log and metric say so.
 */
@Component("mapper")
public class Mapper implements HealthIndicator, AutoCloseable {

    /** Why an event is skipped that the settings leave out; a mapping answers it where only it can know. */
    public static final String SWITCHED_OFF = "event switched off";

    static final String EVENT = "event";

    private static final Logger LOG = LoggerFactory.getLogger(Mapper.class);
    private static final String DESTINATIONS = "destinations";
    private static final String DESTINATION = "destination.yaml";
    private static final String ENDING = ".jslt";
    private static final String EXAMPLES = "examples";
    /** {@code destinations/<name>/destination.yaml} is the deepest. */
    private static final int DEPTH = 3;
    private static final Status DEGRADED = new Status("DEGRADED");

    private final Path root;
    private final ScheduledExecutorService watcher;
    private Map<Path, String> seen;
    private boolean unreadable;
    private volatile Mappings inUse = Mappings.NONE;
    /** By file, as people name it. */
    private volatile Map<String, Version> versions = Map.of();
    private volatile Map<String, List<Problem>> problems = Map.of();
    /** Of the mappings as they are by now. */
    private volatile FirstRecords firstRecords = new FirstRecords();

    /** Of files that are not watched. */
    private Mapper(Path root) {
        this.root = root;
        watcher = null;
        load();
    }

    /**
     * The mappings of a folder, which nobody watches: edits take over when {@link #reload} is called.
     *
     * @throws StartRefusedException when they cannot be used, a {@link BrokenMappingsException} when it is for their content
     */
    public static Mapper of(Path folder) {
        Mapper mapper = new Mapper(folder);
        mapper.refuseBroken();
        return mapper;
    }

    @Autowired
    Mapper(RelayProperties properties, MeterRegistry metrics) {
        root = properties.homeFolder().resolve("mappings");
        load();
        refuseBroken();
        properties.providers().forEach((name, provider) -> {
            if (provider.open()) {
                checkComplete(name, properties.destinations());
            }
        });
        Gauge.builder("relay.mappings.broken", () -> problems.size())
                .description("Mappings whose newest text cannot be used; the last good one still works").register(metrics);
        watcher = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mappings-watcher");
            thread.setDaemon(true);
            return thread;
        });
        long period = properties.mappingsReload().toMillis();
        watcher.scheduleWithFixedDelay(this::reload, period, period, TimeUnit.MILLISECONDS);
    }

    private void refuseBroken() {
        if (!problems.isEmpty()) {
            throw new BrokenMappingsException(problems());
        }
    }

    /**
     * What would refuse a start with the files as they are now.
     *
     * @throws StartRefusedException when there are none to be read
     */
    static List<Problem> check(RelayProperties properties, Map<String, Destination> destinations) {
        Mapper files = new Mapper(properties.homeFolder().resolve("mappings"));
        destinations.putAll(files.inUse.destinations());
        List<Problem> problems = new ArrayList<>(files.problems());
        properties.providers().forEach((name, provider) -> {
            Path event = files.root.resolve(name).resolve(EVENT + ENDING);
            if (provider.open() && !files.inUse.byName().containsKey(key(name, EVENT)) && problems.stream().noneMatch(problem -> problem.file().equals(event))) {
                problems.add(new Problem(event, 0, 0, "is missing, so no webhook of " + name
                        + " could be understood; add it, as docs/adding-a-provider.md shows, or unset the provider's secret"));
            }
        });
        return problems;
    }

    private void checkComplete(String provider, Map<String, RelayProperties.Destination> destinations) {
        if (!inUse.byName().containsKey(key(provider, EVENT))) {
            throw new StartRefusedException(root.resolve(provider).resolve(EVENT + ENDING) + " is missing, so no webhook of " + provider
                    + " could be understood.", "Add it, as docs/adding-a-provider.md shows, or unset the provider's secret.");
        }
        destinations.forEach((destination, settings) -> {
            if (settings.accounts().values().stream().anyMatch(Account::configured) && !has(provider, destination)) {
                LOG.warn("Nothing of {} is sent to {}, because there is no {}", provider, destination,
                        root.resolve(provider).resolve(destination + ENDING));
            }
        });
    }

    /** The mappings in use, or those that this thread tries. */
    private Mappings mappings() {
        Attempt attempt = Attempt.ofThread();
        return attempt == null ? inUse : attempt.mappings();
    }

    /** The names of the destinations that there are files of. */
    public Set<String> destinations() {
        return mappings().destinations().keySet();
    }

    /**
     * A destination, as its files say by now.
     *
     * @throws StartRefusedException when there is no folder of this name
     */
    public Destination destination(String name) {
        Destination destination = mappings().destinations().get(name);
        if (destination == null) {
            throw new StartRefusedException("there is no folder " + root.resolve(DESTINATIONS).resolve(name),
                    "Add it, as docs/adding-a-destination.md shows; known are: " + String.join(", ", new TreeSet<>(destinations())) + ".");
        }
        return destination;
    }

    /** Whether there is a mapping from this provider to this destination. */
    public boolean has(String provider, String destination) {
        return mappings().byName().containsKey(key(provider, destination));
    }

    /** Whether any of the provider's settings has a switch for this step, or its schema says that it has none. What is off is known, too. */
    public boolean knows(String provider, String step) {
        return mappings().steps().getOrDefault(provider, Set.of()).contains(step);
    }

    /** The names of the mappings in use, as {@code revenuecat/clevertap}. */
    public Set<String> names() {
        return mappings().byName().keySet();
    }

    /** The facts of a webhook. Never fails: what cannot be understood has an id and no type, and says why if the mapping failed on it. */
    public Facts facts(String provider, ObjectNode webhook, byte[] body) {
        Mapping event = mappings().byName().get(key(provider, EVENT));
        if (event == null) {
            return Facts.unreadable(body);
        }
        try {
            return Facts.of(event.apply(Map.of("settings", event.settings()), webhook), body);
        } catch (MappingFailedException e) {
            return Facts.failed(body, e.getMessage());
        }
    }

    /** Whether the settings say that nothing of this provider is sent to this destination. */
    public boolean deliversNothing(String provider, String destination, Facts facts) {
        return Mapping.deliversNothing(mapping(provider, destination).settings(facts));
    }

    /**
     * Whether the settings leave this event out. Where they have user properties beside events, the two are switched independently:
     * the mapping is then asked whether anything is left of an event that is off.
     */
    public boolean switchedOff(String provider, String destination, String step, Facts facts, JsonNode webhook) {
        JsonNode settings = mapping(provider, destination).settings(facts);
        if (!Mapping.switchedOff(settings, step)) {
            return false;
        }
        if (!Mapping.hasUserProperties(settings)) {
            return true;
        }
        try {
            return apply(provider, destination, step, facts, webhook).path("skip").asText().equals(SWITCHED_OFF);
        } catch (MappingFailedException e) {
            return false;
        }
    }

    /** How long the records of this step are held back before they are sent; zero: not at all. */
    public Duration hold(String provider, String destination, String step, Facts facts) {
        return Mapping.hold(mapping(provider, destination).settings(facts), step);
    }

    /**
     * What an event becomes: a list of records, or an object that says why there is none.
     *
     * @throws MappingFailedException when the mapping fails on this event
     */
    public JsonNode apply(String provider, String destination, String step, Facts facts, JsonNode webhook)
            throws MappingFailedException {
        Mapping mapping = mapping(provider, destination);
        Map<String, JsonNode> variables = new HashMap<>();
        variables.put("step", TextNode.valueOf(step));
        variables.put("facts", facts.json());
        variables.put("settings", mapping.settings(facts));
        return mapping.apply(variables, webhook);
    }

    /**
     * Holds the first records that a mapping makes of a step, since the start or the last edit, against what their destination takes. What does not
     * fit stands in log and health until a later event fits or a file is edited.
     *
     * @param records those of one event, asked for only when they are looked at
     */
    public void lookAtFirst(String provider, String destination, String step, Supplier<List<JsonNode>> records) {
        firstRecords.look(provider, destination(destination), step, records);
    }

    private Mapping mapping(String provider, String destination) {
        Mapping mapping = mappings().byName().get(key(provider, destination));
        if (mapping == null) {
            throw new IllegalStateException("there is no mapping " + root.resolve(provider).resolve(destination + ENDING));
        }
        return mapping;
    }

    /** Looks for edits now, instead of at the next turn. */
    public synchronized void reload() {
        try {
            if (!stamps().equals(seen)) {
                load();
            }
            if (unreadable) {
                LOG.info("{} can be read again", root);
                unreadable = false;
            }
        } catch (RuntimeException e) {
            if (!unreadable) {
                LOG.warn("{} cannot be read ({}); the mappings stay as they are", root, Causes.of(e));
            }
            unreadable = true;
        }
    }

    private synchronized void load() {
        Map<Path, String> stamps = stamps();
        Map<String, Mapping> next = new TreeMap<>(inUse.byName());
        Map<String, List<Problem>> broken = new TreeMap<>();
        for (Path file : stamps.keySet()) {
            if (!file.toString().endsWith(ENDING) || file.getParent().getParent() == null || !file.getParent().getParent().equals(root)) {
                continue;
            }
            String name = file.getFileName().toString().replace(ENDING, "");
            String key = key(file.getParent().getFileName().toString(), name);
            try {
                next.put(key, Mapping.compile(root, file.getParent(), name));
            } catch (BrokenMappingException e) {
                broken.put(key, e.problems());
            } catch (RuntimeException | StackOverflowError e) {
                // whatever a parser trips over is this mapping's, and no reason to leave the others as they are
                broken.put(key, List.of(new Problem(file, 0, 0, "it, its settings or its schema cannot be read: " + Causes.of(e))));
            }
        }
        Map<String, Destination> nextDestinations = new TreeMap<>(inUse.destinations());
        for (Path file : stamps.keySet()) {
            if (!file.getFileName().toString().equals(DESTINATION) || !file.startsWith(root.resolve(DESTINATIONS))) {
                continue;
            }
            String name = file.getParent().getFileName().toString();
            try {
                nextDestinations.put(name, Destination.load(root, file.getParent()));
            } catch (BrokenMappingException e) {
                broken.put(key(DESTINATIONS, name), e.problems());
            } catch (RuntimeException | StackOverflowError e) {
                broken.put(key(DESTINATIONS, name), List.of(new Problem(file, 0, 0, "it or a file beside it cannot be read: " + Causes.of(e))));
            }
        }
        for (String name : inUse.destinations().keySet()) {
            Path file = root.resolve(DESTINATIONS).resolve(name).resolve(DESTINATION);
            if (!stamps.containsKey(file)) {
                broken.put(key(DESTINATIONS, name), List.of(new Problem(file, 0, 0, "the file is gone")));
            }
        }
        for (String key : inUse.byName().keySet()) {
            Path file = root.resolve(key + ENDING);
            if (!stamps.containsKey(file)) {
                broken.put(key, List.of(new Problem(file, 0, 0, "the file is gone")));
            }
        }
        Map<String, Version> nextVersions = versions(stamps.keySet(), broken);
        report(broken, next, stamps);
        inUse = Mappings.of(next, nextDestinations);
        versions = nextVersions;
        problems = Map.copyOf(broken);
        firstRecords = new FirstRecords();
        seen = stamps;
    }

    /** Of the files that were read now. Of a mapping that cannot be used what was read before stays in use, and the functions of all with it. */
    private Map<String, Version> versions(Set<Path> files, Map<String, List<Problem>> broken) {
        Map<String, Version> now = new TreeMap<>();
        for (Path file : files) {
            String name = named(file);
            Version before = versions.get(name);
            boolean unused = broken.containsKey(key(file)) || file.getParent().equals(root) && !broken.isEmpty();
            if (unused && before != null) {
                now.put(name, before);
            } else if (!unused) {
                Version read = Version.of(file);
                now.put(name, read.equalsText(before) ? before : read);
            }
        }
        return now;
    }

    /** A file as people name it: its path below {@code mappings/}. */
    private String named(Path file) {
        return root.relativize(file).toString().replace('\\', '/');
    }

    /**
     * Which texts are in use of the files of a mapping or a destination, by their paths below {@code mappings/}.
     *
     * @param name as {@code revenuecat/clevertap} or {@code destinations/clevertap}
     */
    public Map<String, Version> versions(String name) {
        Map<String, Version> found = new TreeMap<>(versions);
        found.keySet().removeIf(file -> !key(root.resolve(file)).equals(name));
        return found;
    }

    private void report(Map<String, List<Problem>> broken, Map<String, Mapping> next, Map<Path, String> stamps) {
        if (inUse.byName().isEmpty()) {
            LOG.info("Mappings: {}", String.join(", ", next.keySet()));
            return;
        }
        if (!broken.isEmpty()) {
            LOG.error("The last good mapping stays in use, because the edited one cannot be used:\n{}", lines(broken));
        }
        String edited = stamps.entrySet().stream().filter(file -> !file.getValue().equals(seen.get(file.getKey()))).map(Map.Entry::getKey)
                .filter(file -> !broken.containsKey(key(file))).map(file -> root.relativize(file).toString()).collect(Collectors.joining(", "));
        if (!edited.isEmpty()) {
            LOG.info("The edited mappings are in use: {}", edited);
        } else if (broken.isEmpty()) {
            LOG.info("All mappings are in use again");
        }
    }

    /** The mapping that a file is of: itself, its settings or its schema. */
    private String key(Path file) {
        String name = file.getFileName().toString();
        if (file.startsWith(root.resolve(DESTINATIONS))) {
            return key(DESTINATIONS, file.getParent().getFileName().toString());
        }
        return key(String.valueOf(file.getParent().getFileName()), name.substring(0, name.indexOf('.')));
    }

    /**
     * Tells one state of the files from another. That is looked at every second, so with one question for each file: of a link that leads to another
     * file now, as a ConfigMap's do, the file's key is another one.
     */
    private Map<Path, String> stamps() {
        Map<Path, String> stamps = new TreeMap<>();
        try {
            Files.walkFileTree(root, Set.of(), DEPTH, new SimpleFileVisitor<>() {
                // there are twenty times as many examples as files that are used
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return folder.endsWith(EXAMPLES) && !folder.getParent().equals(root) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    // a link that leads nowhere is no file
                    if (matters(file) && (!attributes.isSymbolicLink() || Files.exists(file))) {
                        BasicFileAttributes its = attributes.isSymbolicLink() ? Files.readAttributes(file, BasicFileAttributes.class) : attributes;
                        if (its.isRegularFile()) {
                            stamps.put(file, its.lastModifiedTime() + " " + its.size() + " " + its.fileKey());
                        }
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (file.equals(root)) {
                        throw e;
                    }
                    throw new UncheckedIOException(e);
                }
            });
        } catch (IOException e) {
            throw new StartRefusedException("the mappings folder " + root.toAbsolutePath().normalize() + " cannot be read",
                    "Set RELAY_HOME to the folder that holds routes/ and mappings/.", e);
        } catch (UncheckedIOException e) {
            throw new StartRefusedException("the mappings folder " + root.toAbsolutePath().normalize() + " cannot be read",
                    "Make it readable for the user that runs the relay.", e);
        }
        return stamps;
    }

    private static boolean matters(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(ENDING) || name.endsWith(".yaml") || name.endsWith(".schema.json");
    }

    private static String key(String provider, String name) {
        return provider + "/" + name;
    }

    private static String lines(Map<String, List<Problem>> broken) {
        return broken.values().stream().flatMap(List::stream).map(problem -> "  " + problem).collect(Collectors.joining("\n"));
    }

    /** What is wrong with the files as they are by now; while it is, what the last good ones said is in use. */
    public List<Problem> problems() {
        return new TreeMap<>(problems).values().stream().flatMap(List::stream).toList();
    }

    /** The mappings of now, to be tried: they stay the same until the attempt ends, whatever is edited meanwhile. */
    public Attempt attempt() {
        return Attempt.of(mappings());
    }

    /**
     * Has settings stand over those that a provider's files have. For examples, which say what comes of other settings.
     *
     * @param overrides by the name of the settings' file, without its ending
     * @throws BrokenMappingException when their schema does not allow them
     */
    public Attempt withSettings(String provider, JsonNode overrides) throws BrokenMappingException {
        Map<String, Mapping> others = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : overrides.properties()) {
            Path folder = root.resolve(provider);
            Mapping mapping = mapping(provider, entry.getKey());
            others.put(key(provider, entry.getKey()), mapping.with(SettingsFile.read(folder.resolve(entry.getKey() + ".yaml"),
                    folder.resolve(entry.getKey() + ".schema.json"), entry.getValue())));
        }
        return Attempt.of(mappings().with(others));
    }

    /**
     * Has another text stand in the place of that of a file, which stays as it is. What imports it is compiled with it.
     *
     * @param file one of {@link #files}
     * @throws BrokenMappingException when it, or what imports it, cannot be used
     */
    public Attempt withText(String provider, String file, String text) throws BrokenMappingException {
        Mappings now = mappings();
        Path edited = root.resolve(file);
        Texts texts = new Texts(edited, text);
        Path folder = root.resolve(provider);
        String own = key(edited);
        Map<String, Mapping> others = new HashMap<>();
        List<Problem> found = new ArrayList<>();
        for (String mapping : files(provider).stream().filter(name -> name.endsWith(ENDING) && name.startsWith(provider + "/")).toList()) {
            String key = mapping.substring(0, mapping.length() - ENDING.length());
            String name = key.substring(provider.length() + 1);
            Mapping before = now.byName().get(key);
            try {
                if (before == null) {
                    others.put(key, Mapping.compile(texts, root, folder, name));
                } else if (file.endsWith(ENDING)) {
                    others.put(key, Mapping.compile(texts, root, folder.resolve(name + ENDING), before.settings()));
                } else if (key.equals(own)) {
                    others.put(key, before.with(SettingsFile.read(texts, edited, folder.resolve(name + ".schema.json"), MissingNode.getInstance())));
                }
            } catch (BrokenMappingException e) {
                // what was broken without this edit is not to be mended here
                if (key.equals(own) || !problems.containsKey(key)) {
                    found.addAll(e.problems());
                }
            } catch (RuntimeException | StackOverflowError e) {
                found.add(new Problem(edited, 0, 0, "it cannot be read: " + Causes.of(e)));
            }
        }
        if (!found.isEmpty()) {
            throw new BrokenMappingException(found.stream().distinct().toList());
        }
        return Attempt.of(now.with(others));
    }

    /** The files that say what a provider's events become, those beside its folder that it may import last: by their paths below {@code mappings/}. */
    public List<String> files(String provider) {
        List<String> files = new ArrayList<>();
        for (Path folder : List.of(root.resolve(provider), root)) {
            try (Stream<Path> found = Files.list(folder)) {
                found.filter(file -> matters(file) && !file.toString().endsWith(".schema.json")).map(this::named).sorted().forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    /** The folder of all mappings. */
    public Path folder() {
        return root;
    }

    @Override
    public Health health() {
        Map<String, List<Problem>> broken = problems;
        Map<String, List<String>> now = new TreeMap<>(firstRecords.problems());
        broken.forEach((key, found) -> now.computeIfAbsent(key, none -> new ArrayList<>()).addAll(found.stream().map(Problem::toString).toList()));
        if (now.isEmpty()) {
            return Health.up().withDetail("mappings", new ArrayList<>(inUse.byName().keySet())).build();
        }
        Health.Builder health = Health.status(DEGRADED);
        if (!broken.isEmpty()) {
            health.withDetail("inUse", "the last good mappings");
        }
        return health.withDetails(now).build();
    }

    @Override
    public void close() {
        watcher.shutdownNow();
    }
}
