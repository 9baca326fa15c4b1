package io.subscriptionrelay.pages;

import io.subscriptionrelay.history.ParkedEvents;
import io.subscriptionrelay.history.ParkedFilter;
import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** {@code /parked}: what waits for a person, by reason; replay and discard. */
@Controller
class ParkedPage {

    private static final int ROWS = 40;
    private static final String SAID = "said";
    private static final Set<String> FILTERS = Set.of("reason", "provider", "step", "destination", "account");

    private final ParkedEvents parked;

    ParkedPage(ParkedEvents parked) {
        this.parked = parked;
    }

    @GetMapping("/parked")
    String reasons(@RequestParam Map<String, String> query, Model model) {
        Map<String, String> filters = filters(query);
        Map<String, Object> reasons = parked.reasons(ParkedFilter.of(filters));
        model.addAttribute("total", reasons.get("total"));
        model.addAttribute("reasons", reasons.get("reasons"));
        model.addAttribute("filters", filters);
        if (!filters.isEmpty()) {
            model.addAttribute("entries", parked.list(ParkedFilter.of(filters), 0, ROWS).get("entries"));
        }
        return "parked";
    }

    private static Map<String, String> filters(Map<String, String> query) {
        Map<String, String> filters = new LinkedHashMap<>();
        query.forEach((name, value) -> {
            if (FILTERS.contains(name) && !value.isBlank()) {
                filters.put(name, value);
            }
        });
        return filters;
    }

    @GetMapping("/parked/{id}")
    String show(@PathVariable String id, Model model, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        Map<String, Object> entry = parked.find(id).orElseThrow(() -> gone(id));
        Map<String, Object> today = parked.dryRunOf(id).orElseThrow(() -> gone(id));
        model.addAttribute("entry", entry);
        model.addAttribute("webhook", EventViews.pretty(String.valueOf(entry.get("event"))));
        model.addAttribute("results", ((List<?>) today.get("results")).stream().map(EventViews::result).toList());
        return "parked-event";
    }

    private static NothingHereException gone(String id) {
        return new NothingHereException("no parked event has this id; it was replayed or discarded meanwhile");
    }

    @PostMapping("/parked/{id}/replay")
    String replay(@PathVariable String id, RedirectAttributes after) {
        Optional<Map<String, Object>> entry = parked.find(id);
        boolean replayed = parked.replay(id);
        after.addFlashAttribute(SAID, replayed ? "The event goes through today's mapping again." : "Nothing was replayed: the event is not parked any more.");
        if (replayed) {
            entry.ifPresent(event -> after.addFlashAttribute("event", event));
        }
        return "redirect:/parked";
    }

    @PostMapping("/parked/replay")
    String replayAll(@RequestParam Map<String, String> query, RedirectAttributes after) {
        int replayed = parked.replay(ParkedFilter.of(filters(query)));
        after.addFlashAttribute(SAID, new Words().count(replayed, "event") + (replayed == 1 ? " goes" : " go")
                + " through today's mappings again. What fails again is parked again.");
        return "redirect:/parked";
    }

    /** The question before what cannot be taken back. */
    @GetMapping("/parked/discard")
    String ask(@RequestParam Map<String, String> query, Model model, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        Map<String, String> filters = filters(query);
        model.addAttribute("filters", filters);
        model.addAttribute("id", query.get("id"));
        model.addAttribute("total", query.get("id") != null ? 1 : parked.reasons(ParkedFilter.of(filters)).get("total"));
        return "discard";
    }

    @PostMapping("/parked/discard")
    String discard(@RequestParam Map<String, String> query, RedirectAttributes after) {
        String id = query.get("id");
        int discarded = id != null && !id.isBlank() ? parked.discard(id) ? 1 : 0 : parked.discard(ParkedFilter.of(filters(query)));
        after.addFlashAttribute(SAID, new Words().count(discarded, "event") + (discarded == 1 ? " was" : " were")
                + " discarded. History still shows that they came.");
        return "redirect:/parked";
    }
}
