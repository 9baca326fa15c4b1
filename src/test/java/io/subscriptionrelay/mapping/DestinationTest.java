package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the files of a destination say, beyond those that are shipped. */
class DestinationTest {

    @Test
    void basicIsTheIdAndTheSecretOfTheAccountInBase64(@TempDir Path folder) throws Exception {
        assertThat(headers(folder, "Authorization: Basic {basic}", new Account("Aladdin", " open sesame ", null, "http://destination.invalid")))
                .containsEntry("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    @Test
    void basicIsOfTheBytesOfUtf8(@TempDir Path folder) throws Exception {
        assertThat(headers(folder, "Authorization: Basic {basic}", new Account("test", "123\u00a3", null, "http://destination.invalid")))
                .as("RFC 7617, 2.1").containsEntry("Authorization", "Basic dGVzdDoxMjPCow==");
    }

    @Test
    void aHeaderMayHoldTheIdTheSecretAndBoth(@TempDir Path folder) throws Exception {
        assertThat(headers(folder, "X-Of: \"{id}/{secret}/{basic}\"", new Account("a", "b", null, "http://destination.invalid")))
                .containsEntry("X-Of", "a/b/YTpi");
    }

    private static Map<String, String> headers(Path folder, String header, Account account) throws IOException, BrokenMappingException,
            MappingFailedException {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Path destination = Files.createDirectories(mappings.resolve("destinations/example"));
        Files.writeString(destination.resolve("destination.yaml"), """
                title: Example
                hosts:
                  default: https://api.example.com
                headers:
                  %s
                in-flight: 1
                calls:
                  records:
                    records: 1
                """.formatted(header));
        Files.writeString(destination.resolve("record.jslt"), "{ \"call\": \"records\" }");
        Files.writeString(destination.resolve("call.jslt"), "{ \"path\": [\"records\"], \"body\": .records }");
        Files.writeString(destination.resolve("answer.jslt"), "\"taken\"");
        ArrayNode records = new ObjectMapper().createArrayNode().add("a record");
        return Destination.load(mappings, destination).request("records", account, records).headers();
    }
}
