package io.subscriptionrelay.demo;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * A webhook that the demo posts.
 *
 * @param wrongSecret whether it is posted as somebody would who does not know the secret
 */
record Sample(String title, String provider, @JsonProperty("wrong-secret") boolean wrongSecret, String body) {

    private static final String FILE = "/demo/webhooks.yaml";

    static List<Sample> all() {
        try (InputStream file = Sample.class.getResourceAsStream(FILE)) {
            // Jackson's own YAML reader does not follow aliases
            Object webhooks = new Yaml(new SafeConstructor(new LoaderOptions())).load(file);
            return new ObjectMapper().convertValue(webhooks, new TypeReference<>() {
            });
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " cannot be read", e);
        }
    }
}
