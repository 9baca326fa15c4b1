package io.subscriptionrelay.demo;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.RelayProperties.Account;
import io.subscriptionrelay.config.RelayProperties.Destination;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.simulator.CleverTapSimulator;
import io.subscriptionrelay.simulator.OneSignalSimulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.FileSystemUtils;

/** The simulators, and what keeps a demo away from everything real. */
@Configuration(proxyBeanMethods = false)
@Profile("demo")
class DemoConfiguration {

    /** RevenueCat's 15 tags are more than some OneSignal plans allow. */
    private static final int TAG_LIMIT = 20;
    private static final int REMEMBERED = 1000;
    private static final Set<String> SIMULATED = Set.of("clevertap", "onesignal");

    @Bean(destroyMethod = "close")
    static CleverTapSimulator cleverTapSimulator(ConfigurableEnvironment environment) {
        CleverTapSimulator simulator = new CleverTapSimulator()
                .discarded("rc_billing_issue_event")
                .keep(REMEMBERED);
        accounts(environment, "clevertap").values().forEach(account -> simulator.account(account.id(), account.secret()));
        return simulator.start();
    }

    @Bean(destroyMethod = "close")
    static OneSignalSimulator oneSignalSimulator(ConfigurableEnvironment environment) {
        OneSignalSimulator simulator = new OneSignalSimulator()
                .tagLimit(TAG_LIMIT)
                .autoCreateUsers(true)
                .keep(REMEMBERED);
        accounts(environment, "onesignal").values().forEach(app -> simulator.app(app.id(), app.secret()));
        return simulator.start();
    }

    /**
     * An empty data folder and the addresses of the simulators, put before whatever else the environment says, and before
     * anything is opened.
     */
    @Bean
    static BeanFactoryPostProcessor demoSurroundings(ConfigurableEnvironment environment, CleverTapSimulator cleverTap,
            OneSignalSimulator oneSignal) {
        return beans -> {
            // another demo may be running on them, in the folder that is about to be emptied
            checkFree(environment, "server");
            checkFree(environment, "management.server");
            Path folder = Path.of(environment.getRequiredProperty("demo.folder"));
            empty(folder);
            Map<String, Object> properties = new HashMap<>();
            properties.put("relay.data-dir", folder.toString());
            properties.put("relay.broker.url", "");
            properties.put("spring.datasource.url", "jdbc:sqlite:" + folder.resolve("state/state.db").toAbsolutePath());
            urls(properties, environment, "clevertap", cleverTap.url());
            urls(properties, environment, "onesignal", oneSignal.url());
            othersOff(properties, environment);
            environment.getPropertySources().addFirst(new MapPropertySource("demo", properties));
        };
    }

    private static void urls(Map<String, Object> properties, ConfigurableEnvironment environment, String destination, String url) {
        accounts(environment, destination).keySet()
                .forEach(name -> properties.put("relay.destinations." + destination + ".accounts[" + name + "].url", url));
    }

    /** A destination without simulator could only be the real one. */
    private static void othersOff(Map<String, Object> properties, ConfigurableEnvironment environment) {
        Binder.get(environment).bind("relay", RelayProperties.class).get().destinations().forEach((destination, settings) -> {
            if (!SIMULATED.contains(destination)) {
                settings.accounts().keySet().forEach(name -> {
                    String account = "relay.destinations." + destination + ".accounts[" + name + "]";
                    properties.put(account + ".id", "");
                    properties.put(account + ".secret", "");
                });
            }
        });
    }

    private static Map<String, Account> accounts(ConfigurableEnvironment environment, String destination) {
        Map<String, Account> configured = new HashMap<>();
        Destination settings = Binder.get(environment).bind("relay", RelayProperties.class).get().destinations().get(destination);
        settings.accounts().forEach((name, account) -> {
            if (account.configured()) {
                configured.put(name, account);
            }
        });
        return configured;
    }

    private static void checkFree(ConfigurableEnvironment environment, String server) {
        int port = environment.getProperty(server + ".port", Integer.class, 0);
        String address = environment.getProperty(server + ".address");
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address == null ? new InetSocketAddress(port) : new InetSocketAddress(InetAddress.getByName(address), port));
        } catch (IOException inUse) {
            throw new PortInUseException(port, inUse);
        }
    }

    private static void empty(Path folder) {
        try {
            FileSystemUtils.deleteRecursively(folder);
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new StartRefusedException("the folder of the demo, " + folder.toAbsolutePath() + ", cannot be emptied",
                    "Make it writable, or name another with --demo.folder.", e);
        }
    }
}
