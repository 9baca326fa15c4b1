package io.subscriptionrelay.simulation;

import io.subscriptionrelay.deliver.VirtualRelay;
import io.subscriptionrelay.deliver.VirtualTime;
import io.subscriptionrelay.order.StateTimes;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The state database: what was applied, and which relay delivers to whom. The rules of the claims are those of
 * {@link io.subscriptionrelay.order.UserLeases}, which speaks to PostgreSQL; where that one waits for the database in a call, this one has the
 * batch rolled back.
 */
final class SimulatedDatabase {

    private static final long LIFE = 90_000;
    private static final long LONGEST_CALL = 70_000;
    private static final long PROOF = 4_000;
    private static final long TICK = 100;

    private final VirtualTime time;
    private final boolean shared;
    private final Map<String, StateTimes> applied = new HashMap<>();
    private final Map<String, Integer> claims = new HashMap<>();
    private final Map<Integer, Long> aliveUntil = new HashMap<>();
    private int instances;

    /** @param shared whether there are several relays */
    SimulatedDatabase(VirtualTime time, boolean shared) {
        this.time = time;
        this.shared = shared;
    }

    private long now() {
        return time.elapsed().toMillis();
    }

    /** A connection of one relay, from its start until it is killed. */
    final class Session {

        private final BooleanSupplier away;
        private final Runnable lapsed;
        private Tenure tenure;
        private boolean closed;
        private boolean killed;

        /**
         * @param away whether this relay does not reach the database
         * @param lapsed told when others may take over its users, because it did not reach the database for too long
         */
        Session(BooleanSupplier away, Runnable lapsed) {
            this.away = away;
            this.lapsed = lapsed;
            if (shared) {
                begin();
                time.every(Duration.ofMillis(PROOF), this::prove, () -> !killed && !closed);
            }
        }

        void kill() {
            killed = true;
        }

        /** The relay stops: users for whom nothing is under way are free. */
        void close() {
            closed = true;
            if (shared && !away.getAsBoolean()) {
                tenure.release();
                if (tenure.held.isEmpty()) {
                    aliveUntil.remove(tenure.id);
                }
            }
        }

        private void reach() {
            if (away.getAsBoolean()) {
                throw new Trouble("the state database is away");
            }
        }

        Map<String, StateTimes> known(Collection<String> keys) {
            reach();
            Map<String, StateTimes> found = new HashMap<>();
            keys.forEach(key -> {
                if (applied.containsKey(key)) {
                    found.put(key, applied.get(key));
                }
            });
            return found;
        }

        void applied(Map<String, StateTimes> times, VirtualRelay.Claim of, Runnable noted, Consumer<RuntimeException> lost) {
            if (killed) {
                return;
            }
            if (!times.isEmpty() && of.lost()) {
                lost.accept(new Trouble("other relays may have taken over"));
            } else if (times.isEmpty() || !away.getAsBoolean()) {
                times.forEach((key, more) -> applied.merge(key, more, (old, now) -> now.revision() > old.revision() ? now : old));
                if (shared) {
                    prove();
                }
                noted.run();
            } else {
                time.after(Duration.ofMillis(500), () -> applied(times, of, noted, lost));
            }
        }

        private void begin() {
            tenure = new Tenure(instances++);
            proven();
        }

        private void proven() {
            long at = now();
            Tenure mine = tenure;
            mine.provenAt = at;
            aliveUntil.put(mine.id, at + LIFE);
            time.after(Duration.ofMillis(LIFE), () -> {
                if (!killed && mine == tenure && mine.provenAt == at) {
                    lapsed.run();
                }
            });
        }

        private void prove() {
            if (away.getAsBoolean()) {
                return;
            }
            if (!tenure.lapsed() && aliveUntil.getOrDefault(tenure.id, 0L) > now()) {
                proven();
                tenure.release();
            } else {
                aliveUntil.remove(tenure.id);
                begin();
            }
        }

        VirtualRelay.Claim claim(Collection<String> keys) {
            if (!shared) {
                return new Held(null, Set.of(), Set.of());
            }
            if (closed) {
                throw new Trouble("the relay stops");
            }
            Tenure mine = tenure;
            if (mine.lapsed()) {
                throw new Trouble("the state database is away");
            }
            reach();
            Set<String> elsewhere = new HashSet<>();
            Set<String> got = new HashSet<>();
            for (String key : keys) {
                Integer owner = claims.get(key);
                if (owner == null || owner == mine.id || aliveUntil.getOrDefault(owner, 0L) <= now()) {
                    claims.put(key, mine.id);
                    got.add(key);
                } else {
                    elsewhere.add(key);
                }
            }
            got.forEach(key -> mine.held.merge(key, 1, Integer::sum));
            mine.unheld.removeAll(got);
            return new Held(mine, got, elsewhere);
        }

        /** The time during which the relay is known under one name. */
        private final class Tenure {
            private final int id;
            private final Map<String, Integer> held = new HashMap<>();
            private final Set<String> unheld = new HashSet<>();
            private long provenAt;

            private Tenure(int id) {
                this.id = id;
            }

            private boolean lapsed() {
                return now() - provenAt > LIFE;
            }

            private void release() {
                if (this == tenure && !away.getAsBoolean()) {
                    unheld.forEach(key -> claims.remove(key, id));
                    unheld.clear();
                }
            }
        }

        private final class Held implements VirtualRelay.Claim {

            private final Tenure mine;
            private final Set<String> keys;
            private final Set<String> elsewhere;
            private final Map<Object, Long> unanswered = new LinkedHashMap<>();

            private Held(Tenure mine, Set<String> keys, Set<String> elsewhere) {
                this.mine = mine;
                this.keys = keys;
                this.elsewhere = elsewhere;
            }

            @Override
            public Set<String> elsewhere() {
                return elsewhere;
            }

            @Override
            public void check() {
                if (mine != null && !keys.isEmpty() && (closed || mine != tenure || now() - mine.provenAt > LIFE - LONGEST_CALL)) {
                    throw new Trouble("other relays may have taken over");
                }
            }

            @Override
            public boolean lost() {
                return mine != null && !keys.isEmpty() && (closed || mine != tenure || mine.lapsed());
            }

            @Override
            public void begins(Object call) {
                unanswered.put(call, now());
            }

            @Override
            public void ends(Object call) {
                unanswered.remove(call);
            }

            @Override
            public void release(Duration rest) {
                if (mine == null) {
                    return;
                }
                long due = now() + rest.toMillis();
                for (long begun : List.copyOf(unanswered.values())) {
                    due = Math.max(due, begun + LONGEST_CALL);
                }
                time.after(Duration.ofMillis(due - now() + TICK), () -> {
                    if (!killed && mine == tenure) {
                        for (String key : keys) {
                            if (mine.held.computeIfPresent(key, (any, count) -> count == 1 ? null : count - 1) == null) {
                                mine.unheld.add(key);
                            }
                        }
                        mine.release();
                    }
                });
            }
        }
    }
}
