package io.subscriptionrelay.pages;

import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.history.Events;
import io.subscriptionrelay.history.HistoryFilter;
import io.subscriptionrelay.history.HistoryStore;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.mapping.Diff;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.translate.AttemptFailedException;
import io.subscriptionrelay.translate.Playground;
import io.subscriptionrelay.translate.ProviderExamples;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.util.StringUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;

/** {@code /mappings/playground}: what a webhook becomes with a text that nobody has saved. Nothing is written. */
@Controller
class PlaygroundPage {

    private static final String EVENT = "/event";
    private static final String MAPPING = ".jslt";
    private static final String NO_WEBHOOK = "{\n}\n";

    private final Mapper mapper;
    private final Accounts accounts;
    private final Playground playground;
    private final ProviderExamples examples;
    private final Events events;

    PlaygroundPage(Mapper mapper, Accounts accounts, Playground playground, ProviderExamples examples, Events events) {
        this.mapper = mapper;
        this.accounts = accounts;
        this.playground = playground;
        this.examples = examples;
        this.events = events;
    }

    @GetMapping("/mappings/playground")
    String open(@RequestParam(required = false) String provider, @RequestParam(required = false) String file,
            @RequestParam(required = false) String example, @RequestParam(required = false) String event, Model model, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        String of = provider == null || provider.isEmpty() ? providers().first() : known(provider);
        List<String> found = examples(of);
        String webhook;
        String opened = file;
        String shown = example;
        if (example != null && !example.isEmpty() && found.contains(example)) {
            webhook = read(mapper.folder().resolve(of).resolve("examples").resolve(example + ProviderExamples.WEBHOOK));
        } else if (event != null && !event.isEmpty()) {
            HistoryStore.Found kept = kept(of, event);
            webhook = new EventView(kept).webhook();
            shown = null;
            opened = file == null ? about(of, kept) : file;
        } else {
            webhook = found.isEmpty() ? NO_WEBHOOK : read(mapper.folder().resolve(of).resolve("examples").resolve(found.get(0) + ProviderExamples.WEBHOOK));
            shown = found.isEmpty() ? null : found.get(0);
        }
        webhookOf(model, shown, event);
        List<String> files = mapper.files(of);
        opened = files.contains(opened) ? opened : first(of, files);
        fill(model, of, opened, webhook, read(mapper.folder().resolve(opened)));
        return "playground";
    }

    /** Tries the text, or the one on disk when there is none. For a script only what came of it is answered. */
    @PostMapping("/mappings/playground")
    String tried(@RequestParam String provider, @RequestParam String file, @RequestParam String webhook, @RequestParam(required = false) String text,
            @RequestParam(required = false) String example, @RequestParam(required = false) String event, @RequestHeader(name = "HX-Request", required = false) String script,
            Model model, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        webhookOf(model, example, event);
        String before = read(mapper.folder().resolve(known(known(provider), file)));
        fill(model, provider, file, webhook.replace("\r\n", "\n"), text == null ? before : written(text, before));
        return script == null ? "playground" : "playground :: result";
    }

    @PostMapping("/mappings/playground/file")
    ResponseEntity<String> download(@RequestParam String provider, @RequestParam String file, @RequestParam String text, HttpServletRequest request) {
        EveryPage.operatorOnly(request);
        String before = read(mapper.folder().resolve(known(known(provider), file)));
        return ResponseEntity.ok().contentType(new MediaType(MediaType.TEXT_PLAIN, StandardCharsets.UTF_8)).header(HttpHeaders.CONTENT_DISPOSITION,
                ContentDisposition.attachment().filename(file.substring(file.lastIndexOf('/') + 1)).build().toString()).body(written(text, before));
    }

    /** Where the webhook is from; null both when somebody has written it. */
    private static void webhookOf(Model model, String example, String event) {
        model.addAttribute("example", example == null || example.isEmpty() ? null : example);
        model.addAttribute("event", event == null || event.isEmpty() ? null : event);
    }

