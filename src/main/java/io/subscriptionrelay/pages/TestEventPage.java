package io.subscriptionrelay.pages;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.DryRun;
import io.subscriptionrelay.history.EventKey;
import io.subscriptionrelay.history.EventOutcome;
import io.subscriptionrelay.history.Events;
import io.subscriptionrelay.history.HistoryFilter;
import io.subscriptionrelay.history.HistoryOutcome;
import io.subscriptionrelay.history.HistoryStore;
import io.subscriptionrelay.logs.Printable;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.translate.Preview;
import io.subscriptionrelay.translate.ProviderExamples;
import io.subscriptionrelay.translate.WebhookPreview;
import io.subscriptionrelay.webhook.OwnPort;
import io.subscriptionrelay.webhook.WebhookClient;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** {@code /test-event}: sends a webhook to this relay as its provider would, and shows what becomes of it. */
@Controller
class TestEventPage {

    private static final Logger LOG = LoggerFactory.getLogger(TestEventPage.class);
    private static final String USER = "test-user";
    /** How the step is called that an event of a provider is in most cases; the end of its name. */
    private static final List<String> USUAL = List.of("renewal", "renewed");
    private static final int KEPT = 200;
    private static final Set<EventOutcome> FINAL = Set.of(EventOutcome.DELIVERED, EventOutcome.SKIPPED, EventOutcome.PARKED, EventOutcome.DISCARDED);

    private final RelayProperties properties;
    private final ProviderExamples examples;
    private final Mapper mapper;
    private final WebhookPreview preview;
    private final OwnPort port;
    private final Events events;
    private final DryRun dryRun;
    private final Clock clock;

    TestEventPage(RelayProperties properties, ProviderExamples examples, Mapper mapper, WebhookPreview preview, OwnPort port, Events events, DryRun dryRun,
            Clock clock) {
        this.properties = properties;
        this.examples = examples;
        this.mapper = mapper;
        this.preview = preview;
        this.port = port;
        this.events = events;
        this.dryRun = dryRun;
        this.clock = clock;
    }

    /** What would become of the webhook at an account, or why nothing. */
    public record Becomes(String destination, String account, int records, String instead) {
    }

    /** The form, with an example filled in. */
    @GetMapping("/test-event")
    String show(@RequestParam(defaultValue = "") String provider, @RequestParam(defaultValue = "") String step, @RequestParam(defaultValue = USER) String user,
            Model model, HttpServletRequest request) throws IOException {
        EveryPage.operatorOnly(request);
        String chosen = properties.providers().containsKey(provider) ? provider : firstOpen();
        SortedMap<String, Path> steps = examples.steps(chosen);
        String shown = steps.containsKey(step) ? step : steps.keySet().stream().filter(name -> USUAL.stream().anyMatch(name::endsWith)).findFirst()
                .orElse(steps.isEmpty() ? "" : steps.firstKey());
        String body = steps.isEmpty() ? "" : fresh(chosen, steps.get(shown), user.isBlank() ? USER : user.trim());
        return form(chosen, steps.keySet(), shown, user, body, model);
    }

    private String firstOpen() {
        return new TreeMap<>(properties.providers()).entrySet().stream().filter(entry -> entry.getValue().open()).map(Map.Entry::getKey).findFirst()
                .orElseThrow(() -> new NothingHereException("no provider has a secret here, so nothing could be signed"));
    }

    private String fresh(String provider, Path example, String user) throws IOException {
        byte[] webhook = Files.readAllBytes(example);
        try {
            Optional<ObjectNode> json = StrictJson.object(webhook);
            if (json.isPresent()) {
                return EventView.pretty(new FreshExample(mapper.facts(provider, json.get(), webhook), user, clock.instant()).of(json.get()), "");
            }
        } catch (NotAJsonObjectException asItIs) {
            // what is wrong with it is told when it is sent
        }
        return new String(webhook, StandardCharsets.UTF_8);
    }

