package io.subscriptionrelay.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.subscriptionrelay.order.Lifecycle.Kind;
import io.subscriptionrelay.order.Lifecycle.Provider;
import io.subscriptionrelay.order.Lifecycle.Step;
import io.subscriptionrelay.order.Lifecycle.Webhook;
import io.subscriptionrelay.simulator.CleverTapSimulator.StoredRecord;
import io.subscriptionrelay.testing.Events;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Queues;
import io.subscriptionrelay.testing.RelayApp;
import io.subscriptionrelay.testing.Simulators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Late and shuffled webhooks: whatever order and whenever the webhooks of a lifecycle come, each tag and profile property ends with
 * the value of the newest event that sets it. Of several events of the same time it is the value of one of them. Each
 * lifecycle has a user of its own, so that one run is thousands of cases side by side.
 */
class NewestStateTest {

    private static final int SENDERS = 8;
    /** RevenueCat retries after 5, 10, 20, 40 and 80 minutes; here a minute is this long, in milliseconds. */
    private static final int MINUTE = 20;
    private static final int[] RETRIES = {0, 5, 15, 35, 75, 155};
    private static final AtomicInteger USER = new AtomicInteger();

    private static Path folder;
    private static Simulators simulators;
    private static RelayApp relay;
    private static Queues queues;

    @BeforeContainer
    static void start() throws IOException {
        folder = Files.createTempDirectory("newest-state");
        Path home = Home.copyTo(folder.resolve("home"));
        Path settings = home.resolve("mappings/revenuecat/clevertap.yaml");
        Files.writeString(settings, Files.readString(settings).replace("profile: off", "profile: on"));
        simulators = new Simulators();
        simulators.cleverTap.latency(Duration.ofMillis(5), Duration.ofMillis(60));
        simulators.oneSignal.latency(Duration.ofMillis(2), Duration.ofMillis(20));
        relay = RelayApp.with(folder.resolve("data")).home(home).cleverTap(simulators.cleverTap.url()).oneSignal(simulators.oneSignal.url())
                .set("PURCHASELY_SHARED_SECRET", io.subscriptionrelay.testing.Webhook.PURCHASELY_SECRET)
                .set("QONVERSION_TOKEN", io.subscriptionrelay.testing.Webhook.QONVERSION_TOKEN).start();
        queues = new Queues(relay);
    }

    @AfterContainer
    static void stop() throws IOException {
        relay.close();
        simulators.close();
        org.springframework.util.FileSystemUtils.deleteRecursively(folder);
    }

    /** Four different events of each provider, in all of their 24 orders: at once, and one by one. */
    @Example
    void everyOrderOfAShortLifecycleEndsWithItsNewestEvent() {
        List<Lifecycle> lifecycles = new ArrayList<>();
        for (Provider provider : Provider.values()) {
            for (List<Kind> kinds : List.of(List.of(Kind.TRIAL, Kind.RENEWAL, Kind.BILLING_ISSUE, Kind.EXPIRATION),
                    List.of(Kind.PURCHASE, Kind.CANCEL, Kind.UNCANCEL, Kind.PRODUCT_CHANGE), List.of(Kind.PURCHASE, Kind.PAUSE, Kind.REFUND, Kind.ONE_OFF))) {
                for (List<Integer> order : permutations(List.of(0, 1, 2, 3))) {
                    for (int pace : new int[] {0, 700}) {
                        lifecycles.add(new Lifecycle(provider, IntStream.range(0, 4)
                                .mapToObj(i -> new Step(kinds.get(i), 10 * i, pace * order.indexOf(i))).toList()));
                    }
                }
            }
        }
        endsWithTheNewest(lifecycles);
    }

    @Property(tries = 2, shrinking = ShrinkingMode.BOUNDED)
    void everyLifecycleEndsWithItsNewestEventHoweverItsWebhooksAreDelayed(@ForAll("manyLifecycles") List<Lifecycle> lifecycles) {
        endsWithTheNewest(lifecycles);
    }

    @Tag("chaos")
    @Property(tries = 25, shrinking = ShrinkingMode.BOUNDED)
    void andSoDoTenThousandOfThem(@ForAll("manyLifecycles") List<Lifecycle> lifecycles) {
        endsWithTheNewest(lifecycles);
    }

    @Provide
    Arbitrary<List<Lifecycle>> manyLifecycles() {
        return lifecycle().list().ofMinSize(1).ofMaxSize(400).withSizeDistribution(RandomDistribution.uniform()).withoutEdgeCases();
    }

    private static Arbitrary<Lifecycle> lifecycle() {
        // the time since the event before: 0 makes ties
        Arbitrary<Integer> gap = Arbitraries.frequency(Tuple.of(1, 0), Tuple.of(2, 1), Tuple.of(3, 60));
        Arbitrary<Integer> failures = Arbitraries.frequency(Tuple.of(4, 0), Tuple.of(2, 1), Tuple.of(2, 2), Tuple.of(1, 3), Tuple.of(1, 4), Tuple.of(1, 5));
        Arbitrary<int[]> event = Combinators.combine(Arbitraries.of(Kind.class), gap, failures, Arbitraries.integers().between(0, 400))
                .as((kind, after, failed, jitter) -> new int[] {kind.ordinal(), after, failed, jitter});
        return Combinators.combine(Arbitraries.of(Provider.class), event.list().ofMinSize(1).ofMaxSize(8), Arbitraries.of(true, false))
                .as((provider, events, burst) -> {
                    List<Step> steps = new ArrayList<>();
                    int second = 0;
                    for (int[] one : events) {
                        second += one[1];
                        int delay = burst ? one[3] / 100 : RETRIES[one[2]] * MINUTE + one[3];
                        steps.add(new Step(Kind.values()[one[0]], second, delay));
                    }
                    return new Lifecycle(provider, steps);
                });
    }

