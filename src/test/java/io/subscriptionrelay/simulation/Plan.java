package io.subscriptionrelay.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * What happens in a run: who sends what and when, and what fails. The same plan always runs the same way.
 *
 * @param relays how many of them read one broker
 * @param largestBatch the most records in a batch
 */
record Plan(long seed, String destination, int relays, int largestBatch, List<Event> events, List<Fault> faults) {

    /** What is wrong with a record, until it heals. */
    enum Nature {
        GOOD,
        /** The destination refuses it by name. */
        REFUSED,
        /** The destination refuses each call with it. */
        REFUSED_AS_A_WHOLE,
        /** The destination fails on each call with it. */
        FAILING,
        /** The destination does not know the user. */
        UNKNOWN
    }

    /** @param heals when nothing is wrong with it any more; null: never */
    record Event(int number, Duration at, String user, long time, boolean state, Nature nature, Duration heals) {

        String id() {
            return "r" + number;
        }

        @Override
        public String toString() {
            return id() + " at " + text(at) + ": " + (state ? "state" : "event") + " of " + user + " with time " + time
                    + (nature == Nature.GOOD ? "" : ", " + nature + (heals == null ? "" : " until " + text(heals)));
        }
    }

    enum Kind {
        /** Every call is answered with 503; number: whether Retry-After is odd, see {@link SimulatedDestination}. */
        OUTAGE_503,
        OUTAGE_401,
        OUTAGE_429,
        OUTAGE_REFUSED,
        OUTAGE_SILENT,
        /** One call in two fails in any way. */
        UNSTEADY,
        SLOW,
        /** A relay is killed, and starts again after the length. */
        KILL,
        /** A relay is killed before the commit with this number, after what was applied is noted. */
        KILL_BEFORE_COMMIT,
        /** A relay is killed before what a batch with this number has applied is noted. */
        KILL_BEFORE_NOTED,
        /** A relay is stopped, and starts again after the length. */
        STOP,
        /** The broker gives the batches of a relay to somebody again. */
        SESSION_LOST,
        /** Relay -1: for all. */
        DATABASE_AWAY,
        /** The wall clock is set forward by this number of seconds. */
        CLOCK;

        boolean outage() {
            return name().startsWith("OUTAGE");
        }
    }

    record Fault(Kind kind, int relay, Duration from, Duration length, long number) {

        Duration until() {
            return from.plus(length);
        }

        boolean at(Duration time) {
            return time.compareTo(from) >= 0 && time.compareTo(until()) < 0;
        }

        @Override
        public String toString() {
            return kind + " at " + text(from) + " for " + text(length) + ", relay " + relay + ", number " + number;
        }
    }

    static Plan of(long seed) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + 7);
        random.nextInt();
        String destination = random.nextBoolean() ? "clevertap" : "onesignal";
        int relays = random.nextInt(5) < 2 ? 2 : 1;
        boolean large = random.nextInt(40) == 0;
        boolean parted = relays == 2 && random.nextBoolean();
        int largestBatch = large ? 2500 : new int[] {1, 3, 10, 100, 2500}[random.nextInt(5)];
        long active = parted ? 240_000 : 20_000 + random.nextInt(200_000);
        return new Plan(seed, destination, relays, largestBatch, events(random, large, parted, active, relays),
                faults(random, relays, parted, active));
    }

    /** Whether there are so many calls that their number in a second matters. */
    boolean large() {
        return events.size() > 1000;
    }

    private static List<Event> events(Random random, boolean large, boolean parted, long active, int relays) {
        int count = large ? 1100 + random.nextInt(1100) : 1 + random.nextInt(random.nextInt(4) == 0 ? 150 : 40);
        int users = large ? count : parted ? 1 + random.nextInt(3) : 1 + random.nextInt(random.nextBoolean() ? 4 : 40);
        boolean burst = large || random.nextInt(4) == 0;
        boolean bad = random.nextBoolean();
        boolean forGood = bad && relays == 1 && !large && random.nextInt(25) == 0;
        int disorder = random.nextBoolean() ? 1 : 60_000;
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = burst ? random.nextInt(1 + random.nextInt(3000)) : (long) (random.nextDouble() * active);
            boolean state = large || random.nextInt(4) > 0;
            Nature nature = !bad || random.nextInt(large ? 500 : 12) > 0 ? Nature.GOOD : Nature.values()[1 + random.nextInt(4)];
            if (nature == Nature.UNKNOWN && !state) {
                nature = Nature.REFUSED_AS_A_WHOLE;
            }
            boolean heals = nature == Nature.UNKNOWN || nature == Nature.FAILING;
            events.add(new Event(i, Duration.ofMillis(at), "user-" + random.nextInt(users), at - random.nextInt(disorder), state, nature,
                    heals && !forGood ? Duration.ofMillis(active + random.nextInt(900_000)) : null));
        }
        events.sort(Comparator.comparing(Event::at).thenComparing(Event::number));
        return List.copyOf(events);
    }

    private static List<Fault> faults(Random random, int relays, boolean parted, long active) {
        List<Fault> faults = new ArrayList<>();
        if (parted && random.nextBoolean()) {
            Duration from = Duration.ofSeconds(5 + random.nextInt(100));
            faults.add(new Fault(Kind.SLOW, 0, from, Duration.ofSeconds(30 + random.nextInt(60)), 0));
            faults.add(new Fault(Kind.STOP, 0, from.plusSeconds(2 + random.nextInt(20)), Duration.ofSeconds(1 + random.nextInt(60)), 0));
        } else if (parted) {
            Duration from = Duration.ofSeconds(5 + random.nextInt(30));
            faults.add(new Fault(Kind.DATABASE_AWAY, 0, from, Duration.ofSeconds(95 + random.nextInt(100)), 0));
            faults.add(new Fault(Kind.OUTAGE_503, 0, from.plusSeconds(random.nextInt(10)), Duration.ofSeconds(90 + random.nextInt(110)), 0));
        }
        int count = random.nextInt(parted ? 2 : 6);
        for (int i = 0; i < count; i++) {
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            Duration from = Duration.ofMillis((long) (random.nextDouble() * active));
            long length = 1000 + random.nextInt(random.nextInt(3) == 0 ? 120_000 : 20_000);
            long number = switch (kind) {
                case CLOCK -> random.nextBoolean() ? random.nextInt(1200) - 600 : 80_000 + random.nextInt(20_000);
                case OUTAGE_503, OUTAGE_429 -> random.nextInt(10);
                default -> 1 + random.nextInt(6);
            };
            int relay = kind == Kind.DATABASE_AWAY && random.nextInt(3) == 0 ? -1 : random.nextInt(relays);
            faults.add(new Fault(kind, relay, from, Duration.ofMillis(length), number));
        }
        return List.copyOf(faults);
    }

    /** When all faults are over. */
    Duration over() {
        return faults.stream().map(Fault::until).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
    }

    /** Whether a record fails for so long that others have to be taken meanwhile, or it would wait for ever. */
    boolean needsOthers() {
        return events.stream().anyMatch(event -> event.nature() == Nature.FAILING);
    }

    Plan with(List<Event> others, List<Fault> fewer) {
        return new Plan(seed, destination, relays, largestBatch, others, fewer);
    }

    private static String text(Duration time) {
        return time.toMillis() / 1000.0 + " s";
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(destination + ", " + relays + (relays == 1 ? " relay" : " relays") + ", batches of " + largestBatch);
        faults.forEach(fault -> text.append("\n  ").append(fault));
        events.forEach(event -> text.append("\n  ").append(event));
        return text.toString();
    }
}
