package io.subscriptionrelay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DslSchemaTest {

    private static final Set<String> CHECKED = Set.of("$ref", "type", "enum", "properties", "additionalProperties", "maxProperties",
            "required", "items", "anyOf", "oneOf", "not");
    private static final Set<String> WITHOUT_EFFECT = Set.of("$schema", "title", "description", "default", "deprecated", "format",
            "definitions");

    @Test
    void theSchemaOfThisCamelHasNoKeywordThatIsPassedOver() throws IOException {
        Set<String> keywords = new TreeSet<>();
        try (InputStream schema = DslSchema.class.getResourceAsStream("/schema/camelYamlDsl.json")) {
            collect(new ObjectMapper().readTree(schema), keywords);
        }
        keywords.removeAll(WITHOUT_EFFECT);

        assertThat(keywords).containsExactlyInAnyOrderElementsOf(CHECKED);
    }

    private static void collect(JsonNode schema, Set<String> keywords) {
        if (schema.isArray()) {
            schema.forEach(alternative -> collect(alternative, keywords));
        }
        for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
            keywords.add(keyword.getKey());
            if (Set.of("properties", "definitions").contains(keyword.getKey())) {
                keyword.getValue().forEach(named -> collect(named, keywords));
            } else {
                collect(keyword.getValue(), keywords);
            }
        }
    }
}
