package io.subscriptionrelay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.mapping.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.DefaultCamelCatalog;
import org.apache.camel.tooling.model.BaseOptionModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Breaks one thing in a copy of the shipped routes. */
class RouteFilesTest {

    private static final String CALLS = "deliver/calls.camel.yaml";
    private static final String CLEVERTAP = "deliver/clevertap-production.camel.yaml";
    private static final String CLEVERTAP_SANDBOX = "deliver/clevertap-sandbox.camel.yaml";
    private static final String EVENTS = "translate/events.camel.yaml";
    private static final String ONESIGNAL = "deliver/onesignal-production.camel.yaml";
    private static final String OUTAGE = "policies/destination.camel.yaml";
    private static final String OWN = "deliver/own.camel.yaml";
    private static final String QONVERSION = "translate/qonversion.camel.yaml";
    private static final String QONVERSION_EVENTS = "translate/qonversion-events.camel.yaml";
    private static final String TRANSLATE = "translate/translate.camel.yaml";
    private static final String WEBHOOK = "webhooks/webhook.camel.yaml";

    private static final Pattern KEBAB_CASE = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

    @TempDir
    private Path home;

    @BeforeEach
    void copyRoutes() throws IOException {
        Relay.copyRoutes(home);
    }

    @Test
    void theShippedRoutesHaveNoProblem() {
        assertThat(Relay.problems(Relay.open(Path.of(".")))).isEmpty();
    }

    // YAML

    @Test
    void textThatIsNotYamlIsShownWithItsLineAndColumn() throws IOException {
        change(CALLS, "    id: deliver-calls", "\tid: deliver-calls");

        assertOnly(CALLS, "\tid", "not valid YAML: found character '\\t(TAB)' that cannot start any token. "
                + "(Do not use \\t(TAB) for indentation)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{records}}", "{{records}}0"})
    void aPlaceholderWithoutQuotesIsFound(String bare) throws IOException {
        change(CLEVERTAP, "maxMessages: 1000", "maxMessages: " + bare);

        assertOnly(CLEVERTAP, bare, "put quotes around a text that starts with {{");
    }

    @Test
    void aKeyThatIsWrittenTwiceIsFound() throws IOException {
        change(EVENTS, "stopOnException: true", "stopOnException: true\n            # again\n            stopOnException: false");

        assertOnly(EVENTS, "stopOnException: false", "`stopOnException` is written twice here; keep one");
    }

    @Test
    void anAliasWithoutEndIsFound() throws IOException {
        write(OWN, "- &itself\n  route: *itself\n");

        assertOnly(OWN, "&itself", "this alias contains itself");
    }

    @Test
    void aFileWithoutRoutesIsFound() throws IOException {
        write(OWN, "# to be done\n");

        assertOnly(OWN, "has no routes; write them, or delete the file");
    }

    @Test
    void aFileThatIsNotUtf8IsFound() throws IOException {
        Files.write(file(OWN), "- route:\n    id: deliver-\u00fc\n".getBytes(StandardCharsets.ISO_8859_1));

        assertOnly(OWN, "is not UTF-8; save it as UTF-8");
    }

    @Test
    void aFileThatCamelWouldPassOverIsFound() throws IOException {
        write("deliver/own.camel.yml", "");

        assertOnly("deliver/own.camel.yml", "would not be read; rename it so that it ends in .camel.yaml");
    }

    // Camel's schema

