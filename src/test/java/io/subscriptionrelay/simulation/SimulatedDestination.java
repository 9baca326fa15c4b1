package io.subscriptionrelay.simulation;

import io.subscriptionrelay.auditor.Journal;
import io.subscriptionrelay.auditor.Journal.Call;
import io.subscriptionrelay.auditor.Journal.Fate;
import io.subscriptionrelay.deliver.VirtualServer.Reply;
import io.subscriptionrelay.deliver.VirtualTime;
import io.subscriptionrelay.simulation.Plan.Event;
import io.subscriptionrelay.simulation.Plan.Fault;
import io.subscriptionrelay.simulation.Plan.Kind;
import io.subscriptionrelay.simulation.Plan.Nature;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** A destination that fails as a plan says, and writes down what it sees. */
final class SimulatedDestination {

    private static final Pattern ID = Pattern.compile("#(r\\d+)#");
    private static final Pattern VALUE = Pattern.compile("\"([abc])\":\"#(r\\d+)#\"");
    private static final Duration TIME_OUT = Duration.ofSeconds(60);
    private static final long MAX_RETRY_AFTER = 3600;

    private final VirtualTime time;
    private final Plan plan;
    private final Journal journal;
    private final boolean cleverTap;
    private final Map<String, Event> events = new HashMap<>();
    private final Map<String, Integer> attempts = new HashMap<>();
    private final List<Open> open = new ArrayList<>();

    SimulatedDestination(VirtualTime time, Plan plan, Journal journal) {
        this.time = time;
        this.plan = plan;
        this.journal = journal;
        cleverTap = plan.destination().equals("clevertap");
        plan.events().forEach(event -> events.put(event.id(), event));
    }

    /** What will become of a call. */
    private static final class Decision {
        private int status = 200;
        private String body;
        private String retryAfter;
        private final List<String> stored = new ArrayList<>();
    }

    private final class Open {
        private final Call call;
        private final List<String> storing;
        private final Consumer<Reply> answered;
        private boolean carriedOut;
        private boolean brokenOff;

        private Open(Call call, List<String> storing, Consumer<Reply> answered) {
            this.call = call;
            this.storing = storing;
            this.answered = answered;
        }

        private void carryOut() {
            if (!carriedOut) {
                carriedOut = true;
                if (!storing.isEmpty()) {
                    call.storedAt = time.elapsed();
                    call.stored.addAll(storing);
                }
            }
        }
    }

