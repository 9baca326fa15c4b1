package io.subscriptionrelay.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.config.RelayProperties;
import java.nio.file.Path;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.settings.HierarchicalRepository;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.core.settings.impl.HierarchicalObjectRepository;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

/** The broker.xml that operators install keeps events as the embedded broker does. */
class BrokerSettingsTest {

    private static final int MEGABYTE = 1024 * 1024;

    @Test
    void theAddressSettingsOfDeployAreThoseOfTheEmbeddedBroker() throws Exception {
        Configuration external = external();
        assertThat(external.getAddressSettings()).containsOnlyKeys("#", "deliver.#");
        AddressSettings embedded = BrokerConfiguration.addressSettings();
        // the one that goes by the memory of the broker's JVM
        embedded.setMaxSizeBytes(external.getAddressSettings().get("#").getMaxSizeBytes());
        assertThat(external.getAddressSettings().get("#")).isEqualTo(embedded);

        HierarchicalRepository<AddressSettings> merged = new HierarchicalObjectRepository<>();
        external.getAddressSettings().forEach(merged::addMatch);
        embedded.setMaxReadPageBytes(BrokerConfiguration.deliveredAtOnce(1, 512L * MEGABYTE));
        assertThat(merged.getMatch("deliver.onesignal.production")).isEqualTo(embedded);
    }

    @Test
    void whatIsUnderWayFromQueuesOnDiskHasRoomHoweverManyAccountsThereAre() {
        int batch = 2500 * 3 * 1024;

        assertThat(BrokerConfiguration.deliveredAtOnce(2, 512L * MEGABYTE)).isGreaterThan(3 * batch);
        for (int accounts : new int[] {4, 10, 30}) {
            assertThat((long) accounts * BrokerConfiguration.deliveredAtOnce(accounts, 512L * MEGABYTE)).isLessThanOrEqualTo(64L * MEGABYTE);
        }
        assertThat(BrokerConfiguration.deliveredAtOnce(50, 512L * MEGABYTE)).isEqualTo(2 * MEGABYTE);
        assertThat(BrokerConfiguration.deliveredAtOnce(0, 512L * MEGABYTE)).isPositive();
    }

    @Test
    void theDuplicateWindowAndItsPersistenceAreThoseOfTheEmbeddedBroker() throws Exception {
        Configuration external = external();
        RelayProperties.Broker embedded = Binder.get(new MockEnvironment().withProperty("relay.home", "."))
                .bind("relay", RelayProperties.class).get().broker();
        assertThat(external.getIDCacheSize()).isEqualTo(embedded.duplicateWindow());
        assertThat(external.isPersistIDCache()).isTrue();
        assertThat(external.isPersistenceEnabled()).isTrue();
        assertThat(external.isJournalDatasync()).isTrue();
        assertThat(external.isSecurityEnabled()).isTrue();
        assertThat(external.getBrokerMessagePlugins()).hasAtLeastOneElementOfType(RepeatsInTurn.class);
    }

    private static Configuration external() throws Exception {
        FileConfiguration configuration = new FileConfiguration();
        FileDeploymentManager manager = new FileDeploymentManager(Path.of("deploy/artemis/broker.xml").toUri().toString());
        manager.addDeployable(configuration);
        manager.readConfiguration();
        return configuration;
    }
}
