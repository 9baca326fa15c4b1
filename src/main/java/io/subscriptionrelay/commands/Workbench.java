package io.subscriptionrelay.commands;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HeldRecords;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.history.Parking;
import io.subscriptionrelay.jmsbatch.JmsBatchComponent;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.mapping.Mapper;
import io.subscriptionrelay.translate.ProviderExamples;
import io.subscriptionrelay.translate.WebhookPreview;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.PropertiesSource;
import org.apache.camel.spi.Resource;
import org.apache.camel.spring.spi.ApplicationContextBeanRepository;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.support.SimpleUuidGenerator;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;

/**
 * The translate routes and the mappings of a home, and nothing else: no broker, no port, no network. Each destination that there are files of has its
 * accounts, whoever may deliver to them: those of the settings, a production one and a sandbox one. It looks for edits when it is told to.
 */
final class Workbench implements AutoCloseable {

    private static final String FOLDER = "routes/translate";
    private static final String ENDING = ".camel.yaml";
    /** Where a route starts that another one calls; the others would read queues. */
    private static final String CALLED = "direct:";

    private final AnnotationConfigApplicationContext context;
    private final Path home;

    private Workbench(AnnotationConfigApplicationContext context, Path home) {
        this.context = context;
        this.home = home;
    }

    /**
     * What is under {@code RELAY_HOME}.
     *
     * @throws StartRefusedException when the mappings cannot be used; a {@link io.subscriptionrelay.mapping.BrokenMappingsException} when it is for
     *         their content
     * @throws BrokenRoutesException when Camel cannot read the translate routes
     */
    static Workbench open(Terminal terminal) throws BrokenRoutesException {
        ConfigurableEnvironment environment = Settings.read(terminal);
        Path home = Settings.home(environment);
        Settings.over(environment, accounts(environment, home));
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.setEnvironment(environment);
        context.register(Beans.class);
        try {
            context.refresh();
        } catch (RuntimeException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof StartRefusedException refused) {
                    throw refused;
                }
            }
            throw e;
        }
        Workbench workbench = new Workbench(context, home);
        workbench.readRoutes();
        return workbench;
    }

    private static Map<String, Object> accounts(Environment environment, Path home) {
        Map<String, Object> settings = new HashMap<>();
        Binder.get(environment).bind("relay.destinations", Bindable.mapOf(String.class, RelayProperties.Destination.class))
                .orElse(Map.of()).forEach((name, destination) -> destination.accounts().keySet().forEach(account -> account(settings, name, account)));
        try (Stream<Path> folders = Files.list(home.resolve("mappings/destinations"))) {
            folders.filter(Files::isDirectory).forEach(folder ->
                    Accounts.USUAL.forEach(account -> account(settings, folder.getFileName().toString(), account)));
        } catch (IOException e) {
            // the mapper says what is missing
        }
        settings.put("relay.mappings-reload", "365d");
        return settings;
    }

    private static void account(Map<String, Object> settings, String destination, String account) {
        String path = "relay.destinations." + destination + ".accounts." + account;
        settings.put(path + ".id", account);
        settings.put(path + ".secret", "none is needed");
        settings.put(path + ".url", "http://nowhere.invalid");
    }

    /** Of the relay's own beans those that translate. No configuration by its annotations, for the relay itself would take it for one of its own. */
    @EnableConfigurationProperties(RelayProperties.class)
    @Import({Mapper.class, Accounts.class, Parking.class})
    @ComponentScan(basePackageClasses = WebhookPreview.class)
    static class Beans {

        @Bean
        Clock clock() {
            return Clock.systemUTC();
        }

        @Bean
        ObjectMapper strictJson() {
            return StrictJson.mapper();
        }

        @Bean
        MeterRegistry meters() {
            return new SimpleMeterRegistry();
        }

        @Bean
        Outcomes outcomes() {
            return Outcomes.ofDryRuns();
        }

        @Bean
        HeldRecords held() {
            return HeldRecords.ofDryRuns();
        }

        /** Never connected: a dry run has nothing to send. */
        @Bean("jms-batch")
        JmsBatchComponent jmsBatch() {
            return new JmsBatchComponent();
        }

        @Bean(destroyMethod = "close")
        CamelContext camel(ApplicationContext beans, Environment environment, Accounts accounts) {
            DefaultCamelContext camel = new DefaultCamelContext(new ApplicationContextBeanRepository(beans));
            camel.disableJMX();
            camel.setUuidGenerator(new SimpleUuidGenerator());
            camel.getPropertiesComponent().addPropertiesSource(new PropertiesSource() {
                @Override
                public String getName() {
                    return "settings";
                }

                @Override
                public String getProperty(String name) {
                    return environment.getProperty(name);
                }
            });
            camel.getPropertiesComponent().addPropertiesFunction(accounts);
            return camel;
        }

        @Bean
        ProducerTemplate template(CamelContext camel) {
            return camel.createProducerTemplate();
        }
    }

    /** What would become of webhooks. */
    WebhookPreview preview() {
        return context.getBean(WebhookPreview.class);
    }

    /** The examples of the providers. */
    ProviderExamples examples() {
        return context.getBean(ProviderExamples.class);
    }

    /** The mappings. */
    Mapper mapper() {
        return context.getBean(Mapper.class);
    }

    Path home() {
        return home;
    }

    /** The files of the translate routes. */
    List<Path> routeFiles() {
        try (Stream<Path> files = Files.walk(home.resolve(FOLDER))) {
            return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /**
     * Reads the translate routes, instead of those that were read before.
     *
     * @throws BrokenRoutesException when Camel cannot read one of them; then none runs
     */
    void readRoutes() throws BrokenRoutesException {
        CamelContext camel = context.getBean(CamelContext.class);
        try {
            camel.setAutoStartup(false);
            camel.getRouteController().stopAllRoutes();
            for (Route route : new ArrayList<>(camel.getRoutes())) {
                camel.removeRoute(route.getRouteId());
            }
            List<Resource> resources = new ArrayList<>();
            for (Path file : routeFiles()) {
                resources.add(ResourceHelper.resolveMandatoryResource(camel, "file:" + file));
            }
            camel.start();
            PluginHelper.getRoutesLoader(camel).loadRoutes(resources);
            for (Route route : camel.getRoutes()) {
                if (route.getEndpoint().getEndpointUri().replace("//", "").startsWith(CALLED)) {
                    camel.getRouteController().startRoute(route.getRouteId());
                }
            }
        } catch (Exception e) {
            throw new BrokenRoutesException(home.resolve(FOLDER), e);
        }
    }

    /** The providers that there are mappings of, by their folders. */
    Set<String> providers() {
        try (Stream<Path> files = Files.list(home.resolve("mappings"))) {
            Set<String> providers = new TreeSet<>();
            files.filter(folder -> Files.exists(folder.resolve("event.jslt"))).forEach(folder -> providers.add(folder.getFileName().toString()));
            return providers;
        } catch (IOException e) {
            return Set.of();
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