    void call(String relay, byte[] body, BooleanSupplier alive, Consumer<Reply> answered) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        List<String> ids = ID.matcher(text).results().map(id -> id.group(1)).distinct().toList();
        Duration now = time.elapsed();
        Fault outage = plan.faults().stream().filter(fault -> fault.kind().outage() && fault.at(now)).findFirst().orElse(null);
        Call call = new Call(relay, now, ids, outage != null);
        VALUE.matcher(text).results().forEach(value -> call.values.add(new Journal.Value(value.group(1), value.group(2))));
        journal.calls.add(call);
        int attempt = attempts.merge(ids.isEmpty() ? "" : ids.get(0), 1, Integer::sum);
        Random random = new Random(plan.seed() * 1_000_003 + (ids.isEmpty() ? 0 : ids.get(0).hashCode()) * 8191L + attempt);
        Decision decision = decide(call, outage, random);
        Duration latency = latency(outage, decision, random);
        Open one = new Open(call, decision.stored, answered);
        open.add(one);
        time.after(Duration.ofNanos((long) (latency.toNanos() * random.nextDouble())), () -> {
            if (!one.brokenOff) {
                one.carryOut();
            }
        });
        time.after(latency, () -> {
            if (one.brokenOff) {
                return;
            }
            one.carryOut();
            open.remove(one);
            if (alive.getAsBoolean()) {
                tell(one, decision);
            }
        });
    }

    private void tell(Open one, Decision decision) {
        one.call.toldAt = time.elapsed();
        one.call.answered = decision.status > 0;
        Map<String, String> headers = decision.retryAfter == null ? Map.of() : Map.of("Retry-After", retryAfter(one.call, decision.retryAfter));
        one.answered.accept(new Reply(Duration.ZERO, decision.status, headers, decision.body.getBytes(StandardCharsets.UTF_8)));
    }

    /** A date is one from now on, by the wall clock. */
    private String retryAfter(Call call, String value) {
        if (value.startsWith("date ")) {
            long seconds = Long.parseLong(value.substring(5));
            Instant until = time.instant().plusSeconds(seconds);
            call.retryAfter = time.elapsed().plusSeconds(Math.max(0, Math.min(MAX_RETRY_AFTER, seconds) - 1));
            return DateTimeFormatter.RFC_1123_DATE_TIME.format(until.atOffset(ZoneOffset.UTC));
        }
        if (value.chars().allMatch(Character::isDigit) && value.length() <= 9) {
            call.retryAfter = time.elapsed().plusSeconds(Math.min(MAX_RETRY_AFTER, Long.parseLong(value)));
        }
        return value;
    }

    /** The connections of a relay that is gone are broken; what they carry may still be carried out. */
    void broken(String relay, boolean others) {
        for (Open one : List.copyOf(open)) {
            if (one.call.relay.equals(relay)) {
                breakOff(one, others);
            }
        }
    }

    /** The connections of a relay that stops are broken, and it is told. */
    void brokenOff(String relay, boolean others) {
        for (Open one : List.copyOf(open)) {
            if (one.call.relay.equals(relay)) {
                breakOff(one, others);
                Decision nothing = new Decision();
                nothing.status = 0;
                nothing.body = "";
                tell(one, nothing);
            }
        }
    }

    private void breakOff(Open one, boolean others) {
        open.remove(one);
        one.brokenOff = true;
        Random random = new Random(plan.seed() * 31 + one.call.ids.hashCode());
        switch (random.nextInt(others ? 3 : 2)) {
            case 0 -> one.carryOut();
            case 1 -> one.carriedOut |= one.storing.isEmpty();
            default -> {
                long left = one.call.began.plus(TIME_OUT).minus(time.elapsed()).toMillis();
                time.after(Duration.ofMillis((long) (Math.max(0, left) * random.nextDouble())), one::carryOut);
            }
        }
    }

    private Duration latency(Fault outage, Decision decision, Random random) {
        if (outage != null) {
            return outage.kind() == Kind.OUTAGE_SILENT ? TIME_OUT : Duration.ofMillis(1 + random.nextInt(100));
        }
        boolean slow = plan.faults().stream().anyMatch(fault -> fault.kind() == Kind.SLOW && fault.at(time.elapsed()));
        return Duration.ofMillis(10 + random.nextInt(slow ? 55_000 : decision.status == 0 && random.nextBoolean() ? 59_000 : plan.large() ? 20 : 300));
    }

    private Decision decide(Call call, Fault outage, Random random) {
        Decision decision = new Decision();
        if (outage != null) {
            decision.status = switch (outage.kind()) {
                case OUTAGE_503 -> 503;
                case OUTAGE_401 -> random.nextBoolean() ? 401 : 403;
                case OUTAGE_429 -> 429;
                case OUTAGE_REFUSED -> -1;
                default -> 0;
            };
            decision.body = "<html>away</html>";
            if (outage.kind() == Kind.OUTAGE_429 || outage.kind() == Kind.OUTAGE_503) {
                decision.retryAfter = switch ((int) outage.number()) {
                    case 0 -> "7";
                    case 1 -> "0";
                    case 2 -> "-5";
                    case 3 -> "soon";
                    case 4 -> "999999999999";
                    case 5 -> "date 20";
                    case 6 -> random.nextInt(8) == 0 ? "30" : null;
                    case 7 -> random.nextInt(40) == 0 ? "3600" : "1";
                    default -> null;
                };
            }
            fates(call, Fate.FAILED);
            return decision;
        }
        if (nature(call, Nature.FAILING) != null) {
            decision.status = new int[] {500, 503, 403, 0}[nature(call, Nature.FAILING).number() % 4];
            decision.body = "";
            fates(call, Fate.FAILED);
            return decision;
        }
        if (plan.faults().stream().anyMatch(fault -> fault.kind() == Kind.UNSTEADY && fault.at(time.elapsed())) && random.nextBoolean()) {
            return unsteady(call, decision, random);
        }
        if (nature(call, Nature.UNKNOWN) != null && !cleverTap) {
            decision.status = 404;
            decision.body = "{\"errors\":[{\"code\":\"user-1\",\"title\":\"not found\"}]}";
            fates(call, Fate.UNKNOWN);
            return decision;
        }
        if (nature(call, Nature.REFUSED_AS_A_WHOLE) != null || !cleverTap && nature(call, Nature.REFUSED) != null) {
            decision.status = 400;
            decision.body = "{\"status\":\"fail\",\"error\":\"no\"}";
            fates(call, Fate.REFUSED_AS_A_WHOLE);
            return decision;
        }
        List<Integer> refused = new ArrayList<>();
        for (int i = 0; i < call.ids.size(); i++) {
            Event event = events.get(call.ids.get(i));
            boolean bad = event != null && event.nature() == Nature.REFUSED && cleverTap;
            call.fates.put(call.ids.get(i), bad ? Fate.REFUSED : Fate.TAKEN);
            if (bad) {
                refused.add(i + 1);
            } else {
                decision.stored.add(call.ids.get(i));
            }
        }
        decision.body = body(call.ids.size() - refused.size(), refused, 525);
        return decision;
    }

    private static String body(int processed, List<Integer> refused, int code) {
        List<String> each = refused.stream().map(place -> "{\"status\":\"fail\" ,\"code\":" + code + " ,\"error\":\"Skipped record number : " + place
                + "\" ,\"record\":{}}").toList();
        return "{\"status\":\"" + (refused.isEmpty() ? "success" : "partial") + "\",\"processed\":" + processed + ",\"unprocessed\":" + each + "}";
    }

    private Decision unsteady(Call call, Decision decision, Random random) {
        decision.body = "";
        fates(call, Fate.FAILED);
        switch (random.nextInt(cleverTap ? 8 : 6)) {
            case 0 -> decision.status = 0;
            case 1 -> {
                decision.status = 0;
                store(call, decision);
            }
            case 2 -> decision.status = 503;
            case 3 -> {
                decision.status = 500;
                store(call, decision);
            }
            case 4 -> {
                decision.status = 429;
                decision.retryAfter = random.nextBoolean() ? Integer.toString(random.nextInt(30)) : null;
            }
            case 5 -> {
                decision.status = cleverTap ? 400 : 404;
                decision.body = "{}";
                boolean tags = call.ids.stream().map(events::get).anyMatch(event -> event != null && event.state());
                fates(call, cleverTap || !tags ? Fate.REFUSED_AS_A_WHOLE : Fate.UNKNOWN);
            }
            case 6 -> decision.body = body(0, List.of(), 0);
            default -> {
                int place = random.nextInt(call.ids.size());
                for (int i = 0; i < call.ids.size(); i++) {
                    if (i != place) {
                        String id = call.ids.get(i);
                        Event event = events.get(id);
                        if (event != null && event.nature() != Nature.GOOD) {
                            return decision(decision);
                        }
                    }
                }
                for (int i = 0; i < call.ids.size(); i++) {
                    if (i != place) {
                        call.fates.put(call.ids.get(i), Fate.TAKEN);
                        decision.stored.add(call.ids.get(i));
                    }
                }
                decision.body = body(decision.stored.size(), List.of(place + 1), 555);
            }
        }
        return decision;
    }

    private static Decision decision(Decision decision) {
        decision.status = 502;
        return decision;
    }

    /** What is bad is not stored, and neither is what goes with it. */
    private void store(Call call, Decision decision) {
        if (call.ids.stream().map(events::get).allMatch(event -> event == null || event.nature() == Nature.GOOD)) {
            decision.stored.addAll(call.ids);
        }
    }

    private static void fates(Call call, Fate fate) {
        call.ids.forEach(id -> call.fates.put(id, fate));
    }

    private Event nature(Call call, Nature nature) {
        for (String id : call.ids) {
            Event event = events.get(id);
            if (event != null && event.nature() == nature && (event.heals() == null || time.elapsed().compareTo(event.heals()) < 0)) {
                return event;
            }
        }
        return null;
    }
}
