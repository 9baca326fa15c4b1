package io.subscriptionrelay.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A copy of the shipped routes and mappings that a test may edit. */
public final class Home {

    /** The id of the second account of the README. */
    public static final String SECOND_ACCOUNT = "AAA-BBB-CCCC";
    private static final String ITS_APP = "app7f3c01d2ab";
    private static final String ANOTHER_APP = "app5c1d2e3f4a";

    private Home() {
    }

    /** Copies the shipped files below the folder. */
    public static Path copyTo(Path folder) {
        for (String part : new String[] {"routes", "mappings"}) {
            try (Stream<Path> files = Files.walk(Path.of(part))) {
                for (Path file : files.toList()) {
                    Path target = folder.resolve(file.toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folder;
    }

    /** Adds the route of another account, as the README says: the one for production, with another name in it. */
    public static void accountRoute(Path home, String destination, String account) {
        Path folder = home.resolve("routes/deliver");
        try {
            Files.writeString(folder.resolve(destination + "-" + account + ".camel.yaml"),
                    Files.readString(folder.resolve(destination + "-production.camel.yaml")).replace("production", account));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has the route of a production account take batches of other sizes, in messages and milliseconds. */
    public static void batches(Path home, String destination, int most, int linger) {
        Path route = home.resolve("routes/deliver/" + destination + "-production.camel.yaml");
        try {
            Files.writeString(route, Files.readString(route).replaceFirst("maxMessages: \\d+", "maxMessages: " + most)
                    .replaceFirst("maxWait: \\d+", "maxWait: " + linger).replaceFirst("busyWait: \\d+", "busyWait: " + linger));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A webhook of {@link Events} as the app sends it whose events go to the second account. */
    public static String ofItsApp(String webhook) {
        return webhook.replace(ANOTHER_APP, ITS_APP);
    }

    /**
     * The shipped files with the second CleverTap account of the README, to which the events of one app go. Its passcode is
     * {@code FITNESS_PASSCODE}.
     */
    public static Path withTheSecondAccountOfTheReadme(Path folder) {
        Path home = copyTo(folder);
        try {
            Document readme = Document.read("README.md");
            readme.writeTo(home);
            accountRoute(home, "clevertap", "fitness");
            Path route = home.resolve("routes/translate/revenuecat.camel.yaml");
            String choice = readme.blocks("Change what is sent", "yaml").stream().filter(block -> block.contains("- choice:")).findFirst()
                    .orElseThrow();
            String before = "        - to:\n            id: revenuecat-translate\n";
            assertThat(Files.readString(route)).containsOnlyOnce(before);
            Files.writeString(route, Files.readString(route).replace(before, choice + before));
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
