package io.subscriptionrelay.simulator;

import io.subscriptionrelay.simulator.OneSignalRoute.Endpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** One app: its users, its rate limits, and the idempotency keys it has seen. */
final class OneSignalApp {

    private static final int FORGET_ABOVE = 20_000;
    private static final long FORGET_AFTER = Duration.ofSeconds(10).toNanos();

    final String id;
    volatile Secret key;
    final LongAdder rateViolations = new LongAdder();
    private final OneSignalSimulator simulator;
    private final Map<String, OneSignalUser> users = new ConcurrentHashMap<>();
    private final Deque<OneSignalUser> autoCreated = new ArrayDeque<>();
    private final Map<Endpoint, TokenBucket> buckets = new ConcurrentHashMap<>();
    private final Map<String, Pace> paces = new ConcurrentHashMap<>();
    private final Set<String> idempotencyKeys;
    private long pacesForgottenAt = System.nanoTime();
    private long minSpacing = Long.MAX_VALUE;

    OneSignalApp(String id, OneSignalSimulator simulator) {
        this.id = id;
        this.simulator = simulator;
        this.idempotencyKeys = Collections.newSetFromMap(new LinkedHashMap<>() {

            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                return size() > Math.max(100_000, simulator.keep());
            }
        });
    }

    /** How fast the updates of one user follow each other. */
    private static final class Pace {

        final TokenBucket bucket = new TokenBucket();
        long last;
        long min = Long.MAX_VALUE;

        synchronized long arrived(long now) {
            long spacing = last == 0 ? Long.MAX_VALUE : Math.max(0, now - last);
            last = last == 0 ? now : Math.max(last, now);
            min = Math.min(min, spacing);
            return spacing;
        }

        synchronized boolean idle(long now) {
            return now - last > FORGET_AFTER;
        }

        synchronized Optional<Duration> min() {
            return min == Long.MAX_VALUE ? Optional.empty() : Optional.of(Duration.ofNanos(min));
        }
    }

    private static String name(String label, String id) {
        boolean uuid = label.equals(OneSignalRoute.ONESIGNAL_ID) || label.equals(OneSignalRoute.SUBSCRIPTION_ID);
        return label + '\n' + (uuid ? id.toLowerCase() : id);
    }

    /** The user, however young; null for none. */
    OneSignalUser find(String label, String id) {
        return users.get(name(label, id));
    }

    /** The user as a call sees it at this time; null while it does not exist. */
    OneSignalUser visible(String label, String id, long now) {
        OneSignalUser user = find(label, id);
        if (user == null && simulator.createsUsers()) {
            user = autoCreate(label, id, now);
        }
        return user != null && user.existsAt(now) ? user : null;
    }

    private synchronized OneSignalUser autoCreate(String label, String id, long now) {
        OneSignalUser user = find(label, id);
        if (user == null) {
            user = create(Map.of(label, id), List.of(), now);
            autoCreated.addLast(user);
            if (!simulator.keepsEverything() && autoCreated.size() > Math.max(1000, simulator.keep())) {
                remove(autoCreated.removeFirst());
            }
        }
        return user;
    }

    synchronized OneSignalUser create(Map<String, String> aliases, List<String> subscriptions, long existsFrom) {
        String given = aliases.get(OneSignalRoute.ONESIGNAL_ID);
        OneSignalUser user = new OneSignalUser(given == null ? UUID.randomUUID().toString() : given, existsFrom);
        aliases.forEach(user::name);
        subscriptions.forEach(subscription -> user.name(OneSignalRoute.SUBSCRIPTION_ID, subscription));
        index(user);
        return user;
    }

    synchronized void addAliases(OneSignalUser user, Map<String, String> aliases) {
        aliases.forEach(user::name);
        index(user);
    }

    private void index(OneSignalUser user) {
        user.names().forEach(name -> users.put(name(name.getKey(), name.getValue()), user));
    }

    synchronized void remove(OneSignalUser user) {
        user.names().forEach(name -> users.remove(name(name.getKey(), name.getValue()), user));
    }

    /** True the first time a key is seen; events without a key are always new. */
    boolean firstTime(String idempotencyKey) {
        synchronized (idempotencyKeys) {
            return idempotencyKey.isEmpty() || idempotencyKeys.add(idempotencyKey.toLowerCase());
        }
    }

    /** Whether the limits of the endpoint and, for a write, of the user allow a call that arrived now. */
    boolean allows(OneSignalRoute route, long now) {
        boolean allowed = true;
        if (route.endpoint().writesUser() && route.id() != null) {
            Pace pace = paces.computeIfAbsent(paceKey(route.label(), route.id()), unused -> new Pace());
            long spacing = pace.arrived(now);
            noteSpacing(spacing, now);
            double rate = simulator.perUserRps();
            allowed = pace.bucket.take(now, rate, Math.max(1, rate), simulator.earlySeconds());
        }
        double rate = route.endpoint() == Endpoint.VIEW_USER ? simulator.viewRps() : simulator.appRps();
        TokenBucket bucket = buckets.computeIfAbsent(route.endpoint(), unused -> new TokenBucket());
        allowed &= bucket.take(now, rate, Math.max(1, rate), simulator.earlySeconds());
        if (!allowed) {
            rateViolations.increment();
        }
        return allowed;
    }

    private String paceKey(String label, String id) {
        OneSignalUser user = find(label, id);
        return user == null ? name(label, id) : user.onesignalId;
    }

    private synchronized void noteSpacing(long spacing, long now) {
        minSpacing = Math.min(minSpacing, spacing);
        if (paces.size() > FORGET_ABOVE && !simulator.keepsEverything() && now - pacesForgottenAt > FORGET_AFTER / 10) {
            pacesForgottenAt = now;
            paces.values().removeIf(pace -> pace.idle(now));
        }
    }

    synchronized Optional<Duration> minimumSpacing() {
        return minSpacing == Long.MAX_VALUE ? Optional.empty() : Optional.of(Duration.ofNanos(minSpacing));
    }

    Optional<Duration> minimumSpacing(String label, String id) {
        Pace pace = paces.get(paceKey(label, id));
        return pace == null ? Optional.empty() : pace.min();
    }

    int userCount() {
        return (int) users.values().stream().distinct().count();
    }

    synchronized void forget() {
        users.clear();
        autoCreated.clear();
        buckets.clear();
        paces.clear();
        minSpacing = Long.MAX_VALUE;
        rateViolations.reset();
        synchronized (idempotencyKeys) {
            idempotencyKeys.clear();
        }
    }
}
