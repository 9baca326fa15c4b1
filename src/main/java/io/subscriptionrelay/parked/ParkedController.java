package io.subscriptionrelay.parked;

import java.util.Map;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code /actuator/parked}. A controller of the management port, because an actuator endpoint would ask for a JSON body where
 * a plain POST is meant.
 */
@RestController
@RequestMapping("${management.endpoints.web.base-path:/actuator}/parked")
class ParkedController {

    private static final int LARGEST_PAGE = 1000;

    private final ParkedEvents parked;

    ParkedController(ParkedEvents parked) {
        this.parked = parked;
    }

    @GetMapping
    Map<String, Object> list(ParkedFilter filter, @RequestParam(defaultValue = "0") int offset,
            @RequestParam(defaultValue = "100") int limit) {
        return parked.list(filter, Math.max(0, offset), Math.max(0, Math.min(LARGEST_PAGE, limit)));
    }

    @GetMapping("/{id}")
    ResponseEntity<Map<String, Object>> show(@PathVariable String id) {
        return parked.find(id).map(ResponseEntity::ok).orElseGet(() -> notFound());
    }

    @PostMapping("/{id}")
    ResponseEntity<Map<String, Object>> replay(@PathVariable String id) {
        return parked.replay(id) ? ResponseEntity.ok(Map.of("replayed", 1)) : notFound();
    }

    @PostMapping
    Map<String, Object> replayAll(ParkedFilter filter) {
        return Map.of("replayed", parked.replay(filter));
    }

    @DeleteMapping("/{id}")
    ResponseEntity<Map<String, Object>> discard(@PathVariable String id) {
        return parked.discard(id) ? ResponseEntity.ok(Map.of("discarded", 1)) : notFound();
    }

    private static ResponseEntity<Map<String, Object>> notFound() {
        return ResponseEntity.status(404).body(Map.of("error",
                "no parked event has this id; it may have been replayed or discarded meanwhile. GET /actuator/parked lists them"));
    }
}
