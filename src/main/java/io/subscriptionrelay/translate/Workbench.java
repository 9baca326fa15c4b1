package io.subscriptionrelay.translate;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.event.NotAJsonObjectException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.history.HeldRecords;
import io.subscriptionrelay.history.Outcomes;
import io.subscriptionrelay.history.Parking;
import io.subscriptionrelay.jmsbatch.JmsBatchComponent;
import io.subscriptionrelay.mapping.Accounts;
import io.subscriptionrelay.mapping.Attempt;
import io.subscriptionrelay.mapping.BrokenMappingsException;
import io.subscriptionrelay.mapping.ExampleRun;
import io.subscriptionrelay.mapping.Mapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.PropertiesSource;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.support.SimpleUuidGenerator;

/**
 * The translate routes and the mappings of a home, and nothing else: no broker, no port, no network. Every destination that there are files of counts as
 * set up. It looks for edits when it is told to. It is put together here and not by Spring, which every command would wait for.
 */
public final class Workbench implements AutoCloseable {

    private static final String FOLDER = "routes/translate";
    private static final String ENDING = ".camel.yaml";
    /** Where a route starts that another one calls; the others would read queues. */
    private static final String CALLED = "direct:*";

    private final Path home;
    private final Mapper mapper;
    private final DefaultCamelContext camel;
    private final WebhookPreview preview;
    private final ProviderExamples examples;

    private Workbench(RelayProperties properties, UnaryOperator<String> settings, Mapper mapper) {
        home = properties.homeFolder();
        this.mapper = mapper;
        Clock clock = Clock.systemUTC();
        Outcomes outcomes = Outcomes.ofDryRuns();
        Parking parking = Parking.ofDryRuns();
        Accounts accounts = Accounts.ofDryRuns(properties);
        Translator translator = new Translator(mapper, accounts, outcomes, parking, HeldRecords.ofDryRuns(), clock, properties);
        camel = camel(settings, accounts);
        camel.getRegistry().bind("translator", translator);
        camel.getRegistry().bind("outcomes", outcomes);
        camel.getRegistry().bind("parking", parking);
        camel.getRegistry().bind("mapper", mapper);
        camel.getRegistry().bind("strictJson", StrictJson.mapper());
        // never connected: a dry run has nothing to send
        camel.addComponent("jms-batch", new JmsBatchComponent());
        camel.start();
        ProducerTemplate template = camel.createProducerTemplate();
        preview = new WebhookPreview(mapper, new RouteDryRun(translator, mapper, () -> template), clock);
        examples = new ProviderExamples(properties, mapper, preview);
    }

    private static DefaultCamelContext camel(UnaryOperator<String> settings, Accounts accounts) {
        DefaultCamelContext camel = new DefaultCamelContext();
        camel.disableJMX();
        camel.setUuidGenerator(new SimpleUuidGenerator());
        camel.setRouteFilterPattern(CALLED, null);
        camel.getPropertiesComponent().addPropertiesSource(new PropertiesSource() {
            @Override
            public String getName() {
                return "settings";
            }

            @Override
            public String getProperty(String name) {
                return settings.apply(name);
            }
        });
        camel.getPropertiesComponent().addPropertiesFunction(accounts);
        return camel;
    }

    /**
     * What is in the home that the properties name.
     *
     * @param settings gives a setting by its name, or null
     * @throws StartRefusedException when the mappings cannot be used; a {@link BrokenMappingsException} when it is for their content
     * @throws BrokenRoutesException when Camel cannot read the translate routes
     */
    public static Workbench open(RelayProperties properties, UnaryOperator<String> settings) throws BrokenRoutesException {
        Mapper mapper = Mapper.of(properties.homeFolder().resolve("mappings"));
        Workbench workbench = new Workbench(properties, settings, mapper);
        try {
            workbench.readRoutes();
        } catch (BrokenRoutesException e) {
            workbench.close();
            throw e;
        }
        return workbench;
    }

    /** Has this thread use the mappings as they are by now, at every account. */
    private Attempt.Running begin() {
        return mapper.attempt().atEveryAccount().begin();
    }

    /**
     * What would become of a webhook.
     *
     * @throws NotAJsonObjectException when it is no event at all
     */
    public Preview preview(String provider, byte[] body) throws NotAJsonObjectException {
        try (Attempt.Running running = begin()) {
            return preview.of(provider, body);
        }
    }

    /** Runs the examples of a provider. */
    public List<ExampleRun> examples(String provider) throws IOException {
        try (Attempt.Running running = begin()) {
            return examples.runAll(provider);
        }
    }

    /** The mappings. */
    public Mapper mapper() {
        return mapper;
    }

    /**
     * Reads the translate routes, instead of those that were read before.
     *
     * @throws BrokenRoutesException when Camel cannot read one of them; then none runs
     */
    public void readRoutes() throws BrokenRoutesException {
        try (Attempt.Running running = begin()) {
            camel.getRouteController().stopAllRoutes();
            for (Route route : new ArrayList<>(camel.getRoutes())) {
                camel.removeRoute(route.getRouteId());
            }
            List<Resource> resources = new ArrayList<>();
            for (Path file : routeFiles()) {
                resources.add(ResourceHelper.resolveMandatoryResource(camel, "file:" + file));
            }
            PluginHelper.getRoutesLoader(camel).loadRoutes(resources);
        } catch (Exception e) {
            throw new BrokenRoutesException(home.resolve(FOLDER), e);
        }
    }

    private List<Path> routeFiles() {
        try (Stream<Path> files = Files.walk(home.resolve(FOLDER))) {
            return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The providers that there are mappings of, by their folders. */
    public Set<String> providers() {
        try (Stream<Path> files = Files.list(mapper.folder())) {
            Set<String> providers = new TreeSet<>();
            files.filter(folder -> Files.exists(folder.resolve("event.jslt"))).forEach(folder -> providers.add(folder.getFileName().toString()));
            return providers;
        } catch (IOException e) {
            return Set.of();
        }
    }

    @Override
    public void close() {
        camel.stop();
    }
}
