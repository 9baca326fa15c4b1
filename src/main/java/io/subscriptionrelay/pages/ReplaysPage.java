package io.subscriptionrelay.pages;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.history.ReplayJob;
import io.subscriptionrelay.history.Replays;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** {@code /replays}: sends events of history through today's mappings once more, and shows who did so, when, and what came of it. */
@Controller
class ReplaysPage {

    private final Replays replays;
    private final RelayProperties properties;

    ReplaysPage(Replays replays, RelayProperties properties) {
        this.replays = replays;
        this.properties = properties;
    }

    /** A replay as the pages show it. */
    public record View(ReplayJob job, String at, String endedAt, String about, int percent, List<EventsPage.Difference> differences) {

        static View of(ReplayJob job, boolean operator) {
            StringBuilder about = new StringBuilder();
            job.filters.forEach((name, value) -> about.append(about.isEmpty() ? "" : " ").append(name).append(':')
                    .append(operator || !name.equals("user") && !name.equals("q") && !name.equals("id") ? value : "…"));
            String what = about.isEmpty() ? "all events" : about.toString();
            return new View(job, Instant.ofEpochMilli(job.at).toString(), job.endedAt > 0 ? Instant.ofEpochMilli(job.endedAt).toString() : null,
                    job.limit > 0 ? what + ", the oldest " + job.limit : what, job.total == 0 ? 100 : (int) (100 * job.done / job.total),
                    operator ? job.differences.stream().map(EventsPage.Difference::new).toList() : List.of());
        }

        /** What it does, before and after. */
        public String sentence() {
            String to = job.destination == null ? "every destination" : job.destination;
            return job.dryRun ? "Compares what was sent to " + to + " with what today's mappings make"
                    : "Sends " + (job.again ? "states and events" : "states") + " to " + to + " again";
        }
    }

    @GetMapping("/replays")
    String list(Model model, HttpServletRequest request) {
        boolean operator = request.isUserInRole(EveryPage.OPERATOR);
        List<View> views = replays.list().stream().map(job -> View.of(job, operator)).toList();
        model.addAttribute("replays", views);
        model.addAttribute("running", views.stream().anyMatch(view -> view.job().running()));
        model.addAttribute("destinations", configured());
        return "replays";
    }

    private Set<String> configured() {
        Set<String> destinations = new TreeSet<>();
        properties.destinations().forEach((name, settings) -> {
            if (settings.accounts().values().stream().anyMatch(RelayProperties.Account::configured)) {
                destinations.add(name);
            }
        });
        return destinations;
    }

    @GetMapping("/replays/{id}")
    String show(@PathVariable String id, Model model, HttpServletRequest request) {
        ReplayJob job = replays.find(id).orElseThrow(() -> new NothingHereException("no replay has this id"));
        model.addAttribute("replay", View.of(job, request.isUserInRole(EveryPage.OPERATOR)));
        return "replay";
    }

    @PostMapping("/replays")
    String start(@RequestParam Map<String, String> form, HttpServletRequest request, RedirectAttributes after) {
        Map<String, String> query = new LinkedHashMap<>();
        form.forEach((name, value) -> {
            if (!name.startsWith("_") && !value.isBlank()) {
                query.put(name, value.trim());
            }
        });
        ReplayJob job = replays.start(query, request.getUserPrincipal().getName());
        after.addFlashAttribute("said", job.dryRun ? "The comparison was begun; nothing is sent." : "The replay was begun.");
        return "redirect:/replays/" + job.id;
    }

    @PostMapping("/replays/{id}/cancel")
    String cancel(@PathVariable String id, RedirectAttributes after) {
        replays.cancel(id).orElseThrow(() -> new NothingHereException("no replay has this id"));
        after.addFlashAttribute("said", "Cancelled. What was sent stays sent.");
        return "redirect:/replays/" + id;
    }
}
