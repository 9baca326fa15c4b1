package io.subscriptionrelay.translate;

import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.mapping.Attempt;
import io.subscriptionrelay.mapping.BrokenMappingException;
import io.subscriptionrelay.mapping.DestinationExamples;
import io.subscriptionrelay.mapping.ExampleRun;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.springframework.stereotype.Component;

/**
 * Tries texts of mappings that nobody has saved, and runs examples, beside the events of a running relay: with its routes, and with every destination
 * set up, as the commands {@code map} and {@code test} do it.
 */
@Component
public class Playground {

    /** The longest text and the longest webhook, in characters. */
    public static final int LONGEST = 256 * 1024;

    private static final Duration LONGEST_TRY = Duration.ofSeconds(3);
    private static final Duration LONGEST_RUN = Duration.ofSeconds(15);
    /** All that is taken, given back or not: a mapping of the relay takes some hundred kB for an event. */
    private static final long MOST_MEMORY = 64 << 20;

    private final Mapper mapper;
    private final WebhookPreview preview;
    private final ProviderExamples examples;
    private final AttemptRunner runner;

    Playground(Mapper mapper, WebhookPreview preview, ProviderExamples examples, AttemptRunner runner) {
        this.mapper = mapper;
        this.preview = preview;
        this.examples = examples;
        this.runner = runner;
    }

    /**
     * What came of a text.
     *
     * @param problems why it cannot be used
     * @param before what the mappings in use make of the webhook; null when they were stopped
     * @param after what the text makes of it; null when there are problems
     * @param stopped why the mappings were stopped; null when they were not
     */
    public record Tried(List<Problem> problems, Preview before, Preview after, String stopped) {
    }

    /**
     * Tries a text in the place of a file.
     *
     * @param file one of {@link Mapper#files}
     * @param webhook the bytes as the provider sends them
     * @param show makes of it what is wanted, within the same limits
     * @throws NotAJsonObjectException when the webhook is no event at all
     * @throws AttemptFailedException when it takes too long or too much
     */
    public <T> T tried(String provider, String file, String text, byte[] webhook, Function<Tried, T> show)
            throws NotAJsonObjectException, AttemptFailedException {
        if (text.length() > LONGEST || webhook.length > LONGEST) {
            throw new AttemptFailedException("is not tried, because the " + (text.length() > LONGEST ? "file" : "webhook") + " is longer than "
                    + LONGEST / 1024 + " kB");
        }
        Object found = runner.run(() -> {
            try {
                return show.apply(tried(provider, file, text, webhook));
            } catch (NotAJsonObjectException e) {
                return e;
            }
        }, LONGEST_TRY);
        if (found instanceof NotAJsonObjectException e) {
            throw e;
        }
        @SuppressWarnings("unchecked")
        T shown = (T) found;
        return shown;
    }

    private Tried tried(String provider, String file, String text, byte[] webhook) throws NotAJsonObjectException {
        Attempt inUse = mapper.attempt().atEveryAccount().within(LONGEST_TRY, MOST_MEMORY);
        Preview before = previewed(inUse, provider, webhook);
        if (inUse.stopped() != null) {
            return new Tried(List.of(), null, null, inUse.stopped());
        }
        Attempt edited;
        try {
            edited = mapper.withText(provider, file, text).atEveryAccount().within(LONGEST_TRY, MOST_MEMORY);
        } catch (BrokenMappingException e) {
            return new Tried(e.problems(), before, null, null);
        }
        Preview after = previewed(edited, provider, webhook);
        return new Tried(List.of(), before, edited.stopped() == null ? after : null, edited.stopped());
    }

    private Preview previewed(Attempt attempt, String provider, byte[] webhook) throws NotAJsonObjectException {
        try (Attempt.Running running = attempt.begin()) {
            return preview.of(provider, webhook);
        }
    }

    /**
     * Runs all examples of a provider or a destination with the mappings in use.
     *
     * @param name of a folder below {@code mappings/}, as {@code revenuecat} or {@code destinations/clevertap}
     * @throws AttemptFailedException when they take too long
     */
    public List<ExampleRun> examples(String name) throws AttemptFailedException {
        return runner.run(() -> {
            try (Attempt.Running running = mapper.attempt().atEveryAccount().within(LONGEST_RUN, Long.MAX_VALUE).begin()) {
                String destination = name.substring(name.indexOf('/') + 1);
                return destination.equals(name) ? examples.runAll(name)
                        : DestinationExamples.runAll(mapper.destination(destination), mapper.folder().resolve(name));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, LONGEST_RUN);
    }
}
