package io.subscriptionrelay.order;

import io.subscriptionrelay.config.RelayProperties;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/**
 * Keeps several relays from delivering states of one user at the same moment: whoever delivers a user's state has leased the
 * user in PostgreSQL, in one statement for a batch. Leases do not run out while their relay lives, which it proves every few
 * seconds for all of them at once, so that a batch may wait out an outage of any length. A call that has begun and has no answer may
 * still be carried out, whatever becomes of its batch: its users stay leased until the longest call would have ended, also by a relay that
 * is stopped. A relay with the embedded broker is alone, and leases cost it nothing.
 */
@Component
@DependsOnDatabaseInitialization
public class UserLeases implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(UserLeases.class);
    /** Longer than the longest call and the patience with the database together. */
    private static final Duration LIFE = Duration.ofSeconds(90);
    /** The time-outs of the HTTP client, 5 s to connect and 60 s to answer, and some more. */
    private static final Duration LONGEST_CALL = Duration.ofSeconds(70);
    private static final Duration PROOF = Duration.ofSeconds(4);
    private static final Duration CLEANING = Duration.ofSeconds(60);
    /** A release that is due later than that is one whose call has no answer; a stop does not wait for it. */
    private static final Duration LONGEST_REST = Duration.ofSeconds(2);
    private static final long TICK_MILLIS = 100;
    /** When the database has just failed one batch, the others need not find out each for itself, one after the other. */
    private static final Duration FAIL_TOGETHER = Duration.ofSeconds(1);

    private final JdbcTemplate jdbc;
    private final ScheduledExecutorService keeper;
    private final ArrayDeque<Release> releases = new ArrayDeque<>();
    private volatile Membership membership;
    private volatile int relays = 1;
    private volatile boolean closed;
    private long provenAt;
    private long cleanedAt = System.nanoTime();
    private long failedAt = System.nanoTime() - FAIL_TOGETHER.toNanos();

    UserLeases(DataSource dataSource, RelayProperties properties) {
        jdbc = new JdbcTemplate(dataSource);
        boolean postgres = StateDatabase.isPostgres(dataSource);
        if (properties.broker().external() && postgres) {
            begin();
            keeper = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "user-leases");
                thread.setDaemon(true);
                return thread;
            });
            keeper.scheduleWithFixedDelay(this::keep, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            keeper = null;
            if (properties.broker().external()) {
                LOG.warn("BROKER_URL is set without a PostgreSQL in STATE_JDBC_URL: let no second relay use this broker, or late events"
                        + " may overwrite newer ones");
            }
        }
    }

    /** The time during which this relay is known to the others under one name. */
    private static final class Membership {
        private final String id = UUID.randomUUID().toString();
        /** How many batches here have leased a user; none: to be released. */
        private final Map<Key, Integer> held = new HashMap<>();
        private final Set<Key> unheld = new HashSet<>();
        private volatile long provenAt;

        private long sinceProof() {
            return System.nanoTime() - provenAt;
        }

        private boolean lapsed() {
            return sinceProof() > LIFE.toNanos();
        }
    }

    private record Key(String destination, String account, String user) {
    }

    private record Release(long due, Membership membership, List<Key> keys) {
    }

    /** The users that a batch has leased. */
    public final class Lease {

        private final Membership mine;
        private final List<Key> keys;
        private final Set<String> elsewhere;
        /** The calls that have no answer yet, with the time at which each began. */
        private final Map<Object, Long> unanswered = new ConcurrentHashMap<>();
        private boolean released;

        private Lease(Membership mine, List<Key> keys, Set<String> elsewhere) {
            this.mine = mine;
            this.keys = keys;
            this.elsewhere = elsewhere;
        }

        /** The users that another relay is delivering to just now. */
        public Set<String> elsewhere() {
            return elsewhere;
        }

        /**
         * Returns when a call that begins now will end before another relay can have taken over the users. Waits while the state
         * database is away.
         *
         * @throws LeaseLostException when it was away for too long, or this relay has been stopped
         */
        public void check() {
            if (mine == null || keys.isEmpty()) {
                return;
            }
            if (closed) {
                throw new LeaseLostException();
            }
            while (mine == membership && mine.sinceProof() > LIFE.minus(LONGEST_CALL).toNanos() && !mine.lapsed()) {
                try {
                    Thread.sleep(TICK_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new LeaseLostException();
                }
            }
            if (mine != membership || mine.lapsed()) {
                throw new LeaseLostException();
            }
        }

        /** A call for its users is made now. */
        public void begins(Object call) {
            if (mine != null) {
                unanswered.put(call, System.nanoTime());
            }
        }

        /** The call has an answer, or has not reached the destination. */
        public void ends(Object call) {
            unanswered.remove(call);
        }

        /** Lets other relays have the users after this time, and not before a call without an answer would have ended. */
        public void release(Duration rest) {
            synchronized (UserLeases.this) {
                if (mine != null && !released) {
                    released = true;
                    long now = System.nanoTime();
                    long due = now + rest.toNanos();
                    for (long begun : unanswered.values()) {
                        due = Math.max(due - now, begun + LONGEST_CALL.toNanos() - now) + now;
                    }
                    releases.add(new Release(due, mine, keys));
                }
            }
        }
    }

    /**
     * Leases those of the users that no other relay has leased. Users that another batch of this relay has leased are leased
     * once more.
     *
     * @throws DataAccessException when the state database is away
     * @throws LeaseLostException when this relay has been stopped
     */
    public Lease lease(String destination, String account, Collection<String> users) {
        if (membership == null || users.isEmpty()) {
            return new Lease(null, List.of(), Set.of());
        }
        synchronized (this) {
            Membership mine = membership;
            if (closed) {
                throw new LeaseLostException();
            }
            if (mine.lapsed() || System.nanoTime() - failedAt < FAIL_TOGETHER.toNanos()) {
                throw new TransientDataAccessResourceException("the state database is away");
            }
            List<Key> all = users.stream().map(user -> new Key(destination, account, user)).toList();
            Set<String> elsewhere = new HashSet<>(users);
            try {
                jdbc.query("""
                        INSERT INTO user_claim AS lease (destination, account, user_key, instance)
                        SELECT ?, ?, wanted, ? FROM unnest(?) AS wanted ORDER BY wanted
                        ON CONFLICT (destination, account, user_key) DO UPDATE SET instance = EXCLUDED.instance
                        WHERE lease.instance = EXCLUDED.instance OR NOT EXISTS (SELECT 1 FROM relay_instance AS other
                            WHERE other.id = lease.instance AND other.alive_until > clock_timestamp())
                        RETURNING user_key""",
                        row -> {
                            elsewhere.remove(row.getString(1));
                        }, destination, account, mine.id, users.toArray(String[]::new));
            } catch (DataAccessException e) {
                failedAt = System.nanoTime();
                // nobody knows whether they are leased now
                all.stream().filter(key -> !mine.held.containsKey(key)).forEach(mine.unheld::add);
                throw e;
            }
            List<Key> keys = all.stream().filter(key -> !elsewhere.contains(key.user())).toList();
            keys.forEach(key -> mine.held.merge(key, 1, Integer::sum));
            keys.forEach(mine.unheld::remove);
            return new Lease(mine, keys, elsewhere);
        }
    }

    private void keep() {
        try {
            prove();
            release();
            clean();
        } catch (DataAccessException e) {
            LOG.debug("The state database is away", e);
        }
    }

    /** Tells the other relays that this one lives. */
    private void prove() {
        Membership mine = membership;
        long now = System.nanoTime();
        if (now - provenAt < PROOF.toNanos()) {
            return;
        }
        boolean known = !mine.lapsed() && jdbc.update("UPDATE relay_instance SET alive_until = clock_timestamp() + ? * INTERVAL '1 second'"
                + " WHERE id = ? AND alive_until > clock_timestamp()", LIFE.toSeconds(), mine.id) > 0;
        if (known) {
            mine.provenAt = now;
            provenAt = now;
            count();
        } else {
            LOG.warn("The state database was away for more than {} s: batches under way start again", LIFE.toSeconds());
            jdbc.update("DELETE FROM relay_instance WHERE id = ?", mine.id);
            begin();
        }
    }

    private synchronized void begin() {
        Membership next = new Membership();
        long now = System.nanoTime();
        next.provenAt = now;
        jdbc.update("INSERT INTO relay_instance (id, alive_until) VALUES (?, clock_timestamp() + ? * INTERVAL '1 second')",
                next.id, LIFE.toSeconds());
        provenAt = now;
        membership = next;
        count();
    }

    private void count() {
        Integer living = jdbc.queryForObject("SELECT count(*) FROM relay_instance WHERE alive_until > clock_timestamp()", Integer.class);
        relays = living == null ? 1 : Math.max(1, living);
    }

    /**
     * How many relays deliver to the same accounts, this one included, as of the last few seconds: what a destination allows is shared by them.
     * One that was killed counts until its leases end, because its calls may still be under way.
     */
    public int relays() {
        return relays;
    }

    private synchronized void release() {
        Membership mine = membership;
        long now = System.nanoTime();
        releases.removeIf(release -> {
            boolean due = release.due() - now <= 0;
            if (due && release.membership() == mine) {
                for (Key key : release.keys()) {
                    if (mine.held.computeIfPresent(key, (any, count) -> count == 1 ? null : count - 1) == null) {
                        mine.unheld.add(key);
                    }
                }
            }
            return due;
        });
        if (mine.unheld.isEmpty()) {
            return;
        }
        List<Key> keys = new ArrayList<>(mine.unheld);
        // locked in the order in which lease() locks them, so that two relays cannot wait for each other
        jdbc.update("""
                WITH mine AS (SELECT destination, account, user_key FROM user_claim
                    WHERE instance = ? AND (destination, account, user_key) IN (SELECT * FROM unnest(?, ?, ?))
                    ORDER BY destination, account, user_key FOR UPDATE)
                DELETE FROM user_claim AS lease USING mine WHERE lease.destination = mine.destination
                    AND lease.account = mine.account AND lease.user_key = mine.user_key""",
                mine.id, keys.stream().map(Key::destination).toArray(String[]::new),
                keys.stream().map(Key::account).toArray(String[]::new), keys.stream().map(Key::user).toArray(String[]::new));
        mine.unheld.clear();
    }

    /** Removes what relays that are gone have left behind. */
    private void clean() {
        if (System.nanoTime() - cleanedAt < CLEANING.toNanos()) {
            return;
        }
        cleanedAt = System.nanoTime();
        jdbc.update("""
                DELETE FROM user_claim WHERE ctid IN (SELECT ctid FROM user_claim AS lease WHERE NOT EXISTS (
                    SELECT 1 FROM relay_instance AS other WHERE other.id = lease.instance AND other.alive_until > clock_timestamp())
                    FOR UPDATE SKIP LOCKED)""");
        jdbc.update("DELETE FROM relay_instance WHERE alive_until < clock_timestamp() - INTERVAL '1 hour'");
    }

    /**
     * Lets the other relays have all users for whom nothing is under way. The routes have stopped by then, but calls to a destination may
     * still be carried out; the leases of their users run out, as those of a relay that is killed do.
     */
    @Override
    public void close() throws InterruptedException {
        if (keeper == null) {
            return;
        }
        closed = true;
        keeper.shutdown();
        keeper.awaitTermination(5, TimeUnit.SECONDS);
        try {
            while (releasesSoon()) {
                Thread.sleep(TICK_MILLIS);
            }
            release();
            if (nothingHeld()) {
                jdbc.update("DELETE FROM relay_instance WHERE id = ?", membership.id);
            }
        } catch (DataAccessException e) {
            LOG.debug("The leases of this relay run out by themselves", e);
        }
    }

    private synchronized boolean releasesSoon() {
        long now = System.nanoTime();
        return releases.stream().map(release -> release.due() - now).anyMatch(left -> left > 0 && left < LONGEST_REST.toNanos());
    }

    private synchronized boolean nothingHeld() {
        return membership.held.isEmpty();
    }
}
