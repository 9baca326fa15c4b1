package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mistakes that people make, in the shipped mapping of RevenueCat for CleverTap. */
class MappingMistakeTest {

    private static final String FILE = "revenuecat/clevertap.jslt";

    @TempDir
    Path folder;

    /** {@code at} is the text whose first character is named, and how often it stands before that. */
    @ParameterizedTest(name = "{4}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            text($event.country_code),                     | text($event.country_code)                    | "offer_code"        | 0 | a comma is missing before `"offer_code"`
            contains($step, $revenue-steps)                | contains($step $revenue-steps)               | $revenue-steps) and | 0 | a comma is missing before `$revenue-steps`
            let ts = seconds($facts.time)                  | let ts = seconds($facts.time                 | let attributes =    | 0 | a `)` is missing before `let`: the `(` of line 20, column 17 is still open
            "renewal", "non_subscription_purchase"]        | "renewal", "non_subscription_purchase"       | let charged =       | 0 | a `]` is missing before `let`: the `[` of line
            { "type": "profile", "ts": $ts, "profileData": | { "type": "profile", "ts": $ts "profileData": | "profileData"      | 0 | a comma is missing before `"profileData"`
            "profileData": $profile-data }                 | "profileData": $profile-data                 | let records         | 0 | a `}` is missing before `let`: the `{` of line
            [{ "objectId": $clevertap-id }]                | [{ "objectId": $clevertap-id ]               | ]\\n  else           | 0 | a `}` is missing before `]`: the `{` of line
            size($unknown-shares) > 0)                     | size($unknown-shares) > 0))                  | ) "gross"           | 0 | this `)` closes nothing; take it out
            "country_code": text                           | "country_code" text                          | text($event.country | 0 | a `:` is missing after the key `"country_code"`
            "country_code": text                           | country_code: text                           | country_code:       | 0 | a key stands in double quotes; write `"country_code":`
            size($unknown-shares) > 0)                     | size($unknown-shares) > 0                    | "gross"             | 0 | a `)` is missing before `"gross"`: the `(` of line
            seconds($facts.time)                           | seconds($facts.time,)                        | )\\nlet attributes   | 0 | nothing follows the comma; take it out
            "rc_" + $step                                  | 'rc_' + $step                                | 'rc_'               | 0 | texts and keys stand in double quotes
            $settings.attributes == "none"                 | $settings.attributes = "none"                | = "none"            | 0 | `=` only names a value, in `let`; write `==` to compare
            $settings.attributes == "none"                 | $settings.attributes == "none                | "none               | 0 | the text that begins here is not closed; write `"` at its end
            {} else $kept-attributes                       | {} $kept-attributes                          | $kept-attributes\\n\\nlet | 0 | an `else` is missing before `$kept-attributes`
            {} else $kept-attributes                       | {} els $kept-attributes                      | els $kept-attributes | 0 | there is no `els` after the value of an `if`; did you mean `else`?
            let ts = seconds                               | let ts seconds                               | seconds($facts      | 0 | a `=` is missing after `ts`; write `let ts = …`
            let ts = seconds($facts.time)                  | let ts = secnds($facts.time)                 | secnds              | 0 | there is no function `secnds`; did you mean `seconds`?
            let ts = seconds($facts.time)                  | let ts = seconds($fcats.time)                | $fcats              | 0 | there is no variable `$fcats`; did you mean `$facts`?
            let ts = seconds($facts.time)                  | let ts = seconds($facts.time, 1)             | seconds             | 0 | `seconds` takes 1 argument, not 2
            size($profile-data) > 0                        | size() > 0                                   | size()              | 0 | `size` takes 1 argument, not 0
            $settings.charged and contains                 | $settings.charged && contains                | && contains         | 0 | there is no `&` here; write `and`
            if (not($addresses))                           | if not($addresses)                           | not($addresses)     | 0 | what belongs to `if` stands in parentheses; write `if (…) …`
            "subscription_status": $facts                  | "subscription_status": True + $facts         | True                | 0 | there is no `True` here; write `true`
            "subscription_status": $facts                  | "Name": $facts                               | "Name": $facts      | 0 | the key `Name` is there twice; take one out
            "subscription_status": $facts.subscriptionStatus | "subscription_status":                     | }                   | 6 | the value of the key `"subscription_status"` is missing
            else addressed($records, $addresses)           | else addressed($records, $addresses) }       | } ~                 | 0 | this `}` closes nothing
            common:charged($ts                             | commn:charged($ts                            | commn               | 0 | nothing is imported as `commn`
            """)
    void aMistakeIsToldInASentenceWithItsPlace(String what, String with, String at, int skip, String message) throws IOException {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        String shipped = Files.readString(mappings.resolve(FILE));
        assertThat(shipped).contains(what);
        String edited = shipped.replace(what, with);
        Files.writeString(mappings.resolve(FILE), edited);
        Problem problem = problems(mappings, FILE).get(0);
        assertThat(problem.message()).contains(message).doesNotContain("Encountered", "Parse error", "expecting");
        assertThat(problem.file()).isEqualTo(mappings.resolve(FILE));
        if (skip == 0) {
            assertThat(rest(edited, problem)).as(problem.toString()).startsWith(at.replace("\\n", "\n").replace(" ~", ""));
        }
    }

    @Test
    void aBracketThatIsNeverClosedIsFoundByTheIndentationOfTheLinesBehindIt() throws IOException {
        Path file = folder.resolve("a.jslt");
        Files.writeString(file, """
                {
                  "profile": {
                    "name": .name,
                    "age": .age
                  ,
                  "ts": {
                    "at": .at
                  }
                }
                """);
        assertThat(problems(folder, "a.jslt")).singleElement().satisfies(problem -> {
            assertThat(problem.message()).contains("this `{` is never closed; write `}`");
            assertThat(problem.line()).isEqualTo(2);
            assertThat(problem.column()).isEqualTo(14);
        });
    }

    @Test
    void aMistakeInAnImportedFileIsNamedThere() throws IOException {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Path common = mappings.resolve("common.jslt");
        String shipped = Files.readString(common);
        for (String mistake : List.of("def broken(x) { 'a': 1 }\n", "def broken(x) { \"a\" 1 }\n", "def broken(x) no-such($x)\n")) {
            Files.writeString(common, mistake + shipped);
            assertThat(problems(mappings, FILE)).singleElement().satisfies(problem -> {
                assertThat(problem.file()).isEqualTo(common);
                assertThat(problem.line()).isEqualTo(1);
                assertThat(problem.message()).doesNotContain("Parse error");
            });
        }
    }

    @Test
    void aTabCountsAsOneCharacter() throws IOException {
        Files.writeString(folder.resolve("a.jslt"), "{\n\t\"a\": 1\n\t\"b\": 2\n}");
        assertThat(problems(folder, "a.jslt")).containsExactly(new Problem(folder.resolve("a.jslt"), 3, 2, "a comma is missing before `\"b\"`"));
    }

    @Test
    void anEmptyFileAndOneThatOnlyNamesValuesSayWhatIsMissing() throws IOException {
        Files.writeString(folder.resolve("a.jslt"), "// nothing yet\n");
        assertThat(problems(folder, "a.jslt").get(0).message()).startsWith("the file is empty; write what it makes");
        Files.writeString(folder.resolve("a.jslt"), "let a = .b\n");
        assertThat(problems(folder, "a.jslt").get(0).message()).startsWith("the file ends without a value");
    }

    @Test
    void noLetterThatIsLostOrAddedIsToldInTheWordsOfTheParser() throws IOException {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Path file = mappings.resolve(FILE);
        String shipped = Files.readString(file);
        Random random = new Random(7);
        int broken = 0;
        for (int i = 0; i < 400; i++) {
            int at = random.nextInt(shipped.length() - 1);
            String signs = "{}[](),:.\"'=$a|-";
            String edited = random.nextBoolean() ? shipped.substring(0, at) + shipped.substring(at + 1)
                    : shipped.substring(0, at) + signs.charAt(random.nextInt(signs.length())) + shipped.substring(at);
            Files.writeString(file, edited);
            try {
                Mapping.compile(mappings, file, StrictJson.mapper().createObjectNode());
            } catch (BrokenMappingException e) {
                broken++;
                assertThat(e.problems().get(0).message()).doesNotContain("Encountered", "expecting", "Lexical");
                assertThat(e.problems().get(0).line()).as(e.getMessage()).isBetween(0, shipped.lines().toList().size() + 1);
            }
        }
        assertThat(broken).isGreaterThan(100);
    }

    private static List<Problem> problems(Path root, String file) {
        BrokenMappingException broken = catchThrowableOfType(BrokenMappingException.class, () -> Mapping.compile(root, root.resolve(file).getParent(),
                root.resolve(file).getFileName().toString().replace(".jslt", "")));
        assertThat(broken).as("it compiles").isNotNull();
        return broken.problems();
    }

    private static String rest(String text, Problem problem) {
        List<String> lines = text.lines().toList();
        return String.join("\n", lines.subList(problem.line() - 1, lines.size())).substring(problem.column() - 1);
    }
}
