package io.subscriptionrelay.auditor;

import io.subscriptionrelay.auditor.Journal.Accepted;
import io.subscriptionrelay.auditor.Journal.Call;
import io.subscriptionrelay.auditor.Journal.End;
import io.subscriptionrelay.auditor.Journal.Fate;
import io.subscriptionrelay.auditor.Journal.Outage;
import io.subscriptionrelay.auditor.Journal.Told;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Checks the promises about delivery by a journal, once all faults are over. Knows nothing of how the relay works. */
public final class Auditor {

    private static final Set<String> ENDS = Set.of("delivered", "skipped", "parked");
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration BACK_WITHIN = Duration.ofSeconds(10);
    private static final Duration ASKING = Duration.ofSeconds(20);
    private static final int MOST_QUESTIONS = 30;
    private static final int A_FEW = 8;
    private static final Duration DAY = Duration.ofHours(24);
    /** A clock that is set forward may end one wait of a record. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    private final Journal journal;
    private final Map<String, Accepted> accepted = new LinkedHashMap<>();
    private final Map<String, List<Call>> callsOf = new HashMap<>();
    private final Map<String, List<End>> endsOf = new HashMap<>();
    /** What each key of a user was set to, in the order in which the destination stored it. */
    private final Map<String, List<Setting>> setBy = new TreeMap<>();
    private final List<String> found = new ArrayList<>();

    private record Setting(Call call, Accepted of) {
    }

    private Auditor(Journal journal) {
        this.journal = journal;
        journal.accepted.forEach(event -> accepted.put(event.id(), event));
        journal.calls.forEach(call -> call.ids.forEach(id -> callsOf.computeIfAbsent(id, any -> new ArrayList<>()).add(call)));
        journal.ends.forEach(end -> endsOf.computeIfAbsent(end.id(), any -> new ArrayList<>()).add(end));
        journal.calls.stream().filter(call -> call.storedAt != null).sorted(Comparator.comparing(call -> call.storedAt))
                .forEach(call -> call.values.stream().filter(value -> call.stored.contains(value.id())).forEach(value -> {
                    Accepted of = accepted.get(value.id());
                    setBy.computeIfAbsent(of.user() + ' ' + value.key(), any -> new ArrayList<>()).add(new Setting(call, of));
                }));
    }

    /** Every breach of a promise, in words. */
    public static List<String> audit(Journal journal) {
        Auditor auditor = new Auditor(journal);
        auditor.nothingIsLost();
        auditor.historyHasWhatWasCommitted();
        auditor.repeatsAreExplained();
        auditor.skippedAndParkedForTheirReasons();
        auditor.newestStateWins();
        auditor.limitsAreKept();
        auditor.oneUpdateAtATime();
        auditor.littleIsAskedOfWhoIsAway();
        auditor.retryAfterIsHonoured();
        auditor.deliveryGoesOn();
        return auditor.found;
    }

    private List<Call> calls(String id) {
        return callsOf.getOrDefault(id, List.of());
    }

    private List<End> ends(String id) {
        return endsOf.getOrDefault(id, List.of());
    }

    private void nothingIsLost() {
        for (String id : accepted.keySet()) {
            List<End> ends = ends(id);
            if (ends.isEmpty()) {
                found.add("lost: " + id + " has no end; calls: " + calls(id));
            }
            if (ends.size() > 1) {
                found.add("more than one end: " + ends);
            }
            if (ends.stream().anyMatch(end -> end.what().equals("delivered")) && calls(id).stream().noneMatch(call -> call.stored.contains(id))) {
                found.add("lost: " + id + " is reported as delivered, and the destination does not have it");
            }
        }
        journal.ends.stream().filter(end -> !accepted.containsKey(end.id())).forEach(end -> found.add("of no event: " + end));
    }

    /** An end is in history if and only if it was committed, at its commit, and once. */
    private void historyHasWhatWasCommitted() {
        Map<String, List<Told>> told = journal.history.stream().filter(one -> ENDS.contains(one.what()))
                .collect(Collectors.groupingBy(Told::id, TreeMap::new, Collectors.toList()));
        for (End end : journal.ends) {
            if (told.getOrDefault(end.id(), List.of()).stream().noneMatch(one -> one.what().equals(end.what()) && one.at().equals(end.at()))) {
                found.add("not in history: " + end + "; it has " + told.getOrDefault(end.id(), List.of()));
            }
        }
        told.forEach((id, all) -> {
            if (all.size() > 1) {
                found.add("more than once in history: " + all);
            }
            if (ends(id).isEmpty()) {
                found.add("in history and not committed: " + all);
            }
        });
    }