    private static void endsWithTheNewest(List<Lifecycle> lifecycles) {
        Map<String, Lifecycle> users = new LinkedHashMap<>();
        lifecycles.forEach(lifecycle -> users.put("life-" + USER.incrementAndGet(), lifecycle));
        Map<String, List<Webhook>> webhooks = users.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().webhooks(entry.getKey())));
        send(users, webhooks);
        await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(200)).during(Duration.ofMillis(600)).until(() ->
                queues.names().stream().filter(name -> name.startsWith("events.") || name.startsWith("deliver.")).allMatch(name -> queues.count(name) == 0));
        Map<String, List<StoredRecord>> stored = simulators.cleverTap.stored().stream().collect(Collectors.groupingBy(StoredRecord::id));
        List<String> wrong = new ArrayList<>();
        users.forEach((user, lifecycle) -> {
            List<String> found = new ArrayList<>();
            Map<String, String> tags = lifecycle.provider() == Provider.REVENUECAT
                    ? simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "onesignal_id", Events.oneSignalId(user))
                    : simulators.oneSignal.tags(Simulators.ONESIGNAL_APP, "external_id", user);
            compare(found, "tag", webhooks.get(user), Webhook::tags, tags);
            Map<String, String> profile = new LinkedHashMap<>();
            simulators.cleverTap.profile(user).ifPresent(json -> json.properties().forEach(field -> profile.put(field.getKey(), field.getValue().asText())));
            compare(found, "profile property", webhooks.get(user), Webhook::profile, profile);
            long events = stored.getOrDefault(user, List.of()).stream().filter(record -> record.type().equals("event")).count();
            long expected = webhooks.get(user).stream().filter(Webhook::cleverTapEvent).count();
            if (events != expected) {
                found.add("CleverTap has " + events + " of " + expected + " events");
            }
            if (!found.isEmpty()) {
                wrong.add(lifecycle + "\n    " + String.join("\n    ", found));
            }
        });
        wrong.sort(Comparator.comparingInt(String::length));
        assertThat(wrong).as("lifecycles that do not end with their newest event, the shortest first").isEmpty();
        assertThat(relay.parked().path("total").asInt()).isZero();
        assertThat(simulators.oneSignal.rateViolations()).isZero();
        System.out.printf("%d lifecycles, %d webhooks: every tag and profile property ends with the newest event%n", lifecycles.size(),
                webhooks.values().stream().mapToInt(List::size).sum());
    }

    /** Each must have a value that one of the newest of the events that set it gives. */
    private static void compare(List<String> wrong, String what, List<Webhook> webhooks, Function<Webhook, Map<String, String>> values,
            Map<String, String> found) {
        Set<String> names = webhooks.stream().flatMap(webhook -> values.apply(webhook).keySet().stream()).collect(Collectors.toCollection(TreeSet::new));
        for (String name : names) {
            List<Webhook> setting = webhooks.stream().filter(webhook -> values.apply(webhook).containsKey(name)).toList();
            int newest = setting.stream().mapToInt(webhook -> webhook.step().second()).max().orElseThrow();
            Set<String> allowed = setting.stream().filter(webhook -> webhook.step().second() == newest).map(webhook -> values.apply(webhook).get(name))
                    .collect(Collectors.toSet());
            String value = found.getOrDefault(name, "");
            if (!allowed.contains(value)) {
                wrong.add(what + " " + name + " is `" + value + "` and not " + allowed);
            }
        }
    }

    private static void send(Map<String, Lifecycle> users, Map<String, List<Webhook>> webhooks) {
        ScheduledExecutorService senders = Executors.newScheduledThreadPool(SENDERS);
        Map<String, Integer> answers = new ConcurrentHashMap<>();
        List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
        users.forEach((user, lifecycle) -> webhooks.get(user).forEach(webhook -> sent.add(senders.schedule(() -> {
            String provider = lifecycle.provider().path();
            byte[] body = webhook.body().getBytes(java.nio.charset.StandardCharsets.UTF_8);
            answers.merge(provider + relay.send("POST", "/webhooks/" + provider, body, io.subscriptionrelay.testing.Webhook.proof(provider, body)).statusCode(),
                    1, Integer::sum);
        }, webhook.step().arrival(), TimeUnit.MILLISECONDS))));
        try {
            for (java.util.concurrent.Future<?> one : sent) {
                one.get();
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            senders.shutdownNow();
        }
        assertThat(answers.keySet()).allMatch(answer -> answer.endsWith("200"));
    }

    private static List<List<Integer>> permutations(List<Integer> numbers) {
        if (numbers.isEmpty()) {
            return List.of(List.of());
        }
        List<List<Integer>> all = new ArrayList<>();
        for (Integer first : numbers) {
            List<Integer> rest = new ArrayList<>(numbers);
            rest.remove(first);
            permutations(rest).forEach(tail -> {
                List<Integer> one = new ArrayList<>(List.of(first));
                one.addAll(tail);
                all.add(one);
            });
        }
        return all;
    }
}
