package io.subscriptionrelay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.mapping.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.DefaultCamelCatalog;
import org.apache.camel.tooling.model.EipModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;

/** Breaks one thing in a copy of the shipped routes, with every provider open and every account set up. */
class RouteFilesTest {

    private static final Path SHIPPED = Path.of("routes");
    private static final String CLEVERTAP = "deliver/clevertap.camel.yaml";
    private static final String CLEVERTAP_SANDBOX = "deliver/clevertap-sandbox.camel.yaml";
    private static final String ONESIGNAL_UPDATE = "deliver/onesignal-update.camel.yaml";
    private static final String SEND = "deliver/send.camel.yaml";
    private static final String DESTINATION_POLICY = "policies/destination.camel.yaml";
    private static final String TRANSLATE = "translate/translate.camel.yaml";
    private static final String TO_DESTINATION = "translate/to-destination.camel.yaml";
    private static final String WEBHOOK = "webhooks/webhook.camel.yaml";
    private static final String WEBHOOK_POLICY = "policies/webhook.camel.yaml";

    @TempDir
    private Path home;
    private Map<String, Object> variables;

    @BeforeEach
    void copyRoutes() throws IOException {
        try (Stream<Path> files = Files.walk(SHIPPED)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = file("").resolve(SHIPPED.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        variables = new LinkedHashMap<>();
        Stream.of("REVENUECAT_AUTHORIZATION", "PURCHASELY_SHARED_SECRET", "QONVERSION_TOKEN", "CLEVERTAP_ACCOUNT_ID",
                "CLEVERTAP_PASSCODE", "CLEVERTAP_SANDBOX_ACCOUNT_ID", "CLEVERTAP_SANDBOX_PASSCODE", "ONESIGNAL_APP_ID",
                "ONESIGNAL_API_KEY", "ONESIGNAL_SANDBOX_APP_ID", "ONESIGNAL_SANDBOX_API_KEY")
                .forEach(name -> variables.put(name, "something"));
    }

    @Test
    void theShippedRoutesHaveNoProblem() throws IOException {
        home = Path.of(".");

        assertThat(problems()).isEmpty();
    }

    // YAML

    @Test
    void textThatIsNotYamlIsShownWithItsLineAndColumn() throws IOException {
        change(SEND, "      uri: direct:send", "      uri: \"direct:send");

        Problem problem = only();
        assertThat(problem.file()).isEqualTo(file(SEND));
        assertThat(problem.line()).isPositive();
        assertThat(problem.column()).isPositive();
        assertThat(problem.message()).startsWith("not valid YAML: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{records}}", "{{records}}0"})
    void aPlaceholderWithoutQuotesIsToldToGetThem(String bare) throws IOException {
        change(CLEVERTAP, "maxMessages: \"{{records}}\"", "maxMessages: " + bare);

        assertThat(only().file()).isEqualTo(file(CLEVERTAP));
        assertThat(only().line()).isBetween(line(CLEVERTAP, "maxMessages: {{"), line(CLEVERTAP, "maxMessages: {{") + 1);
        assertThat(only().message()).endsWith("put quotes around a text that starts with {{");
    }

    @Test
    void aKeyThatIsWrittenTwiceIsFound() throws IOException {
        change(CLEVERTAP, "          maxWait: \"{{linger}}\"", "          maxMessages: 7");

        assertOnly(CLEVERTAP, "maxMessages: 7", 11, "`maxMessages` is written twice here; keep one");
    }

    @Test
    void aFileWithoutRoutesIsFound() throws IOException {
        Files.writeString(file("deliver/empty.camel.yaml"), "# to be done\n");

        assertOnly("deliver/empty.camel.yaml", "has no routes; write them, or delete the file");
    }

    @Test
    void aFileThatIsNotUtf8IsFound() throws IOException {
        Files.write(file("deliver/latin.camel.yaml"), "- route:\n    id: caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));

        assertOnly("deliver/latin.camel.yaml", "is not UTF-8; save it as UTF-8");
    }

    // Camel's schema

    @Test
    void aFileThatIsNoListIsFound() throws IOException {
        change(CLEVERTAP_SANDBOX, "- templatedRoute:", "templatedRoute:");

        assertThat(problems()).first().isEqualTo(new Problem(file(CLEVERTAP_SANDBOX), 1, 1, "a route file is a list; start each "
                + "entry with `- route:`, `- routeTemplate:`, `- templatedRoute:` or `- routeConfiguration:`"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            - route:                | - rout:                  | unknown key `rout`; did you mean `route`?
            '      - split:'        | '      - splitt:'        | unknown key `splitt` under `steps`; did you mean `split`?
            parameters:             | paramters:               | unknown key `paramters` under `toD`; did you mean `parameters`?
            expression: ${body}     | expresion: ${body}       | unknown key `expresion` under `simple`; did you mean `expression`?
            stopOnException: true   | whatever: true           | unknown key `whatever` under `split`; none of the 20 known names is like it
            stopOnException: true   | stopOnException: perhaps | `stopOnException` must be true or false, not `perhaps`
            'simple:'               | 'simpel:'                | unknown key `simpel` under `expression`; did you mean `simple`?
            """)
    void aKeyOrValueThatCamelDoesNotKnowIsShownWithWhatWasMeant(String from, String to, String message) throws IOException {
        change(SEND, from, to);

        assertThat(problems()).contains(new Problem(file(SEND), line(SEND, to.trim()), column(SEND, to), message));
    }

    @Test
    void aKeyThatIsMissingIsNamedAtItsStep() throws IOException {
        change(TRANSLATE, "                          uri: direct:to-clevertap", "                          id: clevertap");

        assertOnly(TRANSLATE, "id: clevertap", 27, "`to` has no `uri`");
    }

    @Test
    void aStepWithoutExpressionIsFound() throws IOException {
        change(SEND, "            expression:\n              simple:\n                expression: ${body}\n", "");

        assertOnly(SEND, "stopOnException", 13, "`split` has no `expression`");
    }

    @Test
    void anExpressionWithTwoLanguagesIsFound() throws IOException {
        change(SEND, "              simple:", "              constant: x\n              simple:");

        assertOnly(SEND, "constant: x", 15, "`expression` has constant and simple; keep one of them");
    }

    @Test
    void aKeyThatStandsTooFarLeftIsToldWhereItBelongs() throws IOException {
        change(TRANSLATE, "                            uri: direct:to-onesignal", "                        uri: direct:to-onesignal");
    }

    @Test
    void aStepWithNothingUnderItIsFound() throws IOException {
        change(TRANSLATE, "                      - to:\n                          uri: direct:to-onesignal\n", "                      - to:\n");
    }

    private void change(String name, String from, String to) throws IOException {
        String text = Files.readString(file(name));
        assertThat(text).as("the text to break in " + name).contains(from);
        Files.writeString(file(name), text.replace(from, to));
    }

    private void assertOnly(String name, String at, int column, String message) throws IOException {
        assertThat(problems()).containsExactly(new Problem(file(name), line(name, at), column, message));
    }

    private void assertOnly(String name, String message) throws IOException {
        assertThat(problems()).containsExactly(new Problem(file(name), 0, 0, message));
    }

    private Problem only() throws IOException {
        List<Problem> problems = problems();
        assertThat(problems).hasSize(1);
        return problems.get(0);
    }

    private Path file(String name) {
        return home.resolve("routes").resolve(name).normalize();
    }

    private int line(String name, String text) throws IOException {
        List<String> lines = Files.readAllLines(file(name));
        return IntStream.range(0, lines.size()).filter(line -> lines.get(line).contains(text)).findFirst().orElseThrow() + 1;
    }

    private int column(String name, String text) throws IOException {
        return 0;
    }

    private List<Problem> problems() throws IOException {
        StandardEnvironment environment = new StandardEnvironment();
        variables.put("RELAY_HOME", home.toString());
        environment.getPropertySources().addFirst(new MapPropertySource("variables", variables));
        for (PropertySource<?> defaults : new YamlPropertySourceLoader().load("defaults", new ClassPathResource("application.yaml"))) {
            environment.getPropertySources().addLast(defaults);
        }
        return RouteFiles.problems(Binder.get(environment).bind("relay", RelayProperties.class).get());
    }
}