    private String form(String provider, Set<String> steps, String step, String user, String body, Model model) {
        RelayProperties.Provider settings = properties.providers().get(provider);
        model.addAttribute("providers", new TreeMap<>(properties.providers()).keySet());
        model.addAttribute("provider", provider);
        model.addAttribute("steps", steps);
        model.addAttribute("step", step);
        model.addAttribute("forUser", user);
        // HTML takes a first line break in a text area for its own
        model.addAttribute("body", '\n' + body);
        model.addAttribute("closed", settings.open() ? null : String.join(" or ", settings.variables()));
        model.addAttribute("accounts", accounts());
        model.addAttribute("becomes", settings.open() ? becomes(provider, body) : List.of());
        return "test-event";
    }

    /** Those that are set up, as {@code clevertap production}. */
    private List<String> accounts() {
        List<String> accounts = new ArrayList<>();
        new TreeMap<>(properties.destinations()).forEach((destination, settings) -> new TreeMap<>(settings.accounts()).forEach((account, configured) -> {
            if (configured.configured()) {
                accounts.add(destination + " " + account);
            }
        }));
        return accounts;
    }

    private List<Becomes> becomes(String provider, String body) {
        Preview today;
        try {
            today = preview.of(provider, body.getBytes(StandardCharsets.UTF_8));
        } catch (NotAJsonObjectException e) {
            return List.of();
        }
        Map<String, Becomes> becomes = new TreeMap<>();
        for (Map<String, Object> outcome : today.outcomes()) {
            EventViews.Result result = EventViews.result(outcome);
            String destination = result.destination() == null ? "" : result.destination();
            boolean sent = result.outcome().equals("sent");
            becomes.merge(destination, new Becomes(destination, result.account(), sent ? 1 : 0, sent ? null : result.outcome()
                    + (result.reason() == null ? "" : ": " + result.reason())), (one, more) -> one.records() == 0 ? more : new Becomes(destination, one.account(),
                            one.records() + more.records(), null));
        }
        return new ArrayList<>(becomes.values());
    }

    /** Signs and posts it. */
    @PostMapping("/test-event")
    String send(@RequestParam(defaultValue = "") String provider, @RequestParam(defaultValue = "") String step, @RequestParam(defaultValue = "") String user,
            @RequestParam(required = false) String body, Model model, HttpServletRequest request, HttpServletResponse response, RedirectAttributes after)
            throws IOException {
        if (body == null) {
            // of a form that is too large Tomcat gives none of its fields
            throw new IllegalArgumentException("nothing was sent: the form is larger than this port takes. A webhook may have 1 MiB; the command send posts one from"
                    + " a file");
        }
        RelayProperties.Provider settings = properties.providers().get(provider);
        if (settings == null) {
            throw new IllegalArgumentException("there is no provider of this name; choose one of " + String.join(", ", new TreeMap<>(properties.providers()).keySet()));
        }
        Sent sent = settings.open() ? send(provider, body, request.getUserPrincipal().getName()) : Sent.not("Nothing was sent: " + provider
                + " has no secret here, so nothing could be signed. Set " + String.join(" or ", settings.variables()) + ".");
        if (sent.wrong() != null) {
            response.setStatus(sent.status() == 0 ? HttpServletResponse.SC_BAD_REQUEST : HttpServletResponse.SC_BAD_GATEWAY);
            model.addAttribute("wrong", sent.wrong());
            return form(provider, examples.steps(provider).keySet(), step, user, body, model);
        }
        after.addFlashAttribute("said", sent.status() + ": " + WebhookClient.meaning(provider, sent.status()) + ".");
        after.addAttribute("provider", provider);
        if (sent.key() != null) {
            after.addAttribute("id", sent.key());
        }
        return "redirect:/test-event/sent";
    }

    /**
     * How it went.
     *
     * @param status of the answer; 0 when there is none
     * @param key of the event; null when it is none, but what its provider calls with when it is set up
     * @param wrong why it was not kept, in sentences; null when it was
     */
    private record Sent(int status, String key, String wrong) {

