package io.subscriptionrelay.history;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.dao.DataAccessException;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /actuator/replays}: asks for replays of events from history, and shows how they stand. Values of records only for who has logged in. */
@RestController
@RequestMapping("${management.endpoints.web.base-path:/actuator}/replays")
class ReplaysController {

    private static final String OPERATOR = "OPERATOR";

    private final Replays replays;

    ReplaysController(Replays replays) {
        this.replays = replays;
    }

    @PostMapping
    ResponseEntity<Map<String, Object>> start(@RequestParam Map<String, String> query, HttpServletRequest request) {
        if (query.getOrDefault("destination", "-").isBlank()) {
            // of a script in which a variable is not set, it would mean all of them
            throw new IllegalArgumentException("`destination` is empty; name one, or leave it out for all");
        }
        String by = request.getUserPrincipal() == null ? "unknown" : request.getUserPrincipal().getName();
        return ResponseEntity.accepted().body(shown(replays.start(query, by), request));
    }

    @GetMapping
    Map<String, Object> list(HttpServletRequest request) {
        return Map.of("replays", replays.list().stream().map(job -> shown(job, request)).toList());
    }

    @GetMapping("/{id}")
    ResponseEntity<Map<String, Object>> show(@PathVariable String id, HttpServletRequest request) {
        return replays.find(id).map(job -> ResponseEntity.ok(shown(job, request))).orElseGet(ReplaysController::unknown);
    }

    @DeleteMapping("/{id}")
    ResponseEntity<Map<String, Object>> cancel(@PathVariable String id, HttpServletRequest request) {
        return replays.cancel(id).map(job -> ResponseEntity.ok(shown(job, request))).orElseGet(ReplaysController::unknown);
    }

    private static ResponseEntity<Map<String, Object>> unknown() {
        return ResponseEntity.status(404).body(Map.of("error", "no replay has this id; GET /actuator/replays lists them"));
    }

    static Map<String, Object> shown(ReplayJob job, HttpServletRequest request) {
        return shown(job, request.isUserInRole(OPERATOR));
    }

    private static Map<String, Object> shown(ReplayJob job, boolean values) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("id", job.id);
        shown.put("state", job.state);
        shown.put("dryRun", job.dryRun);
        shown.put("total", job.total);
        shown.put("done", job.done);
        shown.put("same", job.same);
        shown.put("different", job.different);
        shown.put("new", job.added);
        shown.put("skipped", job.skipped);
        shown.put("parked", job.parked);
        shown.put("sent", job.sent);
        shown.put("wouldSend", job.wouldSend);
        shown.put("countedTwice", job.countedTwice);
        shown.put("differences", job.differences.stream().map(difference -> shown(difference, values)).toList());
        shown.put("destination", job.destination);
        Map<String, String> filters = new LinkedHashMap<>(job.filters);
        if (!values) {
            List.of("user", "q", "id").forEach(name -> filters.computeIfPresent(name, (key, value) -> "…"));
        }
        shown.put("filters", filters);
        shown.put("events", job.again ? "again" : "state");
        shown.put("rate", job.rate);
        if (job.limit > 0) {
            shown.put("limit", job.limit);
        }
        shown.put("by", job.by);
        shown.put("at", Instant.ofEpochMilli(job.at).toString());
        if (job.endedAt > 0) {
            shown.put("endedAt", Instant.ofEpochMilli(job.endedAt).toString());
        }
        if (job.problem != null) {
            shown.put("problem", job.problem);
        }
        return shown;
    }

    private static Map<String, Object> shown(ReplayJob.Difference difference, boolean values) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("provider", difference.provider());
        shown.put("eventId", difference.eventId());
        shown.put("destination", difference.destination());
        shown.put("part", difference.part());
        shown.put("becomes", difference.becomes());
        shown.put("keys", difference.keys());
        if (values) {
            shown.put("was", difference.was());
            shown.put("now", difference.now());
        }
        return shown;
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> wrong(IllegalArgumentException e) {
        return ResponseEntity.badRequest().body(Map.of("error", String.valueOf(e.getMessage())));
    }

    @ExceptionHandler({UncheckedStoreException.class, DataAccessException.class})
    ResponseEntity<Map<String, Object>> silent(RuntimeException e) {
        return ResponseEntity.status(503).body(Map.of("error", "history or the state database cannot be asked now; ask again in a moment"));
    }
}