    @Test
    void aFileThatIsNoListIsFound() throws IOException {
        write(OWN, "route:\n  id: deliver-own\n");

        assertOnly(OWN, "route", "a route file is a list; start each entry with `- route:` or `- routeConfiguration:`");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            - route:                | rout:                    | unknown key `rout`; did you mean `route`?
            - split:                | splitt:                  | unknown key `splitt` under `steps`; did you mean `split`?
            '  expression: ${body}' | expresion: ${body}       | unknown key `expresion` under `simple`; did you mean `expression`?
            simple:                 | simpel:                  | unknown key `simpel` under `expression`; did you mean `simple`?
            stopOnException: true   | stopOnExeption: true     | unknown key `stopOnExeption` under `split`; did you mean `stopOnException`?
            """)
    void anUnknownKeyIsShownWithWhatWasMeant(String from, String to, String message) throws IOException {
        change(EVENTS, from, from.replaceFirst("[a-z].*", "") + to);

        assertOnly(EVENTS, to, message);
    }

    @Test
    void anUnknownKeyThatIsLikeNoneIsShownWithTheKnownOnes() throws IOException {
        change(QONVERSION_EVENTS, "id: qonversion-events", "id: qonversion-events\n            whatever: x");

        assertOnly(QONVERSION_EVENTS, "whatever", "unknown key `whatever` under `to`; known are: description, disabled, id, note, "
                + "parameters, pattern, uri, variableReceive, variableSend");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stopOnException: true | stopOnException: perhaps | perhaps | `stopOnException` must be true or false, not `perhaps`
            ${body}               | [a, b]                   | [a, b]  | `expression` must be a text, not a list
            """)
    void aValueOfTheWrongKindIsShownWithTheRightKind(String from, String to, String at, String message) throws IOException {
        change(EVENTS, from, to);

        assertOnly(EVENTS, at, message);
    }

    @Test
    void aNumberIsExpectedWhereCamelCounts() throws IOException {
        change(OUTAGE, "backOffMultiplier: 2", "backOffMultiplier: double");

        assertOnly(OUTAGE, "double", "`backOffMultiplier` must be a number, not `double`");
    }

    @Test
    void aPlaceholderMayStandForANumberOrABoolean() throws IOException {
        change(OUTAGE, "backOffMultiplier: 2", "backOffMultiplier: \"{{factor}}\"");
        change(OUTAGE, "useExponentialBackOff: true", "useExponentialBackOff: \"{{grow}}\"");

        assertThat(problems()).isEmpty();
    }

    @Test
    void aKeyThatIsMissingIsNamedAtItsStep() throws IOException {
        change(TRANSLATE, "            uri: jms-batch:*\n", "");

        assertOnly(TRANSLATE, "id: queue-records", "`to` has no `uri`");
    }

    @Test
    void aStepWithoutExpressionIsFound() throws IOException {
        change(EVENTS, "            expression:\n              simple:\n                expression: ${body}\n", "");

        assertOnly(EVENTS, "id: each-event", "`split` has no `expression`");
    }

    @Test
    void anExpressionWithTwoLanguagesIsFound() throws IOException {
        change(EVENTS, "              simple:", "              constant: x\n              simple:");

        assertOnly(EVENTS, "constant: x", "`expression` has constant and simple; keep one of them");
    }

    @Test
    void aKeyThatStandsTooFarLeftIsToldWhereItBelongs() throws IOException {
        change(QONVERSION_EVENTS, "  uri: direct:translate-events", "uri: direct:translate-events");

        assertOnly(QONVERSION_EVENTS, "uri: direct:translate-events",
                "`uri` stands beside `to`; indent it further, so that it is part of `to`");
    }

    @ParameterizedTest
    @ValueSource(strings = {"routeTemplate", "templatedRoute"})
    void aFileWithATemplateIsToldToHaveAPlainRoute(String kind) throws IOException {
        write(CLEVERTAP, "# as in earlier versions\n- " + kind + ":\n    parameters: []\n- templatedRoute:\n    routeTemplateRef: any\n");

        assertOnly(CLEVERTAP, kind, "routes are written as plain routes, because Kaoto and the console show no templates; write `- route:` with an "
                + "`id:` of its own, a `description:` and a `from:` under it, once for each route that was made of the template");
    }