    /** A call whose answer was lost, or that was made in a transaction that was lost, may be repeated. */
    private void repeatsAreExplained() {
        for (String id : accepted.keySet()) {
            Call before = null;
            for (Call call : calls(id)) {
                if (before != null && before.told(id) && !interrupted(before.relay, before.began, call.began)) {
                    found.add("repeated: " + id + " was taken by [" + before + "] and is sent again by [" + call + "]");
                }
                if (call.storedAt != null && call.stored.contains(id)) {
                    before = call;
                }
                Duration began = call.began;
                ends(id).stream().filter(end -> end.at().compareTo(began) < 0).forEach(end -> found.add("after its end " + end + ": " + call));
            }
        }
    }

    private boolean interrupted(String relay, Duration from, Duration until) {
        return journal.interruptions.stream().anyMatch(one -> one.relay().equals(relay) && one.at().compareTo(from) >= 0 && one.at().compareTo(until) <= 0);
    }

    private void skippedAndParkedForTheirReasons() {
        for (End end : journal.ends) {
            Accepted event = accepted.get(end.id());
            if (event == null) {
                continue;
            }
            if (end.what().equals("skipped") && !event.state()) {
                found.add("skipped though it is no state: " + end);
            }
            if (!end.what().equals("parked")) {
                event.keys().stream().filter(key -> !isSet(event, key, end)).forEach(key -> found.add("the destination has neither `" + key
                        + "` of it nor a newer one: " + end));
            }
            if (end.what().equals("parked") && !deservesToBeParked(end)) {
                found.add("parked without a reason of its own: " + end + "; calls: " + calls(end.id()));
            }
        }
    }

    /** Whether the destination had this key's value of an event that is as new as this one, or newer where this one was skipped. */
    private boolean isSet(Accepted event, String key, End end) {
        return setBy.getOrDefault(event.user() + ' ' + key, List.of()).stream().anyMatch(set -> set.call().storedAt.compareTo(end.at()) <= 0
                && (set.of().eventTime() > event.eventTime() || set.of().eventTime() == event.eventTime() && end.what().equals("delivered")));
    }

    private boolean deservesToBeParked(End end) {
        String id = end.id();
        int alone = 0;
        Duration firstUnknown = null;
        Duration firstFailure = null;
        for (Call call : calls(id)) {
            if (call.toldAt == null || call.toldAt.compareTo(end.at()) > 0) {
                continue;
            }
            Fate fate = call.answered ? call.fates.getOrDefault(id, Fate.FAILED) : Fate.FAILED;
            if (fate == Fate.REFUSED) {
                return true;
            }
            if (fate == Fate.REFUSED_AS_A_WHOLE && call.ids.size() == 1) {
                alone++;
            }
            if (fate == Fate.UNKNOWN && firstUnknown == null) {
                firstUnknown = call.toldAt;
            }
            if (fate == Fate.FAILED && firstFailure == null) {
                firstFailure = call.toldAt;
            }
        }
        return alone >= journal.limits.loneRefusals() || longEnough(firstUnknown, end) || longEnough(firstFailure, end) && takesOthers(firstFailure, end.at());
    }

    private boolean longEnough(Duration first, End end) {
        return first != null && end.at().minus(first).compareTo(DAY.minus(LONGEST_WAIT.multipliedBy(journal.clockJumps))) >= 0;
    }

    private boolean takesOthers(Duration from, Duration until) {
        return journal.calls.stream().anyMatch(call -> call.succeeded() && call.began.compareTo(from) >= 0 && call.toldAt.compareTo(until) <= 0);
    }

