package io.subscriptionrelay.deliver;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.logs.Incident;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthContributorRegistry;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.stereotype.Component;

/**
 * How each account is doing: one health component each. Refused credentials make it DOWN; an outage shows as DEGRADED once it
 * lasts. One line is logged when a problem begins and one when it ends, however many attempts lie between; one that comes and
 * goes all the time is told of once a minute.
 */
@Component
public class AccountMonitor {

    private static final Logger LOG = LoggerFactory.getLogger(AccountMonitor.class);
    private static final Status DEGRADED = new Status("DEGRADED");
    private static final Duration LONG_OUTAGE = Duration.ofMinutes(5);

    private final Map<String, AccountState> accounts = new TreeMap<>();
    private final Clock clock;

    AccountMonitor(RelayProperties properties, HealthContributorRegistry health, MeterRegistry metrics, Clock clock) {
        this.clock = clock;
        properties.destinations().forEach((destination, settings) -> settings.accounts().forEach((name, account) -> {
            if (account.configured()) {
                AccountState state = new AccountState(destination + " account " + name);
                accounts.put(key(destination, name), state);
                health.registerContributor(key(destination, name), state);
                Gauge.builder("relay.account.paused", state, paused -> paused.problem == Problem.CREDENTIALS ? 1 : 0)
                        .description("1 while the account refuses its credentials")
                        .tag("destination", destination).tag("account", name).register(metrics);
                Gauge.builder("relay.account.failing.seconds", state, AccountState::failingSeconds)
                        .description("For how long the account has not answered as it should")
                        .tag("destination", destination).tag("account", name).register(metrics);
            }
        }));
    }

    private static String key(String destination, String account) {
        return destination + "-" + account;
    }

    /** The account does not answer as it should. */
    void failed(String destination, String account, Problem problem, String detail) {
        accounts.get(key(destination, account)).failed(problem, detail);
    }

    /** The account has answered a call as it should. */
    void succeeded(String destination, String account) {
        accounts.get(key(destination, account)).succeeded();
    }

    /** What is wrong with an account. */
    enum Problem {
        CREDENTIALS, OUTAGE
    }

    private final class AccountState implements HealthIndicator {

        private final String name;
        private volatile Problem problem;
        private volatile Instant since;
        private volatile String detail;
        private final Incident outage = new Incident(clock);
        private boolean refusalTold;

        AccountState(String name) {
            this.name = name;
        }

        synchronized void failed(Problem found, String what) {
            if (problem != found) {
                since = clock.instant();
            }
            if (found == Problem.CREDENTIALS && !refusalTold) {
                refusalTold = true;
                LOG.error("The {} refuses its credentials ({}). It is paused, its queue is kept; set the right ones, or have them"
                        + " allowed again at the destination.", name, what);
            } else if (found == Problem.OUTAGE && outage.failed()) {
                LOG.warn("The {} does not answer as it should ({}). Its queue waits, and it is tried again until it does.", name, what);
            }
            problem = found;
            detail = what;
        }

        synchronized void succeeded() {
            if (problem != null) {
                if (outage.over() | refusalTold) {
                    LOG.info("The {} answers again, after {} s", name, failingSeconds());
                }
                refusalTold = false;
                problem = null;
            }
        }

        private long failingSeconds() {
            return problem == null ? 0 : Duration.between(since, clock.instant()).toSeconds();
        }

        @Override
        public synchronized Health health() {
            if (problem == null) {
                return Health.up().build();
            }
            Health.Builder health = problem == Problem.CREDENTIALS ? Health.down()
                    : failingSeconds() >= LONG_OUTAGE.toSeconds() ? Health.status(DEGRADED) : Health.up();
            return health.withDetail("problem", problem == Problem.CREDENTIALS ? "the credentials are refused" : "outage")
                    .withDetail("answer", detail).withDetail("since", since.toString()).build();
        }
    }
}
