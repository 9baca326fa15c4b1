package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.schibsted.spt.data.jslt.Function;
import com.schibsted.spt.data.jslt.JsltException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Collection;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * The functions that a mapping may call beside those of JSLT itself. JSLT calculates with binary floating point, so
 * everything about money is here, in decimal arithmetic. All of them answer {@code null} to an absent value, which
 * leaves the key out of the output.
 */
public final class MappingFunctions {

    private static final int UNKNOWN_CURRENCY_DIGITS = 2;
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
    private static final BigDecimal THOUSAND = BigDecimal.valueOf(1000);
    /** A number with more digits than this is nobody's price or time; refusing it keeps the arithmetic cheap. */
    private static final int LONGEST_NUMBER = 64;
    /** ISO 8601 as webhooks write it: any fraction of a second, offsets like {@code Z}, {@code +0000}, {@code +02:00} or none. */
    private static final DateTimeFormatter ISO_8601 = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME).appendPattern("[XXX][X]").toFormatter(Locale.ROOT);

    private MappingFunctions() {
    }

    /** All functions, for {@code Parser.withFunctions}. */
    public static Collection<Function> all() {
        return List.of(
                function("text", 1, arguments -> text(arguments[0])),
                function("integer", 1, arguments -> integer(arguments[0], BigDecimal.ONE)),
                function("decimal", 1, arguments -> number(decimal(arguments[0]))),
                function("seconds", 1, arguments -> integer(arguments[0], THOUSAND)),
                function("iso-milliseconds", 1, arguments -> isoMilliseconds(arguments[0])),
                function("clevertap-date", 1, arguments -> cleverTapDate(arguments[0])),
                function("size-in-bytes", 1, arguments -> IntNode.valueOf(arguments[0].toString().getBytes(StandardCharsets.UTF_8).length)),
                function("attribute", 2, arguments -> attribute(arguments[0], arguments[1])),
                function("money", 2, arguments -> money(decimal(arguments[0]), arguments[1])),
                function("money-less", 3, arguments -> moneyLess(arguments[0], arguments[1], arguments[2])),
                function("money-percent", 3, arguments -> moneyPercent(arguments[0], arguments[1], arguments[2])),
                function("money-refunded", 2, arguments -> moneyRefunded(arguments[0], arguments[1])),
                function("uuid-of", 1, arguments -> uuidOf(arguments[0])));
    }

    /** A scalar as text, digits unchanged; blank text, null, lists and objects are absent. */
    static JsonNode text(JsonNode value) {
        if (value.isTextual()) {
            return value.textValue().isBlank() ? NullNode.instance : value;
        }
        if (isNumber(value)) {
            return TextNode.valueOf(plain(value.decimalValue()));
        }
        return value.isBoolean() ? TextNode.valueOf(value.asText()) : NullNode.instance;
    }

    /** The attribute of this name, or else the first that differs from it by case only; blank values are absent. */
    static JsonNode attribute(JsonNode attributes, JsonNode name) {
        if (!attributes.isObject() || !name.isTextual()) {
            return NullNode.instance;
        }
        JsonNode exact = attributeValue(attributes.get(name.textValue()));
        if (!exact.isNull()) {
            return exact;
        }
        for (Map.Entry<String, JsonNode> entry : attributes.properties()) {
            if (entry.getKey().equalsIgnoreCase(name.textValue())) {
                JsonNode value = attributeValue(entry.getValue());
                if (!value.isNull()) {
                    return value;
                }
            }
        }
        return NullNode.instance;
    }

    private static JsonNode attributeValue(JsonNode attribute) {
        if (attribute == null) {
            return NullNode.instance;
        }
        return text(attribute.isObject() ? attribute.path("value") : attribute);
    }

    /** CleverTap's notation of a date: {@code $D_} and the seconds since 1970. */
    private static JsonNode cleverTapDate(JsonNode milliseconds) {
        JsonNode seconds = integer(milliseconds, THOUSAND);
        return seconds.isNull() ? seconds : TextNode.valueOf("$D_" + seconds.asText());
    }

    /** A time in ISO 8601 as milliseconds since 1970. Without an offset it is UTC; JSLT's own parse-time takes .181000 for 181 s. */
    private static JsonNode isoMilliseconds(JsonNode time) {
        if (!time.isTextual() || time.textValue().length() > LONGEST_NUMBER) {
            return NullNode.instance;
        }
        try {
            TemporalAccessor read = ISO_8601.parse(time.textValue().trim());
            ZoneOffset offset = read.isSupported(ChronoField.OFFSET_SECONDS) ? ZoneOffset.from(read) : ZoneOffset.UTC;
            return LongNode.valueOf(LocalDateTime.from(read).toInstant(offset).toEpochMilli());
        } catch (DateTimeParseException | ArithmeticException notATime) {
            return NullNode.instance;
        }
    }

    private static JsonNode integer(JsonNode value, BigDecimal divisor) {
        BigDecimal number = decimal(value);
        if (number == null) {
            return NullNode.instance;
        }
        BigInteger whole = number.divide(divisor, 0, RoundingMode.FLOOR).toBigInteger();
        return whole.bitLength() < Long.SIZE ? LongNode.valueOf(whole.longValue()) : NullNode.instance;
    }

    /** Rounded half-up to the minor units of the ISO 4217 currency. */
    private static JsonNode money(BigDecimal value, JsonNode currency) {
        return value == null ? NullNode.instance
                : number(value.setScale(minorUnits(currency), RoundingMode.HALF_UP));
    }

    /** value × (1 − sum of the shares); a share that is unknown counts as 0. */
    private static JsonNode moneyLess(JsonNode value, JsonNode shares, JsonNode currency) {
        BigDecimal price = decimal(value);
        if (price == null) {
            return NullNode.instance;
        }
        BigDecimal kept = BigDecimal.ONE;
        for (JsonNode share : shares) {
            BigDecimal known = decimal(share);
            kept = known == null ? kept : kept.subtract(known);
        }
        return money(price.multiply(kept), currency);
    }

    /** value × percent / 100. */
    private static JsonNode moneyPercent(JsonNode value, JsonNode percent, JsonNode currency) {
        BigDecimal price = decimal(value);
        BigDecimal rate = decimal(percent);
        return price == null || rate == null ? NullNode.instance : money(price.multiply(rate).divide(HUNDRED), currency);
    }

    /** −|value|, because providers disagree about the sign of a refund. */
    private static JsonNode moneyRefunded(JsonNode value, JsonNode currency) {
        BigDecimal amount = decimal(value);
        return amount == null ? NullNode.instance : money(amount.abs().negate(), currency);
    }

    private static JsonNode uuidOf(JsonNode text) {
        return text.isTextual()
                ? TextNode.valueOf(UUID.nameUUIDFromBytes(text.textValue().getBytes(StandardCharsets.UTF_8)).toString())
                : NullNode.instance;
    }

    private static int minorUnits(JsonNode currency) {
        try {
            int digits = currency.isTextual()
                    ? Currency.getInstance(currency.textValue().toUpperCase(Locale.ROOT)).getDefaultFractionDigits()
                    : UNKNOWN_CURRENCY_DIGITS;
            return digits < 0 ? UNKNOWN_CURRENCY_DIGITS : digits;
        } catch (IllegalArgumentException unknown) {
            return UNKNOWN_CURRENCY_DIGITS;
        }
    }

    /** A JSON number or numeric text as a decimal; anything else, infinity, and absurdly long numbers, are absent. */
    private static BigDecimal decimal(JsonNode value) {
        if (isNumber(value)) {
            BigDecimal number = value.decimalValue();
            return tooLong(number) ? null : number;
        }
        if (!value.isTextual() || value.textValue().isBlank() || value.textValue().length() > LONGEST_NUMBER) {
            return null;
        }
        try {
            BigDecimal number = new BigDecimal(value.textValue().trim());
            return tooLong(number) ? null : number;
        } catch (NumberFormatException notANumber) {
            return null;
        }
    }

    /** What JSLT has calculated may be infinite, which no decimal can hold. */
    private static boolean isNumber(JsonNode value) {
        return value instanceof NumericNode number && !number.isNaN();
    }

    private static boolean tooLong(BigDecimal number) {
        return number.precision() > LONGEST_NUMBER || Math.abs((long) number.scale()) > LONGEST_NUMBER;
    }

    private static JsonNode number(BigDecimal value) {
        if (value == null) {
            return NullNode.instance;
        }
        BigDecimal shortest = value.stripTrailingZeros();
        return DecimalNode.valueOf(shortest.scale() < 0 ? shortest.setScale(0) : shortest);
    }

    private static String plain(BigDecimal number) {
        return tooLong(number) ? number.toString() : number.toPlainString();
    }

    private interface Call {
        JsonNode on(JsonNode[] arguments);
    }

    private static Function function(String name, int arguments, Call call) {
        return new Function() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public int getMinArguments() {
                return arguments;
            }

            @Override
            public int getMaxArguments() {
                return arguments;
            }

            @Override
            public JsonNode call(JsonNode input, JsonNode[] values) {
                try {
                    return call.on(values);
                } catch (ArithmeticException e) {
                    throw new JsltException(name + "(): " + e.getMessage());
                }
            }
        };
    }
}
