package io.subscriptionrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A private key with a certificate that nobody but itself vouches for.
 *
 * @param keys a key store with both (PKCS12)
 * @param certificate the certificate (PEM)
 * @param keyAndCertificate both (PEM)
 */
public record Certificate(Path keys, Path certificate, Path keyAndCertificate) {

    /** Of key stores. */
    public static final String PASSWORD = "password of the tests";
    private static final Base64.Encoder BASE64 = Base64.getMimeEncoder(64, new byte[] {'\n'});

    /** Makes one for these names: {@code dns:localhost,ip:127.0.0.1}. */
    public static Certificate of(Path folder, String name, String alternativeNames) {
        Path keys = folder.resolve(name + ".p12");
        Path certificate = folder.resolve(name + ".pem");
        Path both = folder.resolve(name + "-key.pem");
        try {
            Files.createDirectories(folder);
            keytool("-genkeypair", "-keystore", keys.toString(), "-alias", name, "-keyalg", "EC", "-dname", "CN=" + name, "-validity", "2",
                    "-ext", "san=" + alternativeNames);
            keytool("-exportcert", "-rfc", "-keystore", keys.toString(), "-alias", name, "-file", certificate.toString());
            byte[] key = store(keys).getKey(name, PASSWORD.toCharArray()).getEncoded();
            Files.writeString(both, "-----BEGIN PRIVATE KEY-----\n" + BASE64.encodeToString(key) + "\n-----END PRIVATE KEY-----\n"
                    + Files.readString(certificate));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return new Certificate(keys, certificate, both);
    }

    /** Reads a key store with {@link #PASSWORD}. */
    public static KeyStore store(Path file) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream content = Files.newInputStream(file)) {
            store.load(content, PASSWORD.toCharArray());
        }
        return store;
    }

    /** Runs the JDK's {@code keytool} for a PKCS12 store with {@link #PASSWORD}. */
    public static void keytool(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException(said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
