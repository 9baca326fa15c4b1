package io.subscriptionrelay.demo;

import io.subscriptionrelay.demo.DemoTable.Row;
import io.subscriptionrelay.demo.Progress.Mark;
import io.subscriptionrelay.simulator.OneSignalSimulator.Update;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.annotation.Profile;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Posts the sample webhooks one after the other, prints what came of them, and then says what to try next. */
@Component
@Profile("demo")
class Demo implements DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(Demo.class);
    private static final long LOOK_AGAIN_MILLIS = 10;

    private final Providers providers;
    private final Progress progress;
    private final Arrivals arrivals;
    private final DemoTable table;
    private final NextSteps nextSteps;
    private final LoggingSystem logging;
    private final Environment environment;
    private final CompletableFuture<List<Row>> printed = new CompletableFuture<>();
    private Thread thread;

    Demo(Providers providers, Progress progress, Arrivals arrivals, DemoTable table, NextSteps nextSteps, LoggingSystem logging,
            Environment environment) {
        this.providers = providers;
        this.progress = progress;
        this.arrivals = arrivals;
        this.table = table;
        this.nextSteps = nextSteps;
        this.logging = logging;
        this.environment = environment;
    }

    @EventListener
    void start(ApplicationReadyEvent ready) {
        thread = new Thread(this::run, "demo");
        thread.setDaemon(true);
        thread.start();
    }

    /** The rows of the table, once all is printed. */
    CompletableFuture<List<Row>> printed() {
        return printed;
    }

    private void run() {
        int port = environment.getRequiredProperty("local.server.port", Integer.class);
        int operations = environment.getRequiredProperty("local.management.port", Integer.class);
        try {
            await(() -> ready(operations));
            List<Sample> samples = Sample.all();
            System.out.printf("%nPosting %d sample webhooks to http://localhost:%d/webhooks/..., one after the other%n%n", samples.size(), port);
            List<Row> rows = new ArrayList<>();
            Update first = null;
            for (Sample sample : samples) {
                Outcome outcome = post(sample, port);
                rows.add(table.row(outcome));
                first = first == null && !outcome.updates().isEmpty() ? outcome.updates().get(0) : first;
            }
            System.out.println(table.render(rows));
            if (first != null) {
                System.out.println("All tags of the first user: " + table.allTags(first) + "\n");
            }
            System.out.println(nextSteps.text(port, operations));
            logging.setLogLevel("io.subscriptionrelay.history.Outcomes", LogLevel.DEBUG);
            logging.setLogLevel("io.subscriptionrelay.webhook.ErrorResponses", LogLevel.WARN);
            arrivals.tell(LOG::info);
            printed.complete(rows);
        } catch (InterruptedException stopped) {
            printed.cancel(false);
        } catch (IOException | RuntimeException e) {
            LOG.error("The demo could not go on", e);
            printed.completeExceptionally(e);
        }
    }

    private static boolean ready(int operations) {
        try {
            return HttpClient.newHttpClient().send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + operations + "/actuator/health/readiness")).build(),
                    BodyHandlers.discarding()).statusCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Outcome post(Sample sample, int port) throws IOException, InterruptedException {
        Mark before = progress.mark();
        int status = providers.post(sample, port);
        List<String> notDelivered = new ArrayList<>();
        if (status != HttpURLConnection.HTTP_OK) {
            notDelivered.add("refused, nothing kept");
        } else if (!await(() -> progress.settledSince(before))) {
            notDelivered.add("not settled yet, %d messages wait: see /actuator/health".formatted(progress.waiting()));
        }
        notDelivered.addAll(progress.notDeliveredSince(before));
        return new Outcome(sample, status, arrivals.takeRecords(), arrivals.takeUpdates(), notDelivered);
    }

    private boolean await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + environment.getRequiredProperty("demo.patience", Duration.class).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN_MILLIS);
        }
        return true;
    }

    @Override
    public void destroy() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
