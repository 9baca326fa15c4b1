package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the relay knows of a webhook before it is translated: the output of the provider's {@code event.jslt}. */
public final class Facts {

    private static final int LONGEST_ID = 255;
    /** Two different events with the same 96 bits are nothing to reckon with; the broker has 500,000 of them in memory, in UTF-16. */
    private static final int DUPLICATE_ID_BYTES = 12;

    private final ObjectNode facts;
    private final String id;

    private final String failure;

    private Facts(ObjectNode facts, String id, String failure) {
        this.facts = facts;
        this.id = id;
        this.failure = failure;
    }

    static Facts of(JsonNode output, byte[] body) {
        if (!(output instanceof ObjectNode facts)) {
            return unreadable(body);
        }
        String id = facts.path("id").asText("");
        return new Facts(facts, id.isBlank() ? bodyId(body) : id.length() > LONGEST_ID ? "sha256:" + hex(id.getBytes(StandardCharsets.UTF_8)) : id, null);
    }

    /** Of a webhook that cannot be read, only whether the same bytes came before. */
    public static Facts unreadable(byte[] body) {
        return failed(body, null);
    }

    /** Of a webhook on which {@code event.jslt} failed, besides, why. */
    static Facts failed(byte[] body, String failure) {
        return new Facts(JsonNodeFactory.instance.objectNode(), bodyId(body), failure);
    }

    /** Why {@code event.jslt} could not read the webhook, with its file and line; null when it could. */
    public String failure() {
        return failure;
    }

    private static String bodyId(byte[] body) {
        return "body:" + hex(body);
    }

    /** The provider's event id or the key composed in its place; never blank, at most 255 characters. */
    public String id() {
        return id;
    }

    /** The provider's event type, or null. */
    public String type() {
        return facts.path("type").isTextual() && !facts.get("type").textValue().isBlank() ? facts.get("type").textValue() : null;
    }

    /** The provider's event time in milliseconds since 1970, or null. */
    public Long time() {
        return facts.path("time").canConvertToLong() && facts.get("time").isIntegralNumber() ? facts.get("time").longValue() : null;
    }

    /** Whether the webhook is a provider's activation call. */
    public boolean notAnEvent() {
        return facts.path("notAnEvent").asBoolean();
    }

    /** All facts, as a mapping sees them. */
    public ObjectNode json() {
        return facts;
    }

    /** The facts that a route may look at: scalars, by name. */
    public Map<String, Object> scalars() {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> fact : facts.properties()) {
            JsonNode value = fact.getValue();
            if (value.isTextual()) {
                values.put(fact.getKey(), value.textValue());
            } else if (value.isBoolean()) {
                values.put(fact.getKey(), value.booleanValue());
            } else if (value.isIntegralNumber() && value.canConvertToLong()) {
                values.put(fact.getKey(), value.longValue());
            }
        }
        return values;
    }

    /** What the broker recognises a repeat by: short, whatever the id looks like. */
    public String duplicateId(String provider) {
        byte[] hash = sha256((provider + '\n' + id).getBytes(StandardCharsets.UTF_8));
        return Base64.getUrlEncoder().encodeToString(Arrays.copyOf(hash, DUPLICATE_ID_BYTES));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(sha256(bytes));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }
}
