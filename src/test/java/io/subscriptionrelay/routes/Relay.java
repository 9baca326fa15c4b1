package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.mapping.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.context.annotation.ClassPathBeanDefinitionScanner;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;

/** The shipped settings, and copies of the shipped routes to break. */
final class Relay {

    private static final Path SHIPPED = Path.of("routes");
    private static final String[] VARIABLES = {"REVENUECAT_AUTHORIZATION", "PURCHASELY_SHARED_SECRET", "QONVERSION_TOKEN",
            "CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_PASSCODE", "CLEVERTAP_SANDBOX_ACCOUNT_ID", "CLEVERTAP_SANDBOX_PASSCODE",
            "ONESIGNAL_APP_ID", "ONESIGNAL_API_KEY", "ONESIGNAL_SANDBOX_APP_ID", "ONESIGNAL_SANDBOX_API_KEY"};

    /** The relay's beans, as its start finds them. */
    static final Map<String, Class<?>> BEANS = beans();

    private Relay() {
    }

    private static Map<String, Class<?>> beans() {
        DefaultListableBeanFactory factory = new DefaultListableBeanFactory();
        ClassPathBeanDefinitionScanner scanner = new ClassPathBeanDefinitionScanner(factory);
        scanner.setIncludeAnnotationConfig(false);
        scanner.scan("io.subscriptionrelay");
        Map<String, Class<?>> beans = new HashMap<>();
        for (String name : factory.getBeanDefinitionNames()) {
            beans.put(name, factory.getType(name, false));
        }
        return beans;
    }

    /** What is wrong with the routes below a home. */
    static List<Problem> problems(RelayProperties properties) {
        return RouteFiles.problems(properties, RouteBeans.of(BEANS));
    }

    /** The settings of application.yaml with every provider open and every account set up. */
    static RelayProperties open(Path home) {
        Map<String, Object> variables = new HashMap<>(Map.of("RELAY_HOME", home.toString()));
        Stream.of(VARIABLES).forEach(name -> variables.put(name, "something"));
        return properties(variables);
    }

    /** The settings of application.yaml with nothing open, except what these variables open. */
    static RelayProperties properties(Map<String, Object> variables) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().addFirst(new MapPropertySource("variables", variables));
        try {
            new YamlPropertySourceLoader().load("defaults", new ClassPathResource("application.yaml"))
                    .forEach(environment.getPropertySources()::addLast);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Binder.get(environment).bind("relay", RelayProperties.class).get();
    }

    static void copyRoutes(Path home) throws IOException {
        try (Stream<Path> files = Files.walk(SHIPPED)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = home.resolve(file);
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }
}
