package io.subscriptionrelay.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.history.HistoryStore.Cursor;
import io.subscriptionrelay.history.HistoryStore.Forgotten;
import io.subscriptionrelay.history.HistoryStore.Found;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store of history does. */
abstract class HistoryStoreContract {

    static final long DAY = TimeUnit.DAYS.toMillis(1);
    /** Noon. */
    static final long NOON = Instant.parse("2026-10-01T12:00:00Z").toEpochMilli();
    private static final String PROVIDER = "revenuecat";

    HistoryStore store;

    /** The same store as before, opened again. */
    abstract HistoryStore open();

    @BeforeEach
    void openStore() {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Test
    void theNewestComeFirstAndThePagesAreStableWhileOthersCome() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            // over three days, each time for several
            String id = String.format("e%02d", i);
            keep(event(id, NOON + i / 4 * DAY / 2, "{}"));
            all.add(id);
        }
        Collections.reverse(all);
        List<String> paged = new ArrayList<>();
        List<Found> page = store.newest(HistoryFilter.ALL, null, 4, false);
        while (!page.isEmpty()) {
            paged.addAll(ids(page));
            keep(event("later-" + paged.size(), NOON + 10 * DAY + paged.size(), "{}"));
            page = store.newest(HistoryFilter.ALL, cursor(page), 4, false);
        }
        assertThat(paged).isEqualTo(all);
    }

    @Test
    void theOldestComeFirstInPagesThatGoOnWithWhatHasCome() {
        for (int i = 0; i < 10; i++) {
            keep(event("e" + i, NOON + i / 3 * DAY, "{\"n\":" + i + "}"));
        }
        List<Found> page = store.oldest(HistoryFilter.ALL, null, 4);
        assertThat(ids(page)).containsExactly("e0", "e1", "e2", "e3");
        assertThat(new String(page.get(3).event().webhook(), StandardCharsets.UTF_8)).isEqualTo("{\"n\":3}");
        page = store.oldest(HistoryFilter.ALL, cursor(page), 4);
        assertThat(ids(page)).containsExactly("e4", "e5", "e6", "e7");
        keep(event("f", NOON + 20 * DAY, "{}"));
        assertThat(ids(store.oldest(HistoryFilter.ALL, cursor(page), 4))).containsExactly("e8", "e9", "f");
    }

    @Test
    void twoProvidersMayUseOneId() {
        keep(event("same", NOON, "{}"), new HistoryEvent("qonversion", "same", "T", NOON, bytes("{}"), null));
        store.append(List.of(batch(outcome("same", NOON, 1, EventOutcome.DELIVERED, "onesignal"))));
        List<Found> found = store.newest(HistoryFilter.ALL, null, 10, false);
        assertThat(found).extracting(one -> one.event().provider()).containsExactly("revenuecat", "qonversion");
        assertThat(found).extracting(one -> one.outcomes().size()).containsExactly(1, 0);
        assertThat(store.newest(filter("id", "same", "provider", "qonversion"), null, 10, false)).hasSize(1);
        assertThat(store.newest(HistoryFilter.ALL, cursor(found.subList(0, 1)), 10, false)).extracting(one -> one.event().provider())
                .containsExactly("qonversion");
    }

    @Test
    void allThatIsKnownComesBackAsItWasGiven() {
        HistoryEvent event = new HistoryEvent(PROVIDER, "[\"jane\",\"x\"]", "RENEWAL", NOON, new byte[] {'{', '}', 0, (byte) 0xff, 'x'},
                bytes("{\"a\":\"\u00e4\\u0000\"}"));
        HistoryOutcome full = new HistoryOutcome(NOON + 5, EventOutcome.PARKED, PROVIDER, event.eventId(), NOON, "renewal", "clevertap", "main", 2,
                7, "because", "3a-1", bytes("{\"r\":1}"), new HistoryOutcome.Said(400, "{\"error\":\"\u20ac\"}"));
        HistoryOutcome empty = new HistoryOutcome(NOON + 5, EventOutcome.SKIPPED, PROVIDER, event.eventId(), NOON, null, null, null, null, null,
                null, null, null, null);
        HistoryOutcome before = new HistoryOutcome(NOON + 4, EventOutcome.REPEATED, PROVIDER, event.eventId(), NOON, null, null, null, null, null,
                null, null, null, new HistoryOutcome.Said(200, null));
        store.append(List.of(new HistoryBatch("b", List.of(event), List.of(full, empty, before))));
        Found found = store.newest(HistoryFilter.ALL, null, 1, true).get(0);
        assertThat(found).usingRecursiveComparison().isEqualTo(new Found(event, List.of(before, full, empty)));
        Found without = store.newest(HistoryFilter.ALL, null, 1, false).get(0);
        assertThat(without.event()).isEqualTo(new HistoryEvent(PROVIDER, event.key(), "RENEWAL", NOON, null, null));
        assertThat(without.outcomes().get(1)).isEqualTo(new HistoryOutcome(NOON + 5, EventOutcome.PARKED, PROVIDER, event.key(), NOON, "renewal",
                "clevertap", "main", 2, 7, "because", "3a-1", null, null));
    }

    @Test
    void anEventWithoutTypeOrWithABodyThatIsNoJsonIsKept() {
        keep(new HistoryEvent(PROVIDER, "odd", null, NOON, bytes("{\"user\":\"jane\", oops"), null), new HistoryEvent(PROVIDER, null, null, NOON, null, null));
        assertThat(store.newest(HistoryFilter.ALL, null, 5, true)).extracting(one -> one.event().key()).containsExactly("unknown", "odd");
        assertThat(store.newest(HistoryFilter.ALL, null, 5, true)).extracting(one -> one.event().type()).containsOnlyNulls();
    }

    @Test
    void aBatchThatComesAgainIsKeptOnce() {
        HistoryBatch batch = new HistoryBatch("b1", List.of(event("a", NOON, "{}"), event("b", NOON + DAY, "{}")),
                List.of(outcome("a", NOON, 1, EventOutcome.DELIVERED, "onesignal"), outcome("b", NOON + DAY, 1, EventOutcome.PARKED, "onesignal")));
        store.append(List.of(batch, batch));
        store.append(List.of(batch));
        store.close();
        store = open();
        store.append(List.of(batch, new HistoryBatch("b2", List.of(), List.of(outcome("a", NOON, 2, EventOutcome.DELIVERED, "clevertap")))));
        assertThat(store.newest(HistoryFilter.ALL, null, 10, false)).extracting(one -> one.event().key() + one.outcomes().size())
                .containsExactly("b1", "a2");
    }

    @Test
    void anEventThatIsKnownStaysAsItCameAndItsOutcomesAreAdded() {
        keep(event("a", NOON, "{\"v\":1}"));
        store.append(List.of(
                new HistoryBatch("x", List.of(event("a", NOON, "{\"v\":2}")), List.of(outcome("a", NOON, 3, EventOutcome.DELIVERED, "onesignal"))),
                new HistoryBatch("y", List.of(event("a", NOON, "{\"v\":3}"), event("b", NOON, "{}"), event("b", NOON, "{}")), List.of())));
        List<Found> found = store.newest(HistoryFilter.ALL, null, 10, true);
        assertThat(ids(found)).containsExactly("b", "a");
        assertThat(new String(found.get(1).event().webhook(), StandardCharsets.UTF_8)).isEqualTo("{\"v\":1}");
        assertThat(found.get(1).outcomes()).hasSize(1);
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(2);
    }

    @Test
    void anOutcomeMayComeBeforeItsEvent() {
        store.append(List.of(batch(outcome("a", NOON, 1, EventOutcome.DELIVERED, "onesignal"))));
        assertThat(store.newest(HistoryFilter.ALL, null, 10, false)).isEmpty();
        assertThat(store.newest(filter("outcome", "delivered"), null, 10, false)).isEmpty();
        assertThat(store.count(filter("outcome", "delivered"))).isZero();
        assertThat(store.begins()).isEqualTo(Long.MAX_VALUE);
        keep(event("a", NOON, "{}"));
        assertThat(store.newest(filter("outcome", "delivered"), null, 10, false)).extracting(one -> one.outcomes().size()).containsExactly(1);
        assertThat(store.begins()).isEqualTo(NOON);
    }

    @Test
    void aUserIsFoundByEachOfTheirIdsAndByNothingElse() {
        keep(event("1", NOON, "{\"app_user_id\":\"Jane\",\"aliases\":[\"alias-1\",\"$RCAnonymousID:ab\"],\"email\":{\"value\":\"Jane@Example.com\"}}"),
                event("2", NOON, "{\"app_user_id\":4711,\"price\":815,\"note\":\"jane alias-1 815\",\"type\":\"RENEWAL\"}"),
                event("3", NOON, "{\"app_user_id\":\"jane\",\"deep\":[[{\"x\":\"" + "v".repeat(300) + "\"}]],\"zero\":\"a\\u0000b\"}"));
        assertThat(found("user", "Jane")).containsExactly("1");
        assertThat(found("user", "jane")).containsExactly("3");
        assertThat(found("user", "JANE")).isEmpty();
        assertThat(found("user", "alias-1")).containsExactly("1");
        assertThat(found("user", "$RCAnonymousID:ab")).containsExactly("1");
        assertThat(found("user", "jane@example.COM")).containsExactly("1");
        assertThat(found("user", "4711")).containsExactly("2");
        assertThat(found("user", "815")).isEmpty();
        assertThat(found("user", "renewal")).isEmpty();
        assertThat(found("user", "v".repeat(300))).containsExactly("3");
        assertThat(found("user", "a\0b")).containsExactly("3");
        assertThat(found("user", "it's \\ \" odd")).isEmpty();
    }

    @Test
    void wordsAreFoundWhereverTheyStand() {
        keep(event("1", NOON, "{\"a\":\"Prefers a class, in the Evening\",\"b\":{\"c\":[\"yoga_monthly\"]},\"price\":9.99,\"n\":230001}"),
                event("2", NOON, "{\"a\":\"evening\",\"b\":\"YOGA_YEARLY\",\"c\":\"\u00c4rger im B\u00fcro\",\"d\":\"it's\"}"));
        assertThat(found("q", "evening")).containsExactly("2", "1");
        assertThat(found("q", "EVENING class")).containsExactly("1");
        assertThat(found("q", "evening nothing")).isEmpty();
        assertThat(found("q", "even")).isEmpty();
        assertThat(found("q", "even*")).containsExactly("2", "1");
        assertThat(found("q", "yoga_yearly")).containsExactly("2");
        assertThat(found("q", "Yoga_*")).containsExactly("2", "1");
        assertThat(found("q", "yoga_m* pref*")).containsExactly("1");
        assertThat(found("q", "\u00e4rger b\u00fcro")).containsExactly("2");
        assertThat(found("q", "9.99")).containsExactly("1");
        assertThat(found("q", "23*")).containsExactly("1");
        assertThat(found("q", "it's")).containsExactly("2");
        assertThat(found("q", "it'*")).containsExactly("2");
        assertThat(found("q", "*")).containsExactly("2", "1");
        assertThat(found("q", "%* _* \\* ' : & | !")).isEmpty();
    }

    @Test
    void eachFilterFindsWhatItNames() {
        String composed = "[\"jane\",\"RENEWAL\",1]";
        keep(event("a", "RENEWAL", NOON, "{}"), event(composed, "CANCELLATION", NOON + 1, "{}"), event("c", "RENEWAL", NOON + DAY, "{}"));
        store.append(List.of(batch(outcome("a", NOON, 1, EventOutcome.DELIVERED, "onesignal"),
                new HistoryOutcome(NOON + 2, EventOutcome.PARKED, PROVIDER, composed, NOON + 1, "cancel", "clevertap", "second", 0, 1, "r", "p", null,
                        null))));
        String key = EventKey.of(composed);
        assertThat(found("id", "a")).containsExactly("a");
        assertThat(found("id", composed)).containsExactly(key);
        assertThat(found("id", key)).containsExactly(key);
        assertThat(found("id", "b")).isEmpty();
        assertThat(found("type", "RENEWAL")).containsExactly("c", "a");
        assertThat(found("provider", PROVIDER)).hasSize(3);
        assertThat(found("provider", "qonversion")).isEmpty();
        assertThat(found("step", "cancel")).containsExactly(key);
        assertThat(found("destination", "onesignal")).containsExactly("a");
        assertThat(found("account", "second")).containsExactly(key);
        assertThat(found("outcome", "parked")).containsExactly(key);
        assertThat(found("outcome", "received")).hasSize(3);
        assertThat(found("from", "" + (NOON + 1), "to", "" + (NOON + DAY))).containsExactly(key);
        assertThat(found("from", "" + (NOON + DAY + 1))).isEmpty();
        assertThat(found("to", "" + NOON)).isEmpty();
    }

    @Test
    void whatIsAskedOfAnOutcomeHasToBeTrueOfOneAndTheSame() {
        keep(event("a", NOON, "{}"), event("b", NOON, "{}"));
        store.append(List.of(batch(outcome("a", NOON, 1, EventOutcome.DELIVERED, "onesignal"), outcome("a", NOON, 2, EventOutcome.PARKED, "clevertap"),
                outcome("b", NOON, 1, EventOutcome.PARKED, "onesignal"))));
        assertThat(found("outcome", "parked", "destination", "onesignal")).containsExactly("b");
        assertThat(found("outcome", "parked")).containsExactly("b", "a");
        assertThat(found("outcome", "delivered", "destination", "clevertap")).isEmpty();
        assertThat(found("outcome", "received", "destination", "onesignal")).isEmpty();
    }

    /** Against a search that looks at each event. */
    @Test
    void anyCombinationOfFiltersFindsTheSameAsLookingAtAll() {
        SplittableRandom random = new SplittableRandom(7);
        String[] types = {"RENEWAL", "RENEWAL", "RENEWAL", "CANCELLATION", "RARE"};
        String[] destinations = {"onesignal", "clevertap"};
        List<Found> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            List<HistoryEvent> events = new ArrayList<>();
            List<HistoryOutcome> outcomes = new ArrayList<>();
            for (int j = 0; j < 150; j++) {
                int n = i * 150 + j;
                long at = NOON - DAY + n * 90_000L + random.nextInt(100_000);
                HistoryEvent event = event("e" + n, types[n % 7 == 0 ? random.nextInt(5) : random.nextInt(4)], at,
                        "{\"user\":\"u" + random.nextInt(300) + "\",\"note\":\"one w" + random.nextInt(20) + "\"}");
                events.add(event);
                List<HistoryOutcome> its = new ArrayList<>();
                for (String destination : destinations) {
                    if (random.nextInt(10) > 0) {
                        its.add(outcome("e" + n, at, its.size(), random.nextInt(40) == 0 ? EventOutcome.PARKED
                                : random.nextInt(3) == 0 ? EventOutcome.SKIPPED : EventOutcome.DELIVERED, destination));
                    }
                }
                outcomes.addAll(its);
                all.add(new Found(event, its));
            }
            store.append(List.of(new HistoryBatch("b" + i, events, outcomes)));
        }
        all.sort(Comparator.comparingLong((Found one) -> one.event().receivedAt()).thenComparing(one -> one.event().key()).reversed());
        for (int i = 0; i < 100; i++) {
            Map<String, String> query = new HashMap<>();
            maybe(random, query, "type", types);
            maybe(random, query, "user", "u" + random.nextInt(300));
            maybe(random, query, "q", "w" + random.nextInt(20), "one", "w1*", "on* w3");
            maybe(random, query, "outcome", "parked", "delivered", "skipped", "received");
            maybe(random, query, "destination", destinations);
            maybe(random, query, "step", "renewal", "none");
            maybe(random, query, "from", "" + (NOON + random.nextLong(DAY)));
            maybe(random, query, "to", "" + (NOON + random.nextLong(DAY)));
            HistoryFilter filter = HistoryFilter.of(query);
            List<String> expected = all.stream().filter(one -> fits(filter, one)).map(one -> one.event().key()).toList();
            List<String> paged = new ArrayList<>();
            List<Found> page = store.newest(filter, null, 7, false);
            while (!page.isEmpty()) {
                paged.addAll(ids(page));
                page = store.newest(filter, cursor(page), 100, false);
            }
            assertThat(paged).as(query.toString()).isEqualTo(expected);
            assertThat(store.count(filter)).as(query.toString()).isEqualTo(expected.size());
            List<String> upward = new ArrayList<>(expected);
            Collections.reverse(upward);
            assertThat(ids(store.oldest(filter, null, 30))).as(query.toString()).isEqualTo(upward.subList(0, Math.min(30, upward.size())));
        }
    }

    private static boolean fits(HistoryFilter filter, Found one) {
        HistoryEvent event = one.event();
        return (filter.type() == null || filter.type().equals(event.type())) && (filter.from() == null || event.receivedAt() >= filter.from())
                && (filter.to() == null || event.receivedAt() < filter.to())
                && (filter.user() == null || EventUsers.has(event.webhook(), filter.user()))
                && (filter.q() == null || words(filter.q(), new String(event.webhook(), StandardCharsets.UTF_8)))
                && (!filter.asksOutcomes() || one.outcomes().stream().anyMatch(filter::fits));
    }

    private static boolean words(String q, String webhook) {
        List<String> words = List.of(webhook.split("\\W+"));
        return List.of(q.split(" ")).stream().allMatch(word -> words.stream()
                .anyMatch(one -> word.endsWith("*") ? one.startsWith(word.substring(0, word.length() - 1)) : one.equals(word)));
    }

    private static void maybe(SplittableRandom random, Map<String, String> query, String name, String... values) {
        if (random.nextInt(3) == 0) {
            query.put(name, values[random.nextInt(values.length)]);
        }
    }

    @Test
    void aUserWhoIsForgottenLeavesThatSomethingCame() {
        String composed = "[\"jane-doe\",\"RENEWAL\",1]";
        keep(event("1", "RENEWAL", NOON, "{\"id\":\"jane-doe\",\"mail\":\"Jane@Example.com\"}"), event(composed, NOON + 1, "{\"id\":\"jane-doe\"}"),
                event("jane-doe-7", NOON + DAY, "{\"id\":\"jane-doe\"}"), event("2", NOON, "{\"id\":\"john\",\"friend\":\"jane-doe's\"}"));
        store.append(List.of(batch(outcome("1", NOON, 1, EventOutcome.DELIVERED, "onesignal"), outcome("1", NOON, 1, EventOutcome.SKIPPED, "clevertap"),
                outcome("2", NOON, 1, EventOutcome.DELIVERED, "onesignal"))));
        assertThat(store.forget("jane-doe")).isEqualTo(new Forgotten(3, 2));
        assertThat(store.forget("jane-doe")).isEqualTo(new Forgotten(0, 0));
        assertThat(found("user", "jane-doe")).isEmpty();
        assertThat(found("user", "jane@example.com")).isEmpty();
        List<Found> found = store.newest(HistoryFilter.ALL, null, 10, true);
        assertThat(ids(found)).containsExactly("key:" + io.subscriptionrelay.order.AppliedState.key("event", "jane-doe-7"), EventKey.of(composed), "2", "1");
        assertThat(found).extracting(one -> one.event().eventId()).noneMatch(id -> id.contains("jane"));
        Found first = found.get(3);
        assertThat(first.event()).isEqualTo(new HistoryEvent(PROVIDER, "1", "RENEWAL", NOON, null, null));
        assertThat(first.outcomes()).extracting(HistoryOutcome::what).containsExactly(EventOutcome.DELIVERED, EventOutcome.SKIPPED);
        assertThat(first.outcomes()).allMatch(one -> one.record() == null && one.answer() == null);
        assertThat(first.outcomes().get(0).reason()).isEqualTo("fine");
        assertThat(found("outcome", "delivered")).containsExactly("2", "1");
        assertThat(found("user", "john")).containsExactly("2");
        assertThat(found.get(2).outcomes().get(0).record()).isNotNull();
        assertThat(found("type", "RENEWAL")).containsExactly("1");
    }

    @Test
    void anEventThatWasForgottenIsFoundByItsIdAndNoContentOfItIsKeptAgain() {
        keep(event("jane-1", NOON, "{\"id\":\"jane\"}"));
        store.forget("jane");
        String key = store.newest(HistoryFilter.ALL, null, 1, false).get(0).event().key();
        assertThat(key).startsWith("key:");
        assertThat(found("id", "jane-1")).containsExactly(key);
        assertThat(found("id", key)).containsExactly(key);
        keep(event("jane-1", NOON, "{\"id\":\"jane\"}"));
        store.append(List.of(batch(outcome("jane-1", NOON, 1, EventOutcome.DELIVERED, "onesignal"))));
        List<Found> found = store.newest(HistoryFilter.ALL, null, 10, true);
        assertThat(found).extracting(one -> one.event().key() + one.outcomes().size()).containsExactly(key + 1);
        assertThat(found.get(0).event().webhook()).isNull();
        assertThat(found.get(0).outcomes()).allMatch(one -> one.record() == null && one.answer() == null);
    }

    @Test
    void aUserIsForgottenByAddressOrNumberAndInAWebhookOfAnySize() {
        String values = "\"" + "x".repeat(250) + "\",";
        StringBuilder large = new StringBuilder("{\"list\":[");
        for (int i = 0; i < 1200; i++) {
            large.append(values.replaceFirst("xxxx", String.format("%04d", i)));
        }
        keep(event("1", NOON, "{\"mail\":\"Jane@Example.com\"}"), event("2", NOON, "{\"user_id\":4711,\"price\":4712}"),
                event("3", NOON, large + "\"jane\"]}"), event("4", NOON, large + "\"john\"]}"));
        assertThat(store.forget("JANE@example.com")).isEqualTo(new Forgotten(1, 0));
        assertThat(store.forget("4712")).isEqualTo(new Forgotten(0, 0));
        assertThat(store.forget("4711")).isEqualTo(new Forgotten(1, 0));
        assertThat(store.forget("jane")).isEqualTo(new Forgotten(1, 0));
        assertThat(store.newest(HistoryFilter.ALL, null, 10, true)).filteredOn(one -> one.event().webhook() != null)
                .extracting(one -> one.event().key()).containsExactly("4");
    }

    @Test
    void aUserIsFoundAndForgottenByANumberThatStandsWhereHisIdsDo() {
        keep(event("1", NOON, "{\"event\":{\"aliases\":[\"jane\",42],\"price\":1}}"), event("2", NOON + 1, "{\"identity_id\":42}"),
                event("3", NOON + 2, "{\"transferred_to\":[41,42]}"), event("4", NOON + 3, "{\"redeemed_by\":[[42]]}"),
                event("5", NOON + 4, "{\"price\":42,\"transferred_at\":42,\"times\":[42],\"aliases\":[{\"since\":42}],\"in_customer_currency\":42}"));
        assertThat(found("user", "42")).containsExactly("4", "3", "2", "1");
        assertThat(store.forget("42")).isEqualTo(new Forgotten(4, 0));
        assertThat(found("user", "42")).isEmpty();
        assertThat(found("q", "42")).containsExactly("5");
    }

    @Test
    void whatIsOldIsDroppedByWholeDaysAndTheRestStays() {
        for (int day = 0; day < 5; day++) {
            keep(event("e" + day, NOON + day * DAY, "{}"));
            store.append(List.of(batch(outcome("e" + day, NOON + day * DAY, DAY, EventOutcome.DELIVERED, "onesignal"))));
        }
        assertThat(store.begins()).isEqualTo(NOON);
        assertThat(store.trim(NOON + 2 * DAY, Long.MAX_VALUE)).isZero();
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, false))).containsExactly("e4", "e3", "e2");
        assertThat(store.newest(HistoryFilter.ALL, null, 10, false)).extracting(one -> one.outcomes().size()).containsExactly(1, 1, 1);
        assertThat(store.begins()).isEqualTo(NOON + 2 * DAY);
        // its event is gone, and it goes as well
        store.append(List.of(batch(outcome("e0", NOON, 7 * DAY, EventOutcome.REPLAYED, "onesignal"))));
        assertThat(store.trim(NOON + 2 * DAY, Long.MAX_VALUE)).isZero();
        assertThat(store.newest(HistoryFilter.ALL, null, 10, false)).hasSize(3);
    }

    @Test
    void whatIsTooMuchIsDroppedTheOldestFirstAndCounted() {
        SplittableRandom random = new SplittableRandom(1);
        for (int day = 0; day < 6; day++) {
            List<HistoryEvent> events = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                StringBuilder text = new StringBuilder();
                random.longs(100).forEach(n -> text.append(Long.toHexString(n)));
                events.add(event("e" + day + "-" + i, NOON + day * DAY + i, "{\"text\":\"" + text + "\"}"));
            }
            store.append(List.of(new HistoryBatch("b" + day, events, List.of())));
        }
        long all = store.bytes();
        assertThat(all).isGreaterThan(6 * 200 * 800);
        assertThat(store.trim(0, all)).isZero();
        long dropped = store.trim(0, all / 2);
        assertThat(store.bytes()).isLessThanOrEqualTo(all / 2).isGreaterThan(all / 5);
        assertThat(dropped).isBetween(600L, 800L);
        assertThat(store.count(HistoryFilter.ALL)).isEqualTo(1200 - dropped);
        assertThat(store.begins()).isEqualTo(NOON + dropped / 200 * DAY);
    }

    @Test
    void allIsThereAfterARestart() {
        keep(event("a", NOON, "{\"id\":\"jane\"}"), event("b", NOON + 3 * DAY, "{}"));
        store.append(List.of(batch(outcome("a", NOON, 1, EventOutcome.DELIVERED, "onesignal"))));
        store.close();
        store = open();
        assertThat(ids(store.newest(HistoryFilter.ALL, null, 10, true))).containsExactly("b", "a");
        assertThat(found("user", "jane", "outcome", "delivered")).containsExactly("a");
        store.append(List.of(batch(outcome("a", NOON, 2, EventOutcome.DELIVERED, "clevertap"))));
        assertThat(store.newest(filter("id", "a"), null, 10, true).get(0).outcomes()).hasSize(2);
    }

    List<String> found(String... query) {
        return ids(store.newest(filter(query), null, 100, false));
    }

    static HistoryFilter filter(String... query) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < query.length; i += 2) {
            map.put(query[i], query[i + 1]);
        }
        return HistoryFilter.of(map);
    }

    static List<String> ids(List<Found> found) {
        return found.stream().map(one -> one.event().key()).toList();
    }

    static Cursor cursor(List<Found> page) {
        HistoryEvent last = page.get(page.size() - 1).event();
        return new Cursor(last.receivedAt(), last.provider(), last.key());
    }

    void keep(HistoryEvent... events) {
        store.append(List.of(new HistoryBatch(UUID.randomUUID().toString(), List.of(events), List.of())));
    }

    static HistoryEvent event(String id, long at, String webhook) {
        return event(id, "T", at, webhook);
    }

    static HistoryEvent event(String id, String type, long at, String webhook) {
        return new HistoryEvent(PROVIDER, id, type, at, bytes(webhook), bytes("{\"attributes of\":\"" + id.replace("\"", "") + "\"}"));
    }

    static HistoryOutcome outcome(String id, long receivedAt, long after, EventOutcome what, String destination) {
        return new HistoryOutcome(receivedAt + after, what, PROVIDER, id, receivedAt, "renewal", destination, "default", 0, 1, "fine", null,
                bytes("{\"record of\":\"" + id + "\"}"), new HistoryOutcome.Said(200, "ok"));
    }

    static HistoryBatch batch(HistoryOutcome... outcomes) {
        return new HistoryBatch(UUID.randomUUID().toString(), List.of(), List.of(outcomes));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
