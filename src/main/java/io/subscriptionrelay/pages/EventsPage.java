package io.subscriptionrelay.pages;

import io.subscriptionrelay.history.DryRun;
import io.subscriptionrelay.history.Events;
import io.subscriptionrelay.history.HistoryEvent;
import io.subscriptionrelay.history.HistoryFilter;
import io.subscriptionrelay.history.HistoryStore;
import io.subscriptionrelay.history.ReplayJob;
import io.subscriptionrelay.history.Replays;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /events}: what came and what became of it, found by whatever is known of it. */
@Controller
class EventsPage {

    private static final Pattern NO_NAME = Pattern.compile("[^a-z0-9]+");
    private static final int ROWS = 40;
    /** Behind by less is what happens all the time. */
    private static final Duration BEHIND = Duration.ofSeconds(10);

    private final Events events;
    private final Replays replays;
    private final Waiting waiting;
    private final Examples examples;

    EventsPage(Events events, Replays replays, Waiting waiting, DryRun dryRun) {
        this.events = events;
        this.replays = replays;
        this.waiting = waiting;
        examples = new Examples(dryRun);
    }

    @GetMapping("/events")
    String list(@RequestParam(defaultValue = "") String search, @RequestParam(required = false) String next, @RequestParam(defaultValue = "") String live,
            Model model, HttpServletRequest request) {
        boolean operator = request.isUserInRole(EveryPage.OPERATOR);
        model.addAttribute("search", search);
        model.addAttribute("live", live.equals("on") && next == null);
        model.addAttribute("older", next != null);
        model.addAttribute("on", events.isOn());
        EventSearch asked;
        try {
            asked = EventSearch.of(search);
            if (asked.asksContent() && !operator) {
                throw new IllegalArgumentException("this login sees no content of events, so it cannot search by it; write id:, provider:, type:, step:,"
                        + " outcome:, destination: or account: before what you look for");
            }
            Events.Page page = null;
            for (HistoryFilter filter : asked.tries()) {
                page = events.page(filter, next, ROWS, operator);
                if (!page.found().isEmpty()) {
                    break;
                }
            }
            Map<String, Map<String, Long>> since = new HashMap<>();
            model.addAttribute("rows", page.found().stream()
                    .map(found -> new EventView(found, since.computeIfAbsent(found.event().provider(), waiting::since))).toList());
            model.addAttribute("next", page.next());
            behind(page.completeUntil(), model);
        } catch (IllegalArgumentException e) {
            model.addAttribute("rows", List.of());
            model.addAttribute("wrong", e.getMessage());
        }
        return "events";
    }

    private static void behind(Instant until, Model model) {
        if (until.isBefore(Instant.now().minus(BEHIND))) {
            model.addAttribute("completeUntil", until.toString());
        }
    }

    /** An id may have anything in it, which a path could not. */
    @GetMapping("/events/{provider}")
    String show(@PathVariable String provider, @RequestParam String id, Model model, HttpServletRequest request) {
        boolean operator = request.isUserInRole(EveryPage.OPERATOR);
        List<HistoryStore.Found> found = events.page(HistoryFilter.of(Map.of("id", id, "provider", provider)), null, 1, operator).found();
        if (found.isEmpty()) {
            throw new NothingHereException("history has no such event: it never came, it came longer ago than relay.history.keep, or history does not have it"
                    + " yet, which takes a second or two");
        }
        model.addAttribute("event", new EventView(found.get(0), waiting.since(provider)));
        model.addAttribute("forgotten", operator && found.get(0).event().webhook() == null);
        if (operator && found.get(0).event().webhook() != null) {
            ReplayJob today = replays.compare(found.get(0));
            model.addAttribute("today", today);
            model.addAttribute("differences", today.differences.stream().map(Difference::new).toList());
        }
        return "event";
    }

    /** The two files of an example, which has invented values in the place of personal ones. */
    @GetMapping("/events/{provider}/example")
    ResponseEntity<String> example(@PathVariable String provider, @RequestParam String id, @RequestParam String file, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        List<HistoryStore.Found> found = events.page(HistoryFilter.of(Map.of("id", id, "provider", provider)), null, 1, true).found();
        if (found.isEmpty() || found.get(0).event().webhook() == null) {
            throw new NothingHereException("history does not have this event any more, or its user was forgotten");
        }
        HistoryEvent event = found.get(0).event();
        String name = NO_NAME.matcher(String.valueOf(event.type()).toLowerCase(Locale.ROOT)).replaceAll("-");
        boolean expected = file.equals("expected");
        return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).header(HttpHeaders.CONTENT_DISPOSITION, ContentDisposition.attachment()
                .filename(new Words().cut(name, 80) + (expected ? ".expected.json" : ".webhook.json")).build().toString())
                .body(expected ? examples.expected(event) : examples.webhook(event));
    }

    /**
     * A difference with its values as text.
     *
     * @param event where it is shown
     */
    public record Difference(String event, String destination, Integer part, String becomes, List<String> keys, String was, String now) {

        Difference(ReplayJob.Difference difference) {
            this(EventView.address(difference.provider(), difference.eventId()), difference.destination(), difference.part(), difference.becomes(), difference.keys(), EventView.pretty(difference.was(), null),
                    EventView.pretty(difference.now(), null));
        }
    }
}
