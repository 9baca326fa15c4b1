package io.subscriptionrelay.bench;

import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** A measured program in a JVM of its own: the relay or a floor, both with the options that the relay is deployed with. */
class Program implements AutoCloseable {

    private static final String OPTIONS = "@deploy/java-options";
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final Process process;
    private final Path log;
    private final long startedAt = System.nanoTime();
    private JMXConnector connector;

    Program(String name, List<String> arguments, Map<String, String> environment) {
        log = Path.of("target/bench/log").resolve(name + ".log");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), OPTIONS));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(log.getParent());
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RUNNING.add(process);
    }

    /** A floor, or another program of the benchmark's. */
    static Program of(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new Program(main.getSimpleName(), command, Map.of());
    }

    /** {@link System#nanoTime()} when it was started. */
    long startedAt() {
        return startedAt;
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    void await(String what, Duration longest, Condition condition) throws Exception {
        long deadline = System.nanoTime() + longest.toNanos();
        while (!condition.holds()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IllegalStateException("no " + what + ", see " + log + ":\n" + Files.readString(log));
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    void awaitPort(int port) throws Exception {
        await("port " + port, Duration.ofSeconds(60), () -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
                return true;
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    void awaitLine(String line) throws Exception {
        await("line " + line, Duration.ofSeconds(60), () -> {
            try (BufferedReader lines = Files.newBufferedReader(log)) {
                return lines.lines().anyMatch(line::equals);
            }
        });
    }

    /** Writes to its standard input. */
    void tell(String line) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((line + "\n").getBytes());
        in.flush();
    }

    void awaitEnd(Duration longest) throws InterruptedException, IOException {
        if (!process.waitFor(longest.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IllegalStateException("it did not end well, see " + log + ":\n" + Files.readString(log));
        }
    }

    /** The most memory that it ever had, in bytes; 0 where the system does not say. */
    long peakMemory() throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
    }

    /** Calls an operation of the one MBean of this name, which may have wildcards. */
    Object call(String name, String operation) throws IOException, JMException {
        return call(name, operation, new Object[0], new String[0]);
    }

    Object call(String name, String operation, Object[] arguments, String[] signature) throws IOException, JMException {
        return jmx().invoke(only(name), operation, arguments, signature);
    }

    Object attribute(String name, String attribute) throws IOException, JMException {
        return jmx().getAttribute(only(name), attribute);
    }

    /** The sum of an attribute over the MBeans of this name, which may have wildcards, of which another attribute is such a text. */
    long sum(String name, String by, Predicate<String> wanted, String attribute) throws IOException, JMException {
        long sum = 0;
        for (ObjectName each : jmx().queryNames(new ObjectName(name), null)) {
            if (wanted.test(String.valueOf(jmx().getAttribute(each, by)))) {
                sum += (Long) jmx().getAttribute(each, attribute);
            }
        }
        return sum;
    }

    private ObjectName only(String name) throws IOException, JMException {
        Set<ObjectName> found = jmx().queryNames(new ObjectName(name), null);
        if (found.size() != 1) {
            throw new IllegalStateException(name + " means " + found);
        }
        return found.iterator().next();
    }

    private synchronized MBeanServerConnection jmx() throws IOException {
        if (connector == null) {
            try {
                VirtualMachine machine = VirtualMachine.attach(Long.toString(process.pid()));
                try {
                    connector = JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()));
                } finally {
                    machine.detach();
                }
            } catch (com.sun.tools.attach.AttachNotSupportedException e) {
                throw new IOException(e);
            }
        }
        return connector.getMBeanServerConnection();
    }

    /** How many messages wait in a queue. */
    long waiting(String queue) throws IOException, JMException {
        return (Long) attribute(queue(queue), "MessageCount");
    }

    void purge(String queue) throws IOException, JMException {
        call(queue(queue), "removeAllMessages");
    }

    private static String queue(String queue) {
        return "org.apache.activemq.artemis:component=addresses,subcomponent=queues,queue=\"" + queue + "\",*";
    }

    long pid() {
        return process.pid();
    }

    /** {@code kill -9}: its data is not used again. */
    @Override
    public void close() {
        try {
            if (connector != null) {
                connector.close();
            }
        } catch (IOException e) {
            // it is gone already
        }
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(process);
    }
}
