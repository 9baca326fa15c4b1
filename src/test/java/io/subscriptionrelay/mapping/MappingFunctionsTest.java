package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.schibsted.spt.data.jslt.Parser;
import io.subscriptionrelay.event.StrictJson;
import java.io.StringReader;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MappingFunctionsTest {

    @ParameterizedTest
    @CsvSource(textBlock = """
            4.99,  0.3,  3.49
            9.99,  0.15, 8.49
            0.1,   0.7,  0.03
            1.005, 0,    1.01
            139.99, 0.3, 97.99
            """)
    void aShareIsTakenOffWithoutBinaryArtefacts(String price, String share, String kept) {
        assertThat(json("money-less(" + price + ", [.share], \"EUR\")", "{\"share\": " + share + "}")).isEqualTo(kept);
    }

    @Test
    void sharesAreAddedUpBeforeTheyAreTakenOff() {
        assertThat(json("money-less(9.99, [0.16, 0.15], \"EUR\")")).isEqualTo("6.89");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\"unknown\"", "{}", "[]", "true"})
    void anUnknownShareCountsAsNothing(String unknown) {
        assertThat(json("money-less(.price, [.share, 0.3], \"USD\")", "{\"price\": 10, \"share\": " + unknown + "}")).isEqualTo("7");
    }

    @Test
    void sharesThatAreNoListTakeNothingOff() {
        assertThat(json("money-less(10, .shares, \"USD\")")).isEqualTo("10");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            8.415,  8.42
            8.414,  8.41
            2.675,  2.68
            -8.415, -8.42
            -8.414, -8.41
            """)
    void halfAMinorUnitIsRoundedAwayFromZero(String value, String rounded) {
        assertThat(json("money(.value, \"EUR\")", "{\"value\": " + value + "}")).isEqualTo(rounded);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            JPY,  1235
            jpy,  1235
            USD,  1234.57
            KWD,  1234.568
            CLF,  1234.5678
            GEMS, 1234.57
            XXX,  1234.57
            '',   1234.57
            """)
    void moneyHasTheMinorUnitsOfItsCurrencyAndTwoDigitsWhenItIsUnknown(String currency, String amount) {
        assertThat(json("money(1234.5678, .currency)", "{\"currency\": \"" + currency + "\"}")).isEqualTo(amount);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "392", "[\"JPY\"]", "{}"})
    void aCurrencyThatIsNoTextIsUnknown(String currency) {
        assertThat(json("money(9.999, .currency)", "{\"currency\": " + currency + "}")).isEqualTo("10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.99", "9.990", "999e-2", "\"9.99\"", "\" 9.99 \"", "\"999e-2\""})
    void numbersAndNumericTextAreTheSamePrice(String price) {
        assertThat(json("money(.price, \"EUR\")", "{\"price\": " + price + "}")).isEqualTo("9.99");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\" \"", "\"9,99\"", "\"9.99 EUR\"", "\"NaN\"", "true", "[9.99]", "{\"a\": 1}", "1e65", "1e-65",
        "1e999999999", "\"1e999999999\"", "12345678901234567890123456789012345678901234567890123456789012345"})
    void whatIsNoPriceIsAbsentEverywhere(String price) {
        String input = "{\"price\": " + price + "}";
        assertThat(json("decimal(.price)", input)).isEqualTo("null");
        assertThat(json("integer(.price)", input)).isEqualTo("null");
        assertThat(json("seconds(.price)", input)).isEqualTo("null");
        assertThat(json("clevertap-date(.price)", input)).isEqualTo("null");
        assertThat(json("money(.price, \"EUR\")", input)).isEqualTo("null");
        assertThat(json("money-less(.price, [], \"EUR\")", input)).isEqualTo("null");
        assertThat(json("money-percent(.price, 10, \"EUR\")", input)).isEqualTo("null");
        assertThat(json("money-refunded(.price, \"EUR\")", input)).isEqualTo("null");
    }

    @Test
    void aHugePriceKeepsEveryDigit() {
        assertThat(json("money(.price, \"JPY\")", "{\"price\": 123456789012345678901234567890.4}"))
                .isEqualTo("123456789012345678901234567890");
        assertThat(json("money(1e20, \"JPY\")", "{}")).isEqualTo("100000000000000000000");
    }

    @Test
    void aPercentageOfAnAmountIsRoundedToo() {
        assertThat(json("money-percent(4.99, 70, \"USD\")")).isEqualTo("3.49");
        assertThat(json("money-percent(\"4.99\", \"85.5\", \"KWD\")")).isEqualTo("4.266");
        assertThat(json("money-percent(4.99, .rate, \"USD\")")).isEqualTo("null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.99", "-9.99", "\"9.99\"", "\"-9.99\""})
    void aRefundIsNegativeWhateverItsSignWas(String value) {
        assertThat(json("money-refunded(.value, \"EUR\")", "{\"value\": " + value + "}")).isEqualTo("-9.99");
    }

    @Test
    void nothingRefundedIsZeroWithoutSign() {
        assertThat(json("money-refunded(0.00, \"EUR\")")).isEqualTo("0");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            1718000012345,     1718000012
            1718000012999,     1718000012
            "1718000012345",   1718000012
            1718000012999.9,   1718000012
            0,                 0
            -1,                -1
            """, quoteCharacter = '\'')
    void secondsAreMillisecondsRoundedDown(String milliseconds, String seconds) {
        assertThat(json("seconds(.at)", "{\"at\": " + milliseconds + "}")).isEqualTo(seconds);
    }

    @Test
    void aDateForCleverTapIsInSeconds() {
        assertThat(json("clevertap-date(1718000012999)")).isEqualTo("\"$D_1718000012\"");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            2024-06-10T06:13:32.999000+0000,      1718000012999
            2024-06-10T06:13:32.999Z,             1718000012999
            2024-06-10T08:13:32.9999999+02:00,    1718000012999
            2024-06-10T11:43:32.999+0530,         1718000012999
            2024-06-10T08:13:32+02,               1718000012000
            2024-06-10T06:13:32,                  1718000012000
            2024-06-10T06:13Z,                    1717999980000
            1969-12-31T23:59:59.999Z,             -1
            """)
    void aTimeInIso8601IsReadToTheMillisecondWhateverItsOffset(String time, long milliseconds) {
        assertThat(json("iso-milliseconds(.time)", "{\"time\": \"" + time + "\"}")).isEqualTo(Long.toString(milliseconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\"2024-06-10\"", "\"10.06.2024 06:13\"", "\"2024-13-10T06:13:32Z\"", "1718000012999", "{}",
        "\"+999999999-06-10T06:13:32Z\"", "\"2024-06-10T06:13:32 in the morning\""})
    void whatIsNoTimeInIso8601IsAbsent(String time) {
        assertThat(json("iso-milliseconds(.time)", "{\"time\": " + time + "}")).isEqualTo("null");
    }

    @Test
    void anIntegerThatDoesNotFitIsAbsent() {
        assertThat(json("integer(.n)", "{\"n\": 9223372036854775807}")).isEqualTo("9223372036854775807");
        assertThat(json("integer(.n)", "{\"n\": 9223372036854775808}")).isEqualTo("null");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            42,                            "42"
            9007199254740993,              "9007199254740993"
            230001847562913000123456789,   "230001847562913000123456789"
            4.50,                          "4.50"
            1e3,                           "1000"
            true,                          "true"
            "plain",                       "plain"
            " kept as it is ",             " kept as it is "
            """, quoteCharacter = '\'')
    void textKeepsEveryDigitAndCharacter(String value, String text) {
        assertThat(json("text(.value)", "{\"value\": " + value + "}")).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "\"\"", "\"  \"", "[]", "[\"a\"]", "{}", "{\"value\": \"a\"}"})
    void blankTextAndWhatIsNoScalarIsNoText(String value) {
        assertThat(json("text(.value)", "{\"value\": " + value + "}")).isEqualTo("null");
    }

    @Test
    void textOfAnAbsurdNumberDoesNotFillTheMemory() {
        assertThat(json("text(.number)", "{\"number\": 1e999999999}")).hasSizeLessThan(30);
    }

    @Test
    void whatJsltCalculatedBeyondAllNumbersIsAbsent() {
        assertThat(json("text(.number * 1e300)", "{\"number\": 1e300}")).isEqualTo("null");
        assertThat(json("money(.number * 1e300, \"EUR\")", "{\"number\": 1e300}")).isEqualTo("null");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            {"$clevertapId": {"value": "a"}}                                      | "a"
            {"$cleverTapId": {"value": "b"}}                                      | "b"
            {"$cleverTapId": {"value": "b"}, "$clevertapId": {"value": "a"}}      | "a"
            {"$clevertapId": {"value": ""}, "$CLEVERTAPID": {"value": "c"}}       | "c"
            {"$cleverTapId": {"value": null}, "$cleverTAPId": {"value": "d"}}     | "d"
            {"$clevertapId": "plain"}                                             | "plain"
            {"$clevertapId": {"value": 42}}                                       | "42"
            {"$clevertapId": {"updated_at_ms": 1}}                                | null
            {"$clevertapIds": {"value": "a"}}                                     | null
            {}                                                                    | null
            []                                                                    | null
            null                                                                  | null
            "text"                                                                | null
            """, delimiter = '|', quoteCharacter = '\'', nullValues = "")
    void anAttributeIsFoundInAnySpellingAndTheExactOneWins(String attributes, String found) {
        assertThat(json("attribute(.attributes, \"$clevertapId\")", "{\"attributes\": " + attributes + "}")).isEqualTo(found);
    }

    @Test
    void theSameTextHasTheSameUuid() {
        String uuid = value("uuid-of(\"event-1 renewal\")", "{}").textValue();
        assertThat(UUID.fromString(uuid)).isEqualTo(UUID.fromString(value("uuid-of(\"event-1 \" + \"renewal\")", "{}").textValue()));
        assertThat(value("uuid-of(\"event-2 renewal\")", "{}").textValue()).isNotEqualTo(uuid);
        assertThat(json("uuid-of(.missing)")).isEqualTo("null");
    }

    private static String json(String expression) {
        return json(expression, "{}");
    }

    private static String json(String expression, String input) {
        try {
            return StrictJson.mapper().writeValueAsString(value(expression, input));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode value(String expression, String input) {
        try {
            return new Parser(new StringReader(expression)).withFunctions(MappingFunctions.all()).compile()
                    .apply(StrictJson.mapper().readTree(input));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
