package io.subscriptionrelay.pages;

import io.subscriptionrelay.mapping.ExampleRun;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.mapping.Version;
import io.subscriptionrelay.translate.AttemptFailedException;
import io.subscriptionrelay.translate.Playground;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.boot.actuate.health.Health;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /mappings}: which files are in use since when, what is wrong with those that are not, and what becomes of their examples. */
@Controller
class MappingsPage {

    private static final String DESTINATIONS = "destinations";
    private static final String SHARED = "shared";

    private final Mapper mapper;
    private final Playground playground;

    MappingsPage(Mapper mapper, Playground playground) {
        this.mapper = mapper;
        this.playground = playground;
    }

    /**
     * The mappings of a provider, or all destinations.
     *
     * @param runs the folder whose examples are run at once; null where each row has its own
     */
    public record Section(String name, String title, String runs, List<State> states) {
    }

    /**
     * A mapping or a destination.
     *
     * @param runs the folder whose examples are its own; null where the section has them
     * @param problems with file, line and what to write instead
     */
    public record State(String name, String runs, List<String> problems, List<File> files) {

        /** Whether one of the problems is the file's; where none names a file they are of all. */
        public boolean broken(File file) {
            return problems.stream().anyMatch(problem -> names(problem, file)) || !problems.isEmpty() && files.stream().noneMatch(one -> problems.stream()
                    .anyMatch(problem -> names(problem, one)));
        }

        private static boolean names(String problem, File file) {
            return problem.contains(file.path());
        }
    }

    /**
     * A file in use.
     *
     * @param provider whose playground has it; null: none
     */
    public record File(String path, String name, String provider, Version version) {

        public String readAt() {
            return version.readAt().toString();
        }
    }

    /** An example that became something else, or that could not be run. */
    public record Failed(String name, List<String> problems, List<PlaygroundView.Line> lines) {
    }

    /**
     * What came of the examples of a folder.
     *
     * @param why nothing came of them; null when something did
     */
    public record Ran(String section, String folder, int passed, List<Failed> failed, String why) {
    }

    @GetMapping("/mappings")
    String list(@RequestParam(required = false) String examples, Model model, HttpServletRequest request) {
        Health health = mapper.health();
        TreeSet<String> names = new TreeSet<>(mapper.names());
        mapper.destinations().forEach(destination -> names.add(DESTINATIONS + "/" + destination));
        health.getDetails().keySet().stream().filter(name -> name.contains("/")).forEach(names::add);
        Map<String, Section> sections = new TreeMap<>();
        int broken = 0;
        for (String name : names) {
            String folder = name.substring(0, name.indexOf('/'));
            boolean destination = folder.equals(DESTINATIONS);
            List<String> problems = health.getDetails().get(name) instanceof Collection<?> found ? found.stream().map(String::valueOf).toList() : List.of();
            broken += problems.isEmpty() ? 0 : 1;
            sections.computeIfAbsent(folder, one -> new Section(one, destination ? "Destinations" : one, destination ? null : one, new ArrayList<>())).states()
                    .add(new State(name, destination ? name : null, problems, files(name, destination ? null : folder)));
        }
        List<Section> ordered = new ArrayList<>(sections.values());
        ordered.sort((one, other) -> Boolean.compare(one.runs() == null, other.runs() == null));
        shared(sections.keySet()).ifPresent(ordered::add);
        model.addAttribute("sections", ordered);
        model.addAttribute("broken", broken);
        model.addAttribute("oldInUse", health.getDetails().get("inUse") != null);
        if (examples != null) {
            EveryPage.operatorOnly(request);
            model.addAttribute("ran", run(examples, ordered));
        }
        return "mappings";
    }

    /** What mappings of all providers may import; it has no examples but theirs. */
    private Optional<Section> shared(Set<String> folders) {
        String provider = folders.stream().filter(folder -> !folder.equals(DESTINATIONS)).findFirst().orElse(null);
        List<File> files = provider == null ? List.of() : mapper.files(provider).stream().filter(path -> !path.contains("/"))
                .flatMap(path -> files(mapper.folder().getFileName() + "/" + path.substring(0, path.indexOf('.')), provider).stream()).toList();
        return files.isEmpty() ? Optional.empty() : Optional.of(new Section(SHARED, "For all", null, List.of(new State(SHARED, null, List.of(), files))));
    }

    private List<File> files(String name, String provider) {
        List<File> files = new ArrayList<>();
        mapper.versions(name).forEach((path, version) -> {
            if (!path.endsWith(".schema.json")) {
                files.add(new File(path, path.substring(path.lastIndexOf('/') + 1), provider, version));
            }
        });
        return files;
    }

    private Ran run(String folder, List<Section> sections) {
        Section section = sections.stream().filter(one -> folder.equals(one.runs()) || one.states().stream().anyMatch(state -> folder.equals(state.runs())))
                .findFirst().orElseThrow(() -> new NothingHereException("there is no folder of examples of this name"));
        try {
            List<ExampleRun> runs = playground.examples(folder);
            List<Failed> failed = runs.stream().filter(run -> !run.fits()).map(this::failed).toList();
            return new Ran(section.name(), folder, runs.size() - failed.size(), failed, null);
        } catch (AttemptFailedException e) {
            return new Ran(section.name(), folder, 0, List.of(), e.getMessage());
        }
    }

    private Failed failed(ExampleRun run) {
        return new Failed(named(run.file()), run.problems().stream().map(this::sentence).toList(), run.diff().stream().map(PlaygroundView.Line::of).toList());
    }

    private String sentence(Problem problem) {
        return new Problem(Path.of(named(problem.file())), problem.line(), problem.column(), problem.message()).toString();
    }

    private String named(Path file) {
        return mapper.folder().relativize(file).toString();
    }
}
