package io.subscriptionrelay;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.commands.Commands;
import io.subscriptionrelay.testing.Home;
import io.subscriptionrelay.testing.Ports;
import io.subscriptionrelay.testing.RelayApp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program as it is called, in a process of its own, with everything in its environment that a start needs. */
class CommandLineTest {

    @TempDir
    Path folder;

    private record Ended(int status, String out, String err) {
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "Run", "--demo", "--debug", "-h", "-Dserver.port=1", "--=x", "server.port=9", "run demo", "run --port 9",
        "--spring.main.banner-mode=off trace", "trace-all", "run schemas"})
    void anArgumentThatIsNotKnownIsAnErrorAndNothingIsStarted(String arguments) throws Exception {
        Ended ended = run(arguments.split(" "));
        assertThat(ended.status()).as(ended.toString()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines()).singleElement().asString().contains("`run`", "`trace`", "`schemas`", "--name=value").endsWith(".");
        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void theArgumentThatIsNotKnownIsNamedWithoutItsValue() throws Exception {
        assertThat(run("demo").err()).contains("`demo`");
        assertThat(run("REVENUECAT_AUTHORIZATION=the-secret").err()).contains("`REVENUECAT_AUTHORIZATION=...`").doesNotContain("the-secret");
        assertThat(run("--REVENUECAT_AUTHORIZATION", "the-secret").err()).contains("`--REVENUECAT_AUTHORIZATION`").doesNotContain("the-secret");
    }

    @Test
    void theReadmeNamesEveryCommand() throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        new Commands(SubscriptionRelayApplication.class, Map.of(), stream, stream).run("unheard-of");
        String readme = Files.readString(Path.of("README.md"));
        String arguments = readme.substring(readme.indexOf("- **Arguments**"), readme.indexOf("- **The data directory**"));
        assertThat(Pattern.compile("`[a-z]+`").matcher(said.toString(StandardCharsets.UTF_8)).results().map(MatchResult::group).toList())
                .contains("`run`", "`trace`").allSatisfy(command -> assertThat(arguments).contains(command));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "run --help", "--server.port=1 --help", "trace --help", "--version", "completion"})
    void helpSaysWhatIsKnownAndStartsNothing(String arguments) throws Exception {
        Ended ended = run(arguments.split(" "));
        assertThat(ended.status()).as(ended.toString()).isZero();
        assertThat(ended.out()).contains("subscription-relay").doesNotContain("\u001b[");
        if (arguments.equals("--help")) {
            assertThat(ended.out()).contains("run", "trace", "schemas", "--name=value");
        }
        assertThat(ended.err()).isEmpty();
        assertThat(folder.resolve("data")).doesNotExist();
    }

    @Test
    void schemasWritesTheSchemasOfTheHomeAndStartsNothing() throws Exception {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Files.delete(mappings.resolve("revenuecat/clevertap.schema.json"));
        Ended ended = run("schemas");
        assertThat(ended.status()).as(ended.toString()).isZero();
        assertThat(ended.out().lines()).containsExactly(mappings.resolve("revenuecat/clevertap.schema.json") + " is written");
        assertThat(mappings.resolve("revenuecat/clevertap.schema.json"))
                .hasSameTextualContentAs(Path.of("mappings/revenuecat/clevertap.schema.json"));
        assertThat(run("schemas").out()).contains("Nothing is written");
        Ended wrong = run("schemas", "revenuecat");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).startsWith("schemas: the argument `revenuecat` is not known");
        assertThat(folder.resolve("data")).doesNotExist();
    }

    /** The start is refused, because both ports are the same: so it has got there, with the options. */
    @ParameterizedTest
    @ValueSource(strings = {"run --management.server.port=%1$s", "--management.server.port=%1$s --spring.main.banner-mode=off"})
    void runOrNoCommandStartsTheRelayWithItsOptions(String arguments) throws Exception {
        String port = Integer.toString(Ports.free());
        Ended ended = run(("%s --server.port=%%1$s".formatted(arguments)).formatted(port).split(" "));
        assertThat(ended.status()).as(ended.toString()).isEqualTo(1);
        assertThat(ended.out()).contains("Webhooks and operations are both to answer at port " + port);
    }

    private Ended run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-Xmx256m", "-cp", System.getProperty("java.class.path"), "io.subscriptionrelay.SubscriptionRelayApplication"));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(Map.of("RELAY_DATA_DIR", folder.resolve("data").toString(), "REVENUECAT_AUTHORIZATION", RelayApp.AUTHORIZATION,
                "CLEVERTAP_ACCOUNT_ID", "account", "CLEVERTAP_PASSCODE", "passcode", "CLEVERTAP_URL", "http://127.0.0.1:9",
                "SERVER_PORT", Integer.toString(Ports.free()), "MANAGEMENT_SERVER_PORT", Integer.toString(Ports.free())));
        if (Files.exists(folder.resolve("mappings"))) {
            builder.environment().put("RELAY_HOME", folder.toString());
        }
        Process process = builder.start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends by itself, and does not start").isTrue();
            return new Ended(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
