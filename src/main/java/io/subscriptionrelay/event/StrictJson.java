package io.subscriptionrelay.event;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The one reader of JSON. Strict about what an object is (UTF-8 without byte order mark, nothing after it, no
 * {@code NaN}, nesting to 64), and exact about numbers: decimals stay decimals. Of a repeated key the last value counts.
 */
public final class StrictJson {

    private static final int DEEPEST = 64;
    private static final ObjectMapper MAPPER = JsonMapper.builder(
                    com.fasterxml.jackson.core.JsonFactory.builder()
                            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                            .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
            .build();

    private StrictJson() {
    }

    /** The mapper that everything in the relay reads and writes JSON with. */
    public static ObjectMapper mapper() {
        return MAPPER;
    }

    /**
     * Reads a webhook's body.
     *
     * @return the object; empty when it is an object with a number or key so long that it is not read
     * @throws NotAJsonObjectException when the body is anything else
     */
    public static Optional<ObjectNode> object(byte[] body) throws NotAJsonObjectException {
        if (!startsAsObject(body)) {
            throw new NotAJsonObjectException("the body does not start with { in UTF-8");
        }
        try {
            if (!ascii(body)) {
                // the parser lets overlong characters and halves of surrogate pairs pass
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            }
            JsonNode node = MAPPER.readTree(body);
            if (node instanceof ObjectNode object) {
                return Optional.of(object);
            }
            throw new NotAJsonObjectException("the body is not a JSON object");
        } catch (StreamConstraintsException e) {
            if (e.getMessage().contains("nesting depth")) {
                throw new NotAJsonObjectException("the body is nested deeper than " + DEEPEST);
            }
            return Optional.empty();
        } catch (NumberFormatException exponent) {
            // a number like 1e99999999999 is JSON, though nobody can hold it
            return Optional.empty();
        } catch (JsonProcessingException e) {
            // the place only: the parser's own message quotes the body
            JsonLocation place = e.getLocation();
            throw new NotAJsonObjectException("the body is not valid JSON", place == null ? 0 : place.getLineNr(), place == null ? 0 : place.getColumnNr());
        } catch (IOException e) {
            throw new NotAJsonObjectException("the body is not UTF-8");
        }
    }

    private static boolean ascii(byte[] body) {
        for (byte b : body) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean startsAsObject(byte[] body) {
        // a zero byte means UTF-16 or UTF-32, which the parser would accept
        if (body.length < 2 || body[1] == 0) {
            return false;
        }
        for (byte b : body) {
            if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
                return b == '{';
            }
        }
        return false;
    }
}
