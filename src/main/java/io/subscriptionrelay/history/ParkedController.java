package io.subscriptionrelay.history;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code /actuator/parked}. A controller of the management port, because an actuator endpoint would ask for a JSON body where
 * a plain POST is meant.
 */
@RestController
@RequestMapping("${management.endpoints.web.base-path:/actuator}/parked")
class ParkedController {

    private static final Set<String> PAGED = and(ParkedFilter.NAMES, ParkedQuery.OFFSET, ParkedQuery.LIMIT);
    private static final Set<String> REPLAYED = and(PAGED, ParkedQuery.DRY_RUN);

    private final ParkedEvents parked;

    ParkedController(ParkedEvents parked) {
        this.parked = parked;
    }

    private static Set<String> and(Set<String> names, String... more) {
        return Stream.concat(names.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }

    @GetMapping
    Map<String, Object> list(HttpServletRequest request) {
        ParkedQuery query = query(request, PAGED);
        return parked.list(query.filter(), query.offset(), query.limit());
    }

    @GetMapping("/reasons")
    Map<String, Object> reasons(HttpServletRequest request) {
        return parked.reasons(query(request, ParkedFilter.NAMES).filter());
    }

    @GetMapping("/{id}")
    ResponseEntity<Map<String, Object>> show(@PathVariable String id, HttpServletRequest request) {
        query(request, Set.of());
        return found(parked.find(id));
    }

    @PostMapping("/{id}")
    ResponseEntity<Map<String, Object>> replay(@PathVariable String id, HttpServletRequest request) {
        if (query(request, Set.of(ParkedQuery.DRY_RUN)).dryRun()) {
            return found(parked.dryRunOf(id));
        }
        return parked.replay(id) ? ResponseEntity.ok(Map.of("replayed", 1)) : notFound();
    }

    /** A page is for a dry run; a replay takes all that fit, so that nobody replays a hundred and believes it was all. */
    @PostMapping
    Map<String, Object> replayAll(HttpServletRequest request) {
        boolean dryRun = query(request, REPLAYED).dryRun();
        ParkedQuery query = query(request, dryRun ? REPLAYED : and(ParkedFilter.NAMES, ParkedQuery.DRY_RUN));
        return dryRun ? parked.dryRun(query.filter(), query.offset(), query.limit()) : Map.of("replayed", parked.replay(query.filter()));
    }

    @DeleteMapping("/{id}")
    ResponseEntity<Map<String, Object>> discard(@PathVariable String id, HttpServletRequest request) {
        query(request, Set.of());
        return parked.discard(id) ? ResponseEntity.ok(Map.of("discarded", 1)) : notFound();
    }

    /** Not without a filter: a slip would discard all. */
    @DeleteMapping
    Map<String, Object> discardAll(HttpServletRequest request) {
        return Map.of("discarded", parked.discard(query(request, ParkedFilter.NAMES).filter()));
    }

    private static ParkedQuery query(HttpServletRequest request, Set<String> known) {
        return ParkedQuery.of(request.getQueryString(), known);
    }

    private static ResponseEntity<Map<String, Object>> found(Optional<Map<String, Object>> entry) {
        return entry.map(ResponseEntity::ok).orElseGet(ParkedController::notFound);
    }

    private static ResponseEntity<Map<String, Object>> notFound() {
        return ResponseEntity.status(404).body(Map.of("error",
                "no parked event has this id; it may have been replayed or discarded meanwhile. GET /actuator/parked lists them"));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> wrong(IllegalArgumentException e) {
        return ResponseEntity.badRequest().body(Map.of("error", String.valueOf(e.getMessage())));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> silent(BrokerSilentException e) {
        return ResponseEntity.status(503).body(Map.of("error", String.valueOf(e.getMessage())));
    }
}
