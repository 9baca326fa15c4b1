package io.subscriptionrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A broker as an operator installs it: Artemis' own distribution, an instance made with {@code artemis create}, the broker.xml of
 * {@code deploy/} and the plugin. The profiles {@code chaos} and {@code bench} put the distribution into {@code target/}.
 */
public final class ArtemisProcess implements AutoCloseable {

    private final Path instance;
    private final int port = Ports.free();
    private Process process;

    /** Creates an instance with its journal in this folder, which another one may share, and with this certificate. */
    public ArtemisProcess(Path instance, Path shared, Certificate certificate) {
        this.instance = instance;
        run(distribution().resolve("bin/artemis").toString(), "create", instance.toString(), "--data", shared.toString(),
                "--user", Broker.USER, "--password", Broker.PASSWORD, "--role", "relay", "--require-login", "--silent", "--no-autotune",
                "--no-web", "--java-options", "-Xmx512m");
        copy(Path.of("deploy/artemis/broker.xml"), instance.resolve("etc/broker.xml"));
        copy(certificate.keyAndCertificate(), instance.resolve("etc/tls.pem"));
        copy(Path.of("target/subscription-relay-artemis-plugin.jar"), instance.resolve("lib/subscription-relay-artemis-plugin.jar"));
    }

    private static Path distribution() {
        try (Stream<Path> found = Files.list(Path.of("target"))) {
            return found.filter(path -> path.getFileName().toString().startsWith("apache-artemis-")).findFirst().orElseThrow(() ->
                    new IllegalStateException("target/apache-artemis-<version> is missing; run with -Pchaos or -Pbench")).toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        try {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void run(String... command) {
        try {
            Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(made.getInputStream().readAllBytes());
            if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
                throw new IllegalStateException(said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Starts it; it serves once it has the lock of the journal. */
    public ArtemisProcess start() {
        ProcessBuilder builder = new ProcessBuilder(instance.resolve("bin/artemis").toString(), "run").redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(instance.resolve("console.log").toFile()));
        builder.environment().put("JAVA_ARGS_APPEND", "-Dartemis.port=" + port);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    public int port() {
        return port;
    }

    public long pid() {
        return process.pid();
    }

    /** Whether it serves. */
    public boolean active() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("localhost", port), 500);
            return true;
        } catch (IOException waiting) {
            return false;
        }
    }

    public String log() {
        try {
            return Files.readString(instance.resolve("console.log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code kill -9}. The start script has replaced itself with the JVM. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
    }
}
