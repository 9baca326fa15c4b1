package io.subscriptionrelay.history;

import java.util.List;
import java.util.Map;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /actuator/events}: what became of an event, or of the events of a user. */
@RestController
@RequestMapping("${management.endpoints.web.base-path:/actuator}/events")
class EventsController {

    private final EventTraces events;

    EventsController(EventTraces events) {
        this.events = events;
    }

    @GetMapping
    ResponseEntity<Map<String, Object>> find(@RequestParam(required = false) String id, @RequestParam(required = false) String user,
            @RequestParam(required = false) String provider, @RequestParam(required = false) String destination,
            @RequestParam(required = false) String outcome, @RequestParam(required = false) String from,
            @RequestParam(required = false) String to, @RequestParam(defaultValue = "20") int limit) {
        if (id != null) {
            return show(id, provider);
        }
        return ResponseEntity.ok(events.find(EventFilter.of(user, provider, destination, outcome, from, to), limit));
    }

    @GetMapping("/{id}")
    ResponseEntity<Map<String, Object>> show(@PathVariable String id, @RequestParam(required = false) String provider) {
        Map<String, Object> found = events.event(id, provider);
        if (!((List<?>) found.get("events")).isEmpty()) {
            return ResponseEntity.ok(found);
        }
        return ResponseEntity.status(404).body(Map.of("error", events.isOn()
                ? "nothing is known of an event with this id: it never came, it came longer ago than relay.trace.keep, or its trace"
                        + " is not written yet (that takes up to a second)"
                : "events leave no trace, because relay.trace.keep is 0"));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> wrong(IllegalArgumentException e) {
        return ResponseEntity.badRequest().body(Map.of("error", String.valueOf(e.getMessage())));
    }
}
