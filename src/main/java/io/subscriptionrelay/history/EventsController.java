package io.subscriptionrelay.history;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /actuator/events}: what events were and what became of them. Content only for who has logged in, also on this machine. */
@RestController
@RequestMapping("${management.endpoints.web.base-path:/actuator}/events")
class EventsController {

    private static final String OPERATOR = "OPERATOR";
    private static final Set<String> PAGE = Set.of("limit", "next", "content");
    private static final int PAGE_SIZE = 20;

    private final Events events;

    EventsController(Events events) {
        this.events = events;
    }

    @GetMapping
    ResponseEntity<Map<String, Object>> find(@RequestParam Map<String, String> query, HttpServletRequest request) {
        boolean content = content(query);
        if (content && !request.isUserInRole(OPERATOR)) {
            return loginNeeded();
        }
        known(query);
        return ResponseEntity.ok(events.find(HistoryFilter.of(query), query.get("next"), limit(query), content));
    }

    @GetMapping("/{id}")
    ResponseEntity<Map<String, Object>> show(@PathVariable String id, @RequestParam Map<String, String> query, HttpServletRequest request) {
        Map<String, String> all = new TreeMap<>(query);
        all.put("id", id);
        ResponseEntity<Map<String, Object>> found = find(all, request);
        return found.getBody().get("events") instanceof List<?> events && events.isEmpty() ? unknown() : found;
    }

    /** Forgets a user. */
    @DeleteMapping
    ResponseEntity<Map<String, Object>> forget(@RequestParam Map<String, String> query) {
        Optional<String> other = query.keySet().stream().filter(name -> !name.equals("user")).findFirst();
        if (other.isPresent()) {
            throw new IllegalArgumentException("`" + other.get() + "` narrows nothing here, because all of a user's events are forgotten; write user=<id> alone");
        }
        return ResponseEntity.ok(events.forget(query.get("user")));
    }

    private static boolean content(Map<String, String> query) {
        String content = query.getOrDefault("content", "false");
        if (!content.equals("true") && !content.equals("false")) {
            throw new IllegalArgumentException("`content` is true or false");
        }
        return content.equals("true");
    }

    private static void known(Map<String, String> query) {
        for (String name : query.keySet()) {
            if (!HistoryFilter.NAMES.contains(name) && !PAGE.contains(name)) {
                TreeSet<String> names = new TreeSet<>(HistoryFilter.NAMES);
                names.addAll(PAGE);
                throw new IllegalArgumentException("there is no filter with this name; write one of " + String.join(", ", names));
            }
        }
    }

    private static int limit(Map<String, String> query) {
        try {
            int limit = Integer.parseInt(query.getOrDefault("limit", Integer.toString(PAGE_SIZE)));
            if (limit >= 0) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException("`limit` is a whole number, from 0 up to " + Events.LARGEST_PAGE);
    }

    private static ResponseEntity<Map<String, Object>> loginNeeded() {
        return ResponseEntity.status(HttpStatus.UNAUTHORIZED).header(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"relay\"").body(Map.of("error",
                "the content of events is shown only after a login: send the user and password of the console, or leave out content=true"));
    }

    private ResponseEntity<Map<String, Object>> unknown() {
        return ResponseEntity.status(HttpStatus.NOT_FOUND).body(Map.of("error", events.isOn()
                ? "nothing is known of an event with this id: it never came, it came longer ago than relay.history.keep, or history does not have it"
                        + " yet (that takes a second or two)"
                : "no events are kept, because relay.history.keep is 0"));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> wrong(IllegalArgumentException e) {
        return ResponseEntity.badRequest().body(Map.of("error", String.valueOf(e.getMessage())));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> silent(UncheckedStoreException e) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(Map.of("error", "history cannot be asked now; ask again in a moment: " + e.getMessage()));
    }

    /** The replays are there, which hold something of who is forgotten. */
    @ExceptionHandler
    ResponseEntity<Map<String, Object>> silent(DataAccessException e) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(Map.of("error", "the state database cannot be asked now; ask again in a moment"));
    }

    @ExceptionHandler
    ResponseEntity<Map<String, Object>> silent(BrokerSilentException e) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(Map.of("error", String.valueOf(e.getMessage())));
    }
}
