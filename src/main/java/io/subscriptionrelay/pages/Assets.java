package io.subscriptionrelay.pages;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.util.DigestUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;

/** {@code /assets/…}: style and script, each in one piece from the jar. Their addresses name their version, so that a browser asks once. */
@Controller
class Assets {

    private static final String WEBJARS = "META-INF/resources/webjars/";
    private static final MediaType STYLE = new MediaType("text", "css", StandardCharsets.UTF_8);
    private static final MediaType SCRIPT = new MediaType("text", "javascript", StandardCharsets.UTF_8);
    /** What each is made of, one after the other; {@code *} is the version of a webjar. */
    private static final Map<String, List<String>> PARTS = Map.of(
            "relay.css", List.of("uplot/*/dist/uPlot.min.css", "pages/assets/relay.css"),
            "relay.js", List.of("htmx.org/*/dist/htmx.min.js", "uplot/*/dist/uPlot.iife.min.js", "pages/assets/relay.js"),
            "playground.css", List.of("codemirror/*/lib/codemirror.css", "pages/assets/playground.css"),
            "playground.js", List.of("codemirror/*/lib/codemirror.js", "codemirror/*/mode/javascript/javascript.js", "codemirror/*/mode/yaml/yaml.js",
                    "codemirror/*/addon/edit/matchbrackets.js", "codemirror/*/addon/lint/lint.js", "pages/assets/playground.js"));

    private final Map<String, byte[]> bodies = new LinkedHashMap<>();
    private final Map<String, String> addresses = new LinkedHashMap<>();

    Assets() {
        PARTS.forEach((name, parts) -> {
            byte[] body = joined(parts);
            bodies.put(name, body);
            addresses.put(name, "/assets/" + name + "?v=" + DigestUtils.md5DigestAsHex(body).substring(0, 10));
        });
    }

    private static byte[] joined(List<String> parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        try {
            for (String part : parts) {
                joined.write(new ClassPathResource(part.startsWith("pages/") ? part : WEBJARS + versioned(part)).getContentAsByteArray());
                joined.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return joined.toByteArray();
    }

    private static String versioned(String part) throws IOException {
        String name = part.substring(0, part.indexOf('/'));
        java.util.Properties about = new java.util.Properties();
        about.load(new ClassPathResource("META-INF/maven/org.webjars.npm/" + name + "/pom.properties").getInputStream());
        return part.replace("*", about.getProperty("version"));
    }

    /** Where the asset of this name is, with its version. */
    public String at(String name) {
        return addresses.get(name);
    }

    @GetMapping("/assets/{name}")
    ResponseEntity<byte[]> asset(@PathVariable String name) {
        byte[] body = bodies.get(name);
        return body == null ? ResponseEntity.notFound().build()
                : ResponseEntity.ok().contentType(name.endsWith(".css") ? STYLE : SCRIPT)
                        .cacheControl(CacheControl.maxAge(Duration.ofDays(365)).cachePrivate().immutable()).body(body);
    }
}
