package io.subscriptionrelay.pages;

import io.subscriptionrelay.mapping.Mapper;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.springframework.boot.actuate.health.Health;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;

/** {@code /mappings}: which files are in use, and what is wrong with those that are not. */
@Controller
class MappingsPage {

    private final Mapper mapper;

    MappingsPage(Mapper mapper) {
        this.mapper = mapper;
    }

    /**
     * A mapping.
     *
     * @param problems with file, line and what to write instead
     */
    public record State(String name, List<String> problems) {
    }

    @GetMapping("/mappings")
    String list(Model model) {
        Health health = mapper.health();
        List<State> states = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(mapper.names());
        health.getDetails().keySet().stream().filter(name -> name.contains("/")).forEach(names::add);
        for (String name : names) {
            Object found = health.getDetails().get(name);
            states.add(new State(name, found instanceof Collection<?> problems ? problems.stream().map(String::valueOf).toList() : List.of()));
        }
        model.addAttribute("mappings", states);
        model.addAttribute("broken", states.stream().filter(state -> !state.problems().isEmpty()).count());
        model.addAttribute("oldInUse", health.getDetails().get("inUse") != null);
        return "mappings";
    }
}