        static Sent not(String wrong) {
            return new Sent(0, null, wrong);
        }
    }

    private Sent send(String provider, String body, String by) {
        byte[] webhook = body.getBytes(StandardCharsets.UTF_8);
        try {
            String key = key(provider, webhook);
            int status = port.post(provider, webhook);
            LOG.info("A test event of {} was sent by {} and answered with {}: {}", provider, Printable.id(by), status, key == null ? "no event" : Printable.id(key));
            return new Sent(status, key, status == KEPT ? null : "The public port answered with " + status + ": " + WebhookClient.meaning(provider, status) + ".");
        } catch (NotAJsonObjectException | IllegalArgumentException e) {
            return Sent.not("Nothing was sent: " + e.getMessage() + ".");
        } catch (IOException e) {
            return Sent.not(Stream.iterate((Throwable) e, Objects::nonNull, Throwable::getCause).anyMatch(SSLException.class::isInstance)
                    ? "Nothing was sent: the public port, " + port.address() + ", speaks TLS, but not with this page. Where it asks for certificates of clients"
                            + " (server.ssl.client-auth), use the command send with --url and the address of your proxy."
                    : "The public port does not answer at " + port.address() + ". Whether it has kept the webhook shows under Events.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Sent.not("The relay stops. Whether it has kept the webhook shows under Events once it runs again.");
        }
    }

    /** What history finds the event by. */
    private String key(String provider, byte[] webhook) throws NotAJsonObjectException {
        Preview today = preview.of(provider, webhook);
        return today.event() ? EventKey.of(today.facts().id()) : null;
    }

    /** What has become of it until now. The page asks again until each destination has an outcome. */
    @GetMapping("/test-event/sent")
    String sent(@RequestParam String provider, @RequestParam(required = false) String id, Model model, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        List<HistoryStore.Found> found = id == null || !events.isOn() ? List.of()
                : events.page(HistoryFilter.of(Map.of("id", id, "provider", provider)), null, 1, true).found();
        model.addAttribute("provider", provider);
        model.addAttribute("id", id);
        model.addAttribute("on", events.isOn());
        model.addAttribute("event", found.isEmpty() ? null : new EventView(found.get(0)));
        List<EventView.Mark> marks = found.isEmpty() ? List.of() : marks(found.get(0));
        model.addAttribute("marks", marks);
        model.addAttribute("waits", id != null && events.isOn() && (found.isEmpty() || marks.stream().anyMatch(EventView.Mark::waits)));
        return "test-event-sent";
    }

    /** For each destination what became of it, and those that have nothing yet, as far as today's mappings would give them something. */
    private List<EventView.Mark> marks(HistoryStore.Found found) {
        Map<String, Long> settled = found.outcomes().stream().filter(outcome -> FINAL.contains(outcome.what()))
                .collect(Collectors.groupingBy(TestEventPage::destination, Collectors.counting()));
        Map<String, Long> expected = found.event().webhook() == null ? Map.of() : dryRun.of(new DryRun.Replay(found.event().provider(), found.event().eventId(),
                found.event().receivedAt(), null, null, null, found.event().webhook())).stream()
                .collect(Collectors.groupingBy(result -> result.get("destination") == null ? "" : result.get("destination").toString(), Collectors.counting()));
        Map<String, EventView.Mark> marks = new TreeMap<>();
        if (!found.outcomes().isEmpty()) {
            new EventView(found).marks().forEach(mark -> marks.put(mark.destination(), mark));
        }
        expected.forEach((destination, records) -> {
            EventView.Mark mark = marks.get(destination);
            if (settled.getOrDefault(destination, 0L) < records && (mark == null || !mark.attention())) {
                marks.put(destination, EventView.Mark.waiting(destination, mark == null ? "" : mark.word() + " " + mark.reason()));
            }
        });
        return new ArrayList<>(marks.values());
    }

    private static String destination(HistoryOutcome outcome) {
        return outcome.destination() == null ? "" : outcome.destination();
    }
}