    private void newestStateWins() {
        setBy.forEach((user, sets) -> {
            Accepted newest = null;
            Call newestCall = null;
            long last = Long.MIN_VALUE;
            Map<Call, List<Accepted>> calls = new LinkedHashMap<>();
            sets.forEach(set -> calls.computeIfAbsent(set.call(), any -> new ArrayList<>()).add(set.of()));
            for (Call call : calls.keySet()) {
                List<Accepted> states = calls.get(call);
                for (Accepted state : states) {
                    if (newest != null && state.eventTime() < newest.eventTime() && newestCall != call && newestCall.told(newest.id())
                            && newestCall.toldAt.compareTo(call.storedAt) <= 0 && !interrupted(newestCall.relay, newestCall.began, call.storedAt)) {
                        found.add("older state after a newer one: " + state + " by [" + call + "] after " + newest + " by [" + newestCall + "]");
                    }
                }
                Accepted most = states.stream().max(Comparator.comparingLong(Accepted::eventTime)).orElseThrow();
                last = most.eventTime();
                if (newest == null || most.eventTime() >= newest.eventTime()) {
                    newest = most;
                    newestCall = call;
                }
            }
            if (last < newest.eventTime()) {
                found.add("the state that is left is old: " + user + " ends with one of " + last + " after " + newest + " by [" + newestCall + "]");
            }
        });
    }

    private void limitsAreKept() {
        journal.calls.stream().filter(call -> call.ids.size() > journal.limits.records()).forEach(call -> found.add("too many records: " + call));
        Deque<Call> second = new ArrayDeque<>();
        List<Call> open = new ArrayList<>();
        int most = 0;
        int mostInSecond = 0;
        for (Call call : journal.calls) {
            second.add(call);
            while (call.began.minus(second.peek().began).compareTo(SECOND) >= 0) {
                second.remove();
            }
            mostInSecond = Math.max(mostInSecond, second.size());
            // nobody knows of a call whose relay was killed
            open.removeIf(other -> !other.inFlight(call.began) || interrupted(other.relay, other.began, call.began));
            open.add(call);
            most = Math.max(most, open.size());
        }
        if (journal.limits.perSecond() > 0 && mostInSecond > journal.limits.perSecond()) {
            found.add("too many calls in a second: " + mostInSecond);
        }
        if (most > journal.limits.inFlight()) {
            found.add("too many calls in flight: " + most);
        }
    }

    private void oneUpdateAtATime() {
        if (journal.limits.spacing().isZero()) {
            return;
        }
        Map<String, Call> last = new HashMap<>();
        for (Call call : journal.calls) {
            Set<String> users = call.ids.stream().map(accepted::get).filter(event -> event != null && event.state()).map(Accepted::user)
                    .collect(Collectors.toSet());
            for (String user : users) {
                Call before = last.put(user, call);
                if (before != null && call.began.minus(before.began).compareTo(journal.limits.spacing()) < 0) {
                    found.add("two updates of " + user + " within " + journal.limits.spacing() + ": [" + before + "] and [" + call + "]");
                }
            }
        }
    }

    private void littleIsAskedOfWhoIsAway() {
        Set<String> relays = journal.calls.stream().map(call -> call.relay).collect(Collectors.toSet());
        for (Outage outage : journal.outages) {
            for (String relay : relays) {
                List<Call> during = journal.calls.stream().filter(call -> call.relay.equals(relay) && within(call.began, outage)).toList();
                // one that had begun before was answered: the relay cannot know better than that the destination is back
                List<Duration> misled = journal.calls.stream().filter(call -> call.relay.equals(relay) && !call.away && call.succeeded()
                        && within(call.toldAt, outage)).map(call -> call.toldAt).toList();
                Duration known = firstFailure(during, outage.from());
                Deque<Call> asked = new ArrayDeque<>();
                for (Call call : during) {
                    Duration before = known;
                    Duration back = misled.stream().filter(at -> before != null && at.compareTo(before) >= 0 && at.compareTo(call.began) <= 0)
                            .max(Comparator.naturalOrder()).orElse(null);
                    if (back != null) {
                        known = firstFailure(during, back);
                        asked.clear();
                    }
                    if (known == null || call.began.compareTo(known) <= 0) {
                        continue;
                    }
                    asked.add(call);
                    while (call.began.minus(asked.peek().began).compareTo(ASKING) >= 0) {
                        asked.remove();
                    }
                    if (asked.size() > MOST_QUESTIONS) {
                        found.add("asked more than " + MOST_QUESTIONS + " times in 20 s while it is away: " + call);
                        break;
                    }
                }
            }
        }
    }