    // endpoints

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            maxMessages:                 | maxMesages:            | maxMesages   | unknown option `maxMesages` of jms-batch; did you mean `maxMessages`?
            maxWait: 250                 | maxWait: soon          | soon         | `maxWait` of jms-batch must be milliseconds, or a time such as 5s, not `soon`
            workers: 15                  | workers: many          | many         | `workers` of jms-batch must be a whole number, not `many`
            workers: 15                  | bridgeErrorHandler: ja | ja           | `bridgeErrorHandler` of jms-batch must be true or false, not `ja`
            workers: 15                  | exchangePattern: Out   | Out          | `exchangePattern` of jms-batch must be one of InOnly, InOut, not `Out`
            workers: 15                  | workers: [1, 2]        | [1, 2]       | `workers` must be a single value, not a list
            jms-batch:deliver            | jms-bach:deliver       | jms-bach     | there is no component `jms-bach`; did you mean `jms-batch`?
            """)
    void anOptionThatDoesNotFitItsComponentIsShownWithWhatWasMeant(String from, String to, String at, String message) throws IOException {
        change(CLEVERTAP, from, to);

        assertThat(problems()).contains(problem(CLEVERTAP, at, message));
    }

    @Test
    void anOptionOfHttpThatIsAlmostAKnownOneIsFoundAndAnyOtherIsSentOn() throws IOException {
        write(OWN, route("deliver-own", "direct:own", "{to: {uri: 'https://example.com', parameters: {skipControlHeader: true, app: 7}}}"));

        assertOnly(OWN, "skipControlHeader", "unknown option `skipControlHeader` of https; did you mean `skipControlHeaders`?");
    }

    @Test
    void anOptionOfAnAddressThatOnlyTheMessageKnowsIsComparedWithThoseOfHttp() throws IOException {
        change(CALLS, "throwExceptionOnFailure", "throwExceptionsOnFailure");

        assertOnly(CALLS, "throwExceptionsOnFailure", "unknown option `throwExceptionsOnFailure` of http; did you mean `throwExceptionOnFailure`?");
    }

    @Test
    void aComponentThatTheRelayDoesNotHaveIsFound() throws IOException {
        change(WEBHOOK, "uri: jms:queue:events", "uri: kafka:events");

        assertOnly(WEBHOOK, "kafka:", "the component `kafka` is not part of the relay; add camel-kafka to pom.xml, or use another one");
    }

    @Test
    void aComponentThatOnlyConsumesCannotBeSentTo() throws IOException {
        change(WEBHOOK, "uri: jms:queue:events", "uri: timer:events");

        assertOnly(WEBHOOK, "timer:", "timer can only be consumed, with `from`");
    }

    @Test
    void anOptionOfConsumersIsRefusedForASend() throws IOException {
        change(WEBHOOK, "exchangePattern: InOnly", "exchangePattern: InOnly\n                        concurrentConsumers: 3");

        assertOnly(WEBHOOK, "concurrentConsumers", "`concurrentConsumers` of jms is for `from`, not for `to`");
    }

    @Test
    void optionsInTheUriAndInTheParametersAreRefused() throws IOException {
        change(WEBHOOK, "jms:queue:events.${exchangeProperty.provider}", "jms:queue:events.${exchangeProperty.provider}?timeToLive=5");

        assertOnly(WEBHOOK, "jms:queue:", "options stand either in the uri or under `parameters`; move `timeToLive=5` to the parameters");
    }

    @Test
    void anOptionInTheUriIsCheckedToo() throws IOException {
        write(OWN, route("deliver-own", "timer:tick?perriod=5000", ""));

        assertOnly(OWN, "timer:", "unknown option `perriod` of timer; did you mean `period`?");
    }

    @Test
    void anAddressThatWouldNeverBeEvaluatedIsFound() throws IOException {
        change(CALLS, "- toD:", "- to:");

        assertOnly(CALLS, "${exchangeProperty.url}", "`to` takes `${exchangeProperty.url}` literally; write `toD`");
    }

    // expressions

    @Test
    void anExpressionThatDoesNotParseIsShownWithItsPlace() throws IOException {
        change(EVENTS, "${body}", "${body");

        assertThat(problems()).containsExactly(new Problem(file(EVENTS), line(EVENTS, "${body"), column(EVENTS, "${body") + 5,
                "`${body` is not a valid expression: a `}` is missing at character 6"));
    }

    @Test
    void aConditionThatDoesNotParseIsShownWithItsPlace() throws IOException {
        change(TRANSLATE, "${exchangeProperty.type} == null", "${exchangeProperty.type} = null");

        assertOnly(TRANSLATE, "= null",
                "`${exchangeProperty.type} = null` is not a valid condition: unexpected token = at character 26");
    }

    @Test
    void anAddressThatIsEvaluatedIsAnExpression() throws IOException {
        change(CALLS, "${exchangeProperty.url}", "${echangeProperty.url}");

        assertOnly(CALLS, "${echangeProperty.url}",
                "`${echangeProperty.url}` is not a valid expression: unknown function: echangeProperty.url at character 1");
    }

    @Test
    void placeholdersInAConditionAreValues() throws IOException {
        change(TRANSLATE, "${exchangeProperty.type} == null", "${exchangeProperty.type} == {{a.b:1}} || ${body} == '{{c:{{d}}}}'");

        assertThat(problems()).isEmpty();
    }

    @Test
    void whatCamelEvaluatesAsAConditionIsParsedAsOne() {
        CamelCatalog catalog = new DefaultCamelCatalog(true);
        Set<String> conditions = catalog.findModelNames().stream().map(catalog::eipModel)
                .flatMap(step -> step.getOptions().stream().filter(BaseOptionModel::isAsPredicate)
                        .map(option -> "expression".equals(option.getName()) ? step.getName() : option.getName()))
                .collect(Collectors.toSet());

        assertThat(Steps.CONDITIONS).isEqualTo(conditions);
    }

    // ids and descriptions

    @Test
    void theIdOfTheOnlyRouteIsThePathOfItsFile() throws IOException {
        change(CALLS, "id: deliver-calls", "id: calls");

        assertOnly(CALLS, "id: calls", 4, "`id: calls` does not fit the name of the file; write `id: deliver-calls`, or rename the file");
    }

    @Test
    void theIdOfOneRouteOfSeveralStartsWithTheFolder() throws IOException {
        write(OWN, route("deliver-one", "direct:one", "") + route("another", "direct:another", ""));

        assertOnly(OWN, "another", "`id: another` does not start with the name of the folder; write `id: deliver-another`, or move the file");
    }

    @Test
    void aRouteWithoutIdIsToldWhichToWrite() throws IOException {
        change(CALLS, "    id: deliver-calls\n", "");

        assertOnly(CALLS, "route:", "this route has no `id`; write `id: deliver-calls`");
    }

    @Test
    void aRouteWithoutAnythingAroundItIsToldWhatToWrite() throws IOException {
        write(OWN, "- from:\n    uri: timer:own\n    steps: []\n");

        assertOnly(OWN, "from", "a route needs an id and a description; write `- route:` and put `from:` under it");
    }

    @Test
    void aRouteConfigurationWithoutIdIsFound() throws IOException {
        write("policies/own.camel.yaml", "- routeConfiguration:\n    description: Does nothing\n");

        assertOnly("policies/own.camel.yaml", "routeConfiguration", "a route configuration needs an id; write `id:` under it");
    }

    @Test
    void aRouteWithoutDescriptionIsFound() throws IOException {
        change(QONVERSION_EVENTS, "    description: Takes the stored Qonversion events in batches and has each translated\n", "");

        assertOnly(QONVERSION_EVENTS, "route:",
                "`translate-qonversion-events` has no description; write `description:` and one sentence that says what it does");
    }

    @Test
    void anIdThatIsTakenIsShownWithItsOtherPlace() throws IOException {
        write(OWN, route("deliver-own", "direct:one", "") + route("  deliver-own", "direct:another", ""));

        assertOnly(OWN, "  deliver-own", 2, "`deliver-own` is also in " + file(OWN) + ", line 2; give one of them another id");
    }

    @Test
    void anIdOfAStepThatAStepOfAnotherRouteHasIsShownWithItsOtherPlace() throws IOException {
        change("webhooks/revenuecat.camel.yaml", "id: revenuecat-webhook", "id: purchasely-webhook");

        String other = "webhooks/purchasely.camel.yaml";
        assertOnly("webhooks/revenuecat.camel.yaml", "purchasely-webhook", "`purchasely-webhook` is also in " + file(other) + ", line "
                + line(other, "purchasely-webhook") + "; give one of them another id");
    }

    /** {@code AdviceWith}, the console and the history of a message name steps by their ids. */
    @ParameterizedTest
    @ValueSource(strings = {"webhooks", "translate", "deliver"})
    void everyShippedRouteAndStepHasAnIdInKebabCase(String folder) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve("routes").resolve(folder))) {
            for (Path file : files.toList()) {
                for (RouteFile.Entry route : RouteFile.read(home.resolve("routes"), file, new Problems()).orElseThrow().entries()) {
                    assertThat(route.kind()).as(file.toString()).isEqualTo("route");
                    assertThat(route.id()).as(file.toString()).matches(KEBAB_CASE);
                    assertThat(Steps.all(route)).isNotEmpty().allSatisfy(step -> assertThat(step.id())
                            .as("`" + step.kind() + "` in " + file + step.at().getStartMark().map(mark -> ", line " + (mark.getLine() + 1)).orElse(""))
                            .matches(KEBAB_CASE));
                }
            }
        }
    }

    // sends, configurations and calls

    @Test
    void aSendThatWouldWaitForAReplyIsFound() throws IOException {
        change(WEBHOOK, "exchangePattern: InOnly", "timeToLive: 5000");

        assertOnly(WEBHOOK, "jms:queue:",
                "a jms endpoint waits for a reply unless told otherwise; write `exchangePattern: InOnly` under `parameters`");
    }

    @Test
    void aRouteConfigurationThatIsNotThereIsShownWithWhatWasMeant() throws IOException {
        change(CALLS, "routeConfigurationId: destination", "routeConfigurationId: destinations");

        assertOnly(CALLS, "Id: destinations", 4, "there is no routeConfiguration `destinations`; did you mean `destination`?");
    }

    @Test
    void aCallThatNoRouteTakesIsFound() throws IOException {
        change(QONVERSION, "uri: direct:translate\n", "uri: direct:braze\n");

        assertOnly(QONVERSION, "direct:braze",
                "no route starts with `direct:braze`, which `translate-qonversion` calls; add the route, or take the call out");
    }

    @Test
    void aCallThatIsMisspelledIsShownWithWhatWasMeant() throws IOException {
        change(QONVERSION, "uri: direct:translate\n", "uri: direct:translat\n");

        assertOnly(QONVERSION, "direct:translat\n",
                "no route starts with `direct:translat`, which `translate-qonversion` calls; did you mean `direct:translate`?");
    }

    @Test
    void twoRoutesCannotStartWithTheSameCall() throws IOException {
        write(OWN, route("deliver-own", "direct:deliver-calls", ""));

        assertOnly(OWN, "route:", "`direct:deliver-calls` is already the start of `deliver-calls` in " + file(CALLS)
                + "; only one route can start there");
    }

    // what the settings ask for

    @Test
    void anAccountWithoutRouteIsToldWhichFileToAdd() throws IOException {
        Files.delete(file(CLEVERTAP_SANDBOX));

        assertOnly(CLEVERTAP_SANDBOX, "is missing, so the queue deliver.clevertap.sandbox would never be emptied; copy " + file(CLEVERTAP)
                + " and put sandbox in place of production:\n    sed 's/production/sandbox/' " + file(CLEVERTAP) + " > " + file(CLEVERTAP_SANDBOX));
    }

    @Test
    void theFirstAccountOfADestinationIsToldToCopyTheRouteOfAnother() throws IOException {
        Files.delete(file(CLEVERTAP));
        Files.delete(file(CLEVERTAP_SANDBOX));

        assertThat(problems()).extracting(Problem::message).containsExactly("is missing, so the queue deliver.clevertap.production would never be "
                + "emptied; copy " + file(ONESIGNAL) + " and put clevertap in place of onesignal:\n    sed 's/onesignal/clevertap/' "
                + file(ONESIGNAL) + " > " + file(CLEVERTAP),
                "is missing, so the queue deliver.clevertap.sandbox would never be emptied; copy " + file(ONESIGNAL) + " and put clevertap in place of "
                + "onesignal and sandbox in place of production:\n    sed 's/onesignal/clevertap/; s/production/sandbox/' " + file(ONESIGNAL) + " > "
                + file(CLEVERTAP_SANDBOX));
    }

    @Test
    void anAccountWhoseRouteEmptiesAnotherQueueIsFound() throws IOException {
        change(CLEVERTAP_SANDBOX, "jms-batch:deliver.clevertap.sandbox", "jms-batch:deliver.clevertap.production");

        assertOnly(CLEVERTAP_SANDBOX, "route:", "the route `deliver-clevertap-sandbox` must consume deliver.clevertap.sandbox, "
                + "not jms-batch:deliver.clevertap.production; otherwise the queue deliver.clevertap.sandbox would never be emptied");
    }

    @Test
    void anOpenProviderWithoutWebhookRouteIsToldWhichFileToAdd() throws IOException {
        Files.delete(file("webhooks/purchasely.camel.yaml"));

        assertOnly("webhooks/purchasely.camel.yaml", "is missing, so the webhooks of purchasely, which is opened by PURCHASELY_SHARED_SECRET, would be "
                + "answered with 404; copy " + file("webhooks/revenuecat.camel.yaml") + " and write purchasely in place of its provider");
    }

    @Test
    void aWebhookRouteThatWasCopiedWithTheNameOfAnotherProviderIsFound() throws IOException {
        change("webhooks/purchasely.camel.yaml", "expression: purchasely", "expression: revenuecat");

        assertOnly("webhooks/purchasely.camel.yaml", "route:", "the route `webhooks-purchasely` must set the property `provider` to purchasely, not "
                + "revenuecat, before it calls direct:webhook; otherwise its webhooks would be taken for those of nobody, or of another");
    }

    @Test
    void anOpenProviderWhoseEventsNobodyReadsIsToldWhichFileToAdd() throws IOException {
        Files.delete(file("translate/purchasely-events.camel.yaml"));

        assertOnly("translate/purchasely-events.camel.yaml", "is missing, so the events of purchasely would be kept and never read; copy "
                + file("translate/revenuecat-events.camel.yaml") + " and write purchasely in place of its provider");
    }

    @Test
    void anOpenProviderWithoutTranslateRouteIsToldWhichFileToCopy() throws IOException {
        Files.delete(file("translate/purchasely.camel.yaml"));

        assertThat(problems()).contains(new Problem(file("translate/purchasely.camel.yaml"), 0, 0, "is missing, so nothing would say what the "
                + "events of purchasely mean; copy " + file("translate/revenuecat.camel.yaml") + " and write purchasely in place of its provider"));
    }

    @Test
    void whatIsNotSwitchedOnNeedsNoRoutes() throws IOException {
        Files.delete(file(CLEVERTAP_SANDBOX));
        Files.delete(file("webhooks/purchasely.camel.yaml"));

        assertThat(Relay.problems(Relay.properties(Map.of("RELAY_HOME", home.toString(), "REVENUECAT_AUTHORIZATION", "something",
                "CLEVERTAP_ACCOUNT_ID", "something", "CLEVERTAP_PASSCODE", "something")))).isEmpty();
    }

    // the folder

    @Test
    void aHomeWithoutRoutesIsToldWhatItMustHold() {
        Path elsewhere = home.resolve("elsewhere");

        assertThat(Relay.problems(Relay.open(elsewhere))).containsExactly(new Problem(elsewhere.resolve("routes"), 0, 0,
                "there is no such folder; set RELAY_HOME to the folder that holds routes/ and mappings/, not " + elsewhere));
    }

    @Test
    void aHomeWithEmptyRoutesIsToldWhatItMustHold() throws IOException {
        Path elsewhere = home.resolve("elsewhere");
        Files.createDirectories(elsewhere.resolve("routes/deliver"));

        assertThat(Relay.problems(Relay.open(elsewhere))).containsExactly(new Problem(elsewhere.resolve("routes"), 0, 0,
                "holds no file that ends in .camel.yaml; set RELAY_HOME to the folder that holds routes/ and mappings/, not " + elsewhere));
    }

    // all of them

    @Test
    void allProblemsAreReportedAtOnce() throws IOException {
        change(EVENTS, "  expression: ${body}", "  expresion: ${body}");
        change(CLEVERTAP, "maxMessages:", "maxMesages:");
        change(CLEVERTAP, "parallelProcessing", "paralelProcessing");
        Files.delete(file(CLEVERTAP_SANDBOX));

        assertThat(problems()).extracting(Problem::file)
                .containsExactly(file(CLEVERTAP), file(CLEVERTAP), file(CLEVERTAP_SANDBOX), file(EVENTS));
    }

    @Test
    void aPropertyThatAFileMaySetWhichCannotBeReadIsNotReportedAsMissing() throws IOException {
        change(EVENTS, "name: raw", "name: mine");
        change(TRANSLATE, "${exchangeProperty.type} ==", "${exchangeProperty.mine} ==");
        assertThat(problems()).isEmpty();
        change(EVENTS, "- route:", "- route: [");

        assertThat(problems()).extracting(Problem::file).containsOnly(file(EVENTS));
    }

    @Test
    void whatCannotBeReadIsNotAlsoReportedAsMissing() throws IOException {
        change(CLEVERTAP, "- route:", "- route: [");

        assertThat(problems()).extracting(Problem::file).containsOnly(file(CLEVERTAP));
    }

    private static String route(String id, String uri, String steps) {
        return "- route:\n    id: " + id + "\n    description: For a test\n    from:\n      uri: " + uri + "\n      steps: [" + steps + "]\n";
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(file(name), text);
    }

    private void change(String name, String from, String to) throws IOException {
        String text = Files.readString(file(name));
        assertThat(text).as("what the test breaks in " + name).contains(from);
        write(name, text.replaceFirst(Pattern.quote(from), Matcher.quoteReplacement(to)));
    }

    private List<Problem> problems() {
        return Relay.problems(Relay.open(home));
    }

    private void assertOnly(String name, String message) {
        assertThat(problems()).containsExactly(new Problem(file(name), 0, 0, message));
    }

    /** Exactly this problem, where {@code at} stands in the file. */
    private void assertOnly(String name, String at, String message) throws IOException {
        assertThat(problems()).containsExactly(problem(name, at, message));
    }

    private void assertOnly(String name, String at, int behind, String message) throws IOException {
        assertThat(problems()).containsExactly(new Problem(file(name), line(name, at), column(name, at) + behind, message));
    }

    private Problem problem(String name, String at, String message) throws IOException {
        return new Problem(file(name), line(name, at), column(name, at), message);
    }

    private Path file(String name) {
        return home.resolve("routes").resolve(name);
    }

    private int line(String name, String text) throws IOException {
        return (int) before(name, text).chars().filter(character -> character == '\n').count() + 1;
    }

    private int column(String name, String text) throws IOException {
        String before = before(name, text);
        return before.length() - before.lastIndexOf('\n');
    }

    private String before(String name, String text) throws IOException {
        String whole = Files.readString(file(name));
        assertThat(whole).contains(text);
        return whole.substring(0, whole.indexOf(text));
    }
}
