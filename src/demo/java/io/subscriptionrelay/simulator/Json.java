package io.subscriptionrelay.simulator;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Reads and writes JSON so that numbers stay exactly as they were sent. */
final class Json {

    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final ObjectWriter SPACED = MAPPER.writer(new RecordedSpacing());

    private Json() {
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** The parsed text, or null when it is not one JSON value. */
    static JsonNode parse(byte[] text) {
        try {
            JsonNode json = MAPPER.readTree(text);
            return json == null || json.isMissingNode() ? null : json;
        } catch (IOException malformed) {
            return null;
        }
    }

    static String compact(JsonNode json) {
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The spacing that CleverTap's recorded answers have: <code>{ "a" : 1 , "b" : [ ]}</code>. */
    static String spaced(JsonNode json) {
        try {
            return SPACED.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stateless, hence shared by all writers. */
    private static final class RecordedSpacing implements PrettyPrinter {

        @Override
        public void writeRootValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(' ');
        }

        @Override
        public void writeStartObject(JsonGenerator out) throws IOException {
            out.writeRaw("{ ");
        }

        @Override
        public void writeEndObject(JsonGenerator out, int entries) throws IOException {
            out.writeRaw('}');
        }

        @Override
        public void writeObjectEntrySeparator(JsonGenerator out) throws IOException {
            out.writeRaw(" , ");
        }

        @Override
        public void writeObjectFieldValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(" : ");
        }

        @Override
        public void writeStartArray(JsonGenerator out) throws IOException {
            out.writeRaw("[ ");
        }

        @Override
        public void writeEndArray(JsonGenerator out, int values) throws IOException {
            out.writeRaw(']');
        }

        @Override
        public void writeArrayValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(" , ");
        }

        @Override
        public void beforeArrayValues(JsonGenerator out) {
        }

        @Override
        public void beforeObjectEntries(JsonGenerator out) {
        }
    }
}
