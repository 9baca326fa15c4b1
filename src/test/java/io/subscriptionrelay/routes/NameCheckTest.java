package io.subscriptionrelay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Misspells one name in a copy of the shipped routes. */
class NameCheckTest {

    private static final String REVENUECAT = "translate/revenuecat.camel.yaml";

    @TempDir
    private Path home;

    @BeforeEach
    void copy() {
        Home.copyTo(home);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            deliver/clevertap-sandbox.camel.yaml | ref: deliver               | ref: delivr                        | there is no bean `delivr`; did you mean `deliver`?
            deliver/clevertap-sandbox.camel.yaml | method: group              | method: gruop                      | the bean `deliver` has no method `gruop`; did you mean `group`?
            deliver/clevertap-sandbox.camel.yaml | admission: "#deliver"      | admission: "#delivr"               | there is no bean `delivr`; did you mean `deliver`?
            deliver/calls.camel.yaml        | ref: permit                     | ref: permits                       | there is no bean `permits`; did you mean `permit`?
            deliver/calls.camel.yaml        | exchangeProperty.calls.isUn     | exchangeProperty.clals.isUn        | nothing sets the property `clals`, neither event.jslt nor a step; did you mean `calls`?
            deliver/calls.camel.yaml        | exchangeProperty.calls.isUn     | exchangePropety.calls.isUn         | `exchangePropety` is no word of simple; did you mean `exchangeProperty`?
            translate/translate.camel.yaml  | method: park(*, 'the            | method: prak(*, 'the               | the bean `translator` has no method `prak`; did you mean `park`?
            webhooks/webhook.camel.yaml     | ${body} != null                 | ${bean:webhooks?method=reed} != null | the bean `webhooks` has no method `reed`; did you mean `read`?
            webhooks/webhook.camel.yaml     | ${body} != null                 | ${bean:webhoks?method=read} != null  | there is no bean `webhoks`; did you mean `webhooks`?
            policies/destination.camel.yaml | id: no-answer                   | onRedeliveryRef: outcome           | there is no bean `outcome`; did you mean `outcomes`?
            translate/revenuecat.camel.yaml | exchangeProperty.periodType} == 'TRIAL' | exchangeProperty.periodTyp} == 'TRIAL' | nothing sets the property `periodTyp`, neither event.jslt nor a step; did you mean `periodType`?
            translate/qonversion.camel.yaml | exchangeProperty.platform} == 'iOS' | exchangeProperty.store} == 'iOS'  | nothing sets the property `store`, neither event.jslt nor a step
            """)
    void isFoundWithFileAndLine(String name, String right, String wrong, String message) throws IOException {
        Path file = home.resolve("routes").resolve(name);
        String text = Files.readString(file);
        assertThat(text).contains(right);
        Files.writeString(file, text.replaceFirst(java.util.regex.Pattern.quote(right), java.util.regex.Matcher.quoteReplacement(wrong)));

        assertThat(Relay.problems(Relay.open(home))).hasSize(1).first().satisfies(problem -> {
            assertThat(problem.file()).isEqualTo(file);
            assertThat(Files.readAllLines(file).get(problem.line() - 1)).contains(wrong);
            assertThat(problem.message()).startsWith(message);
        });
    }

    @Test
    void whatStepsAndMappingsOfTheUsersOwnSetIsNoMistake() throws IOException {
        edit("routes/" + REVENUECAT, "        # the accounts are called", """
                        - setProperty:
                            name: mine
                            expression:
                              simple:
                                expression: ${exchangeProperty.type}-${exchangeProperty.shelf}
                        - setProperty:
                            name: yours
                            expression:
                              simple:
                                expression: ${exchangeProperty.mine} ${exchangeProperty.CamelSplitIndex}
                # the accounts are called""");
        edit("mappings/revenuecat/event.jslt", "\"type\":", "\"shelf\": \"upper\",\n  \"type\":");

        assertThat(Relay.problems(Relay.open(home))).isEmpty();
    }

    @Test
    void beansOfTheUsersOwnMayHaveAnyMethodAndSetAnyProperty() throws IOException {
        Files.writeString(home.resolve("routes/own.camel.yaml"), """
                - beans:
                    - name: shelves
                      type: com.example.Shelves
                - route:
                    id: own
                    description: For a test
                    from:
                      uri: direct:own
                      steps:
                        - bean:
                            ref: shelves
                            method: sort
                        - filter:
                            expression:
                              simple:
                                expression: ${exchangeProperty.sorted}
                            steps:
                              - setHeader:
                                  name: sorted
                                  expression:
                                    constant:
                                      expression: "true"
                """);

        assertThat(Relay.problems(Relay.open(home))).extracting(Problem::message).isEmpty();
    }

    private void edit(String name, String what, String with) throws IOException {
        Path file = home.resolve(name);
        String text = Files.readString(file);
        assertThat(text).contains(what);
        Files.writeString(file, text.replace(what, with));
    }
}