    private void fill(Model model, String provider, String file, String webhook, String text) {
        String before = read(mapper.folder().resolve(file));
        model.addAttribute("editor", true);
        model.addAttribute("providers", providers());
        model.addAttribute("provider", provider);
        model.addAttribute("files", mapper.files(provider));
        model.addAttribute("file", file);
        model.addAttribute("examples", examples(provider));
        model.addAttribute("webhook", webhook);
        model.addAttribute("text", text);
        model.addAttribute("patch", patch(file, before, text));
        PlaygroundView view = view(provider, file, webhook, text);
        model.addAttribute("tried", view);
        model.addAttribute("missing", view.destinations().stream().map(PlaygroundView.At::destination)
                .filter(destination -> !destination.isEmpty() && !accounts.on(destination)).toList());
    }

    private PlaygroundView view(String provider, String file, String webhook, String text) {
        try {
            return playground.tried(provider, file, text, webhook.getBytes(StandardCharsets.UTF_8),
                    tried -> PlaygroundView.of(tried, mapper.folder(), file, mappingOf(file)));
        } catch (NotAJsonObjectException e) {
            return PlaygroundView.of("The webhook cannot be read: " + e.getMessage() + ". The relay would answer it with 400.");
        } catch (AttemptFailedException e) {
            return PlaygroundView.of("It " + e.getMessage() + ".");
        }
    }

    /** What is opened when nobody has said which: the mapping for a destination that this relay delivers to, if there is one. */
    private String first(String provider, List<String> files) {
        return files.stream().filter(file -> accounts.on(mappingOf(file))).findFirst()
                .orElseGet(() -> files.stream().filter(file -> !file.equals(provider + EVENT + MAPPING)).findFirst().orElse(files.get(0)));
    }

    /** The destination that a file is about, {@code event}, or what it shares with others. */
    private static String mappingOf(String file) {
        String name = file.substring(file.lastIndexOf('/') + 1);
        return name.substring(0, name.indexOf('.'));
    }

    private TreeSet<String> providers() {
        TreeSet<String> providers = new TreeSet<>();
        mapper.names().stream().filter(name -> name.endsWith(EVENT)).forEach(name -> providers.add(name.substring(0, name.length() - EVENT.length())));
        return providers;
    }

    private String known(String provider) {
        if (!providers().contains(provider)) {
            throw new NothingHereException("no provider of this name has an event.jslt in use; there are " + String.join(", ", providers()));
        }
        return provider;
    }

    private String known(String provider, String file) {
        if (!mapper.files(provider).contains(file)) {
            throw new NothingHereException("no mapping of " + provider + " has this file; there are " + String.join(", ", mapper.files(provider)));
        }
        return file;
    }

    private List<String> examples(String provider) {
        try {
            return examples.of(provider).stream().map(file -> file.getFileName().toString())
                    .map(name -> name.substring(0, name.length() - ProviderExamples.WEBHOOK.length())).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HistoryStore.Found kept(String provider, String event) {
        List<HistoryStore.Found> found = events.page(HistoryFilter.of(Map.of("id", event, "provider", provider)), null, 1, true).found();
        if (found.isEmpty() || found.get(0).event().webhook() == null) {
            throw new NothingHereException("history does not have this event any more, or its user was forgotten");
        }
        return found.get(0);
    }

    /** The mapping for the destination that needs attention; null when none does. */
    private static String about(String provider, HistoryStore.Found event) {
        return new EventView(event).marks().stream().filter(mark -> mark.attention() && !mark.destination().isEmpty()).findFirst()
                .map(mark -> provider + "/" + mark.destination() + MAPPING).orElse(null);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new NothingHereException(file.getFileName() + " cannot be read as UTF-8");
        }
    }

    /** Forms end lines as they like; a file keeps the ends that it has. */
    private static String written(String text, String before) {
        String plain = text.replace("\r\n", "\n");
        return before.contains("\r\n") ? plain.replace("\n", "\r\n") : plain;
    }

    private static String patch(String file, String before, String text) {
        List<String> diff = Diff.of(lines(before), lines(text));
        return diff.isEmpty() ? null : "--- a/mappings/" + file + "\n+++ b/mappings/" + file + "\n" + String.join("\n", diff) + "\n";
    }

    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>(Arrays.asList(StringUtils.delimitedListToStringArray(text, "\n")));
        String last = lines.remove(lines.size() - 1);
        if (!last.isEmpty()) {
            lines.add(last + "\n\\ No newline at end of file");
        }
        return lines;
    }
}