    private static Duration firstFailure(List<Call> calls, Duration after) {
        return calls.stream().filter(call -> call.away && call.toldAt != null && call.toldAt.compareTo(after) > 0).map(call -> call.toldAt)
                .min(Comparator.naturalOrder()).orElse(null);
    }

    private static boolean within(Duration at, Outage outage) {
        return at.compareTo(outage.from()) >= 0 && at.compareTo(outage.until()) < 0;
    }

    private void retryAfterIsHonoured() {
        for (Call asks : journal.calls) {
            if (asks.retryAfter == null || asks.toldAt == null) {
                continue;
            }
            Call early = journal.calls.stream().filter(call -> call.relay.equals(asks.relay) && call.began.compareTo(asks.toldAt) > 0
                    && call.began.compareTo(asks.retryAfter) < 0).findFirst().orElse(null);
            if (early != null) {
                found.add("Retry-After is not honoured: [" + asks + "] said until " + asks.retryAfter + ", and there is [" + early + "]");
                return;
            }
        }
    }

    private void deliveryGoesOn() {
        for (Outage outage : journal.outages) {
            Duration back = outage.until();
            Duration from = back;
            for (Call call : journal.calls) {
                if (call.retryAfter != null && call.toldAt != null && call.began.compareTo(back) < 0) {
                    from = max(from, call.retryAfter);
                }
                if (call.began.compareTo(back) < 0 && (call.toldAt == null || call.toldAt.compareTo(back) > 0)) {
                    from = max(from, call.toldAt == null ? call.began.plusSeconds(60) : call.toldAt);
                }
            }
            Duration start = from;
            Duration deadline = from.plus(BACK_WITHIN);
            Outage calm = new Outage(outage.from().minus(LONGEST_WAIT), deadline.plusSeconds(1));
            if (journal.otherTrouble.stream().anyMatch(trouble -> overlap(trouble, calm))
                    || journal.outages.stream().anyMatch(other -> other != outage && overlap(other, calm))
                    || journal.interruptions.stream().anyMatch(one -> within(one.at(), calm))) {
                continue;
            }
            // what was never answered, and is not behind anything that was
            List<String> waiting = journal.accepted.stream().filter(event -> event.at().compareTo(back.minusSeconds(1)) < 0).map(Accepted::id)
                    .filter(id -> ends(id).stream().noneMatch(end -> end.at().compareTo(back) < 0)
                            && ends(id).stream().noneMatch(end -> end.what().equals("skipped"))
                            && calls(id).stream().allMatch(call -> call.away || call.began.compareTo(back) >= 0)).toList();
            if (!waiting.isEmpty() && journal.calls.stream().noneMatch(call -> call.began.compareTo(back) >= 0
                    && call.began.compareTo(deadline) <= 0)) {
                found.add("the account is back at " + back + ", is free to be asked from " + start + ", and nobody has called within 10 s though "
                        + waiting.size() + " records wait, as " + waiting.get(0));
            }
            boolean allTaken = journal.calls.stream().filter(call -> call.began.compareTo(back) >= 0 && call.began.compareTo(deadline) <= 0)
                    .allMatch(call -> call.ids.stream().allMatch(call::told));
            // a user's updates take a second each, and may fill the batches under way
            boolean few = waiting.stream().collect(Collectors.groupingBy(id -> accepted.get(id).user(), Collectors.counting())).values().stream()
                    .allMatch(count -> count <= A_FEW);
            if (allTaken && few) {
                waiting.stream().filter(id -> calls(id).stream().noneMatch(call -> call.began.compareTo(back) >= 0
                        && call.began.compareTo(deadline.plus(BACK_WITHIN)) <= 0)).findFirst().ifPresent(id -> found.add("the account is back at " + back
                                + ", takes all that it gets, and " + id + " is not sent within 20 s: " + calls(id)));
            }
        }
    }

    private static boolean overlap(Outage one, Outage other) {
        return one.from().compareTo(other.until()) < 0 && other.from().compareTo(one.until()) < 0;
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
