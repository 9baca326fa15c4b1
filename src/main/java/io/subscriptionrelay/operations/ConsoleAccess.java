package io.subscriptionrelay.operations;

import io.subscriptionrelay.config.RelayProperties;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Whether the management port can be reached from other machines, and who may then do more than look at health and numbers.
 *
 * <p>Without a password and on loopback one is made up and kept in the data directory: the console works on a fresh machine,
 * yet neither a web page in a local browser nor another user of the machine can drive JMX, which amounts to running code here.
 */
@Component
final class ConsoleAccess {

    static final String PASSWORD_FILE = "console.password";
    static final String VIEWER = "viewer";

    private static final Logger LOG = LoggerFactory.getLogger(ConsoleAccess.class);
    private static final int RANDOM_BYTES = 18;

    private final boolean loopback;
    private final Credentials credentials;
    private final Credentials viewer;

    ConsoleAccess(RelayProperties properties, ManagementServerProperties management, ServerProperties server, Environment environment) {
        boolean samePort = ManagementPortType.get(environment) == ManagementPortType.SAME;
        InetAddress address = samePort ? server.getAddress() : management.getAddress();
        loopback = address != null && address.isLoopbackAddress();
        credentials = credentials(properties);
        String viewerPassword = properties.console().viewerPassword();
        viewer = viewerPassword == null || viewerPassword.isBlank() ? null : new Credentials(VIEWER, viewerPassword);
    }

    private Credentials credentials(RelayProperties properties) {
        RelayProperties.Console console = properties.console();
        if (console.password() != null && !console.password().isBlank()) {
            return new Credentials(console.user(), console.password());
        }
        if (!loopback) {
            LOG.warn("the management port is open to other machines: the console, jolokia and parked events are closed; "
                    + "set CONSOLE_PASSWORD to switch them on");
            return null;
        }
        Path file = properties.dataFolder().resolve(PASSWORD_FILE);
        try {
            String password = keptPassword(file);
            LOG.info("the console's user is {}, the password is in {}; set CONSOLE_PASSWORD to choose it", console.user(), file);
            return new Credentials(console.user(), password);
        } catch (IOException e) {
            LOG.warn("the console is off, because {} cannot be read or written ({}); set CONSOLE_PASSWORD to switch it on", file,
                    e.getClass().getSimpleName());
            return null;
        }
    }

    private static String keptPassword(Path file) throws IOException {
        if (Files.exists(file)) {
            String kept = Files.readString(file).strip();
            if (!kept.isEmpty()) {
                return kept;
            }
            Files.delete(file);
        }
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        Files.createDirectories(file.toAbsolutePath().getParent());
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Files.writeString(file, password + System.lineSeparator());
        return password;
    }

    /** Whether only this machine reaches the port. */
    boolean loopback() {
        return loopback;
    }

    /** Whether nobody can log in. */
    boolean closed() {
        return credentials == null && viewer == null;
    }

    /** Who may do everything; empty: nobody, the console is off. */
    Optional<Credentials> credentials() {
        return Optional.ofNullable(credentials);
    }

    /** Who may look; empty: nobody. */
    Optional<Credentials> viewer() {
        return Optional.ofNullable(viewer);
    }
}
