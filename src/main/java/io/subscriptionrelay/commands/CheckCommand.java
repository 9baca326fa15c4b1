package io.subscriptionrelay.commands;

import io.subscriptionrelay.broker.ExternalBroker;
import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.SettingsCheck;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.config.Variables;
import io.subscriptionrelay.mapping.DestinationExamples;
import io.subscriptionrelay.mapping.MappingCheck;
import io.subscriptionrelay.mapping.Problem;
import io.subscriptionrelay.order.StateDatabase;
import io.subscriptionrelay.routes.RouteFiles;
import io.subscriptionrelay.translate.ProviderExamples;
import io.subscriptionrelay.webhook.Webhooks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code check}: all that would refuse a start, without starting anything. */
@Command(name = "check", description = {"Checks routes, mappings, settings, destinations and examples under RELAY_HOME as a start would.",
    "Needs no broker, no network and no secret; those that are set are checked, too."},
        footer = {"", "  RELAY_HOME=/opt/relay java -jar subscription-relay.jar check"})
final class CheckCommand implements Callable<Integer> {

    @Mixin
    private Common common;

    private final Class<?> application;
    private final Terminal terminal;
    private final Set<Problem> found = new LinkedHashSet<>();

    CheckCommand(Class<?> application, Terminal terminal) {
        this.application = application;
        this.terminal = terminal;
    }

    /** Gives 0 when nothing would refuse a start, 1 when something would. */
    @Override
    public Integer call() throws IOException {
        ConfigurableEnvironment environment;
        try {
            environment = Settings.read(terminal);
        } catch (BrokenSettingsException e) {
            found.add(e.problem());
            return end();
        }
        Path settings = Settings.home(environment).resolve("application.yaml").normalize();
        RelayProperties properties;
        try {
            properties = Settings.relay(environment);
        } catch (BindException e) {
            found.add(unreadable(environment, settings, e));
            return end();
        }
        List<StartRefusedException> refusals = new ArrayList<>(SettingsCheck.refusals(environment, properties));
        refusals.addAll(Webhooks.refusals(properties));
        SettingsCheck.collect(refusals, () -> ExternalBroker.check(properties.broker()));
        SettingsCheck.collect(refusals, () -> StateDatabase.isPostgres(environment.getProperty("spring.datasource.url", "")));
        try {
            found.addAll(routes(properties));
            MappingCheck mappings = new MappingCheck(properties);
            found.addAll(mappings.problems());
            refusals.addAll(mappings.refusals(properties, environment));
            Path examples = properties.homeFolder().resolve("mappings").normalize();
            found.addAll(ProviderExamples.problems(examples, destinations(properties)));
            found.addAll(DestinationExamples.problems(examples.resolve("destinations")));
        } catch (StartRefusedException e) {
            refusals.add(e);
        }
        refusals.forEach(refusal -> found.add(new Problem(settings, 0, 0, sentence(refusal))));
        return end();
    }

    /** Those that have a folder, whatever is wrong in it. */
    private static Set<String> destinations(RelayProperties properties) throws IOException {
        try (Stream<Path> folders = Files.list(properties.homeFolder().resolve("mappings/destinations"))) {
            return folders.filter(Files::isDirectory).map(folder -> folder.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        } catch (NoSuchFileException none) {
            return Set.of();
        }
    }

    private static String sentence(StartRefusedException refusal) {
        String action = refusal.action();
        boolean word = action.length() > 1 && Character.isLowerCase(action.charAt(1));
        return refusal.getMessage().replaceFirst("\\.$", "") + "; " + (word ? Character.toLowerCase(action.charAt(0)) + action.substring(1) : action);
    }

    private int end() {
        if (!common.json() && found.isEmpty()) {
            terminal.out().println("A relay would start with what is in " + terminal.home().toAbsolutePath().normalize());
        } else {
            terminal.problems(found, common);
        }
        return found.isEmpty() ? Status.FINE : Status.FOUND;
    }

    /** A start that ends as soon as Spring knows what it would make: nothing is made, but routes may call those beans. */
    private List<Problem> routes(RelayProperties properties) {
        List<Problem> problems = new ArrayList<>();
        SpringApplication start = new SpringApplication(application);
        ConfigurableEnvironment environment = Settings.bare(terminal);
        // what is wrong with the ports is told beside it
        environment.getPropertySources().addFirst(new MapPropertySource("ports", Map.of("server.port", "8080", "management.server.port", "8081")));
        start.setEnvironment(environment);
        start.setBannerMode(Banner.Mode.OFF);
        start.setLogStartupInfo(false);
        start.setRegisterShutdownHook(false);
        start.addInitializers(context -> context.addBeanFactoryPostProcessor(beans -> {
            problems.addAll(RouteFiles.problems(properties, beans));
            throw new SpringApplication.AbandonedRunException();
        }));
        try {
            start.run();
        } catch (SpringApplication.AbandonedRunException asIntended) {
            return problems;
        }
        throw new IllegalStateException("the start was not given up");
    }

    /** A value that cannot be what it has to be; not the value itself, which may be a secret. */
    private static Problem unreadable(ConfigurableEnvironment environment, Path settings, BindException e) {
        Class<?> type = e.getTarget().getType().resolve(Object.class);
        Variables.Setting setting = e.getProperty() == null ? new Variables.Setting(e.getName().toString(), null) : Variables.setting(environment, e.getProperty());
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = "`" + setting.name() + "` cannot be read as " + type.getSimpleName()
                + (cause instanceof IllegalArgumentException own && own.getMessage() != null && own.getMessage().startsWith("relay.")
                        ? ": " + own.getMessage() : "; write " + expected(type));
        if (setting.origin() instanceof TextResourceOrigin text && text.getLocation() != null) {
            return new Problem(settings, text.getLocation().getLine() + 1, text.getLocation().getColumn() + 1, message);
        }
        return new Problem(settings, 0, 0, message);
    }

    private static String expected(Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants()).map(one -> "`" + one.toString().toLowerCase(Locale.ROOT) + "`").collect(Collectors.joining(" or "));
        }
        return type == Duration.class ? "a time such as `30s`, `5m`, `12h` or `7d`"
                : type == DataSize.class ? "a size such as `512KB` or `2MB`" : "another value";
    }
}
