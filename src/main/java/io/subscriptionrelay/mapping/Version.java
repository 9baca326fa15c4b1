package io.subscriptionrelay.mapping;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/**
 * A text that is in use.
 *
 * @param hash how Git names this text: {@code git hash-object <file>} begins with it
 * @param readAt since when it is in use
 */
public record Version(String hash, Instant readAt) {

    private static final int LENGTH = 10;

    static Version of(Path file) {
        try {
            byte[] text = Files.readAllBytes(file);
            MessageDigest sha = MessageDigest.getInstance("SHA-1");
            sha.update(("blob " + text.length + '\0').getBytes(StandardCharsets.US_ASCII));
            return new Version(HexFormat.of().formatHex(sha.digest(text)).substring(0, LENGTH), Instant.now());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-1 is part of every JDK", e);
        }
    }

    boolean equalsText(Version other) {
        return other != null && hash.equals(other.hash);
    }
}
