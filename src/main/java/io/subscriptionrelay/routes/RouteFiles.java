package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.mapping.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.DefaultCamelCatalog;
import org.apache.camel.support.ResourceHelper;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * The files under {@code routes/} that end in {@code .camel.yaml}. Each has to be YAML that Camel's schema allows, with endpoints
 * and expressions that Camel's catalog knows, and call beans, methods and properties that there are; together they have to keep the lint rules: ids that lead to the file,
 * descriptions, one-way sends, and a route for every provider and account that is switched on.
 */
public final class RouteFiles {

    private static final String JMS_BATCH = "/META-INF/io/subscriptionrelay/jmsbatch/jms-batch.json";

    private final RelayProperties properties;
    private final Path folder;
    private final Problems problems = new Problems();

    private final RouteBeans beans;

    private RouteFiles(RelayProperties properties, RouteBeans beans) {
        this.properties = properties;
        this.beans = beans;
        folder = properties.homeFolder().resolve("routes").normalize();
    }

    /**
     * Everything that would refuse a start of this relay in its route files.
     *
     * @param beans all that a start would make; none of them is made for it
     */
    public static List<Problem> problems(RelayProperties properties, ConfigurableListableBeanFactory beans) {
        return problems(properties, RouteBeans.of(beans));
    }

    /**
     * Everything that is wrong with the routes of this relay, in the order of files and lines; nothing when they can be used.
     * Needs no Camel context, and some 0.3 s of processor time in a fresh JVM.
     *
     * @param beans which beans the routes may call
     */
    static List<Problem> problems(RelayProperties properties, RouteBeans beans) {
        RouteFiles files = new RouteFiles(properties, beans);
        files.check();
        return files.problems.list();
    }

    private void check() {
        Set<Path> paths = find();
        List<RouteFile> files = new ArrayList<>();
        paths.forEach(path -> RouteFile.read(folder, path, problems).ifPresent(files::add));
        DslSchema schema = DslSchema.load();
        CamelCatalog catalog = catalog();
        for (RouteFile file : files) {
            schema.check(file.path(), file.root(), problems);
            for (RouteFile.Entry entry : file.entries()) {
                Steps steps = Steps.of(entry);
                steps.endpoints().forEach(endpoint -> new EndpointCheck(catalog, file.path(), endpoint, problems).check());
                steps.expressions().forEach(expression -> SimpleCheck.check(catalog, file.path(), expression, problems));
            }
        }
        RouteSet set = RouteSet.of(files, files.size() == paths.size());
        new LintRules(files, set, problems).check();
        new NameCheck(files, set.complete(), beans, properties.homeFolder().resolve("mappings"), problems).check();
        new MissingRoutes(properties, folder, set, problems).check();
    }

    /** The files that Camel would read, found as Camel finds them. */
    private Set<Path> find() {
        String advice = "; set RELAY_HOME to the folder that holds routes/ and mappings/, not "
                + properties.homeFolder().toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            problems.add(folder, "there is no such folder" + advice);
            return Set.of();
        }
        Set<Path> found = new TreeSet<>();
        try {
            for (Path path : ResourceHelper.findInFileSystem(folder, "**/*")) {
                if (path.toString().endsWith(RouteFile.ENDING)) {
                    found.add(path);
                } else if (path.toString().endsWith(".yaml") || path.toString().endsWith(".yml")) {
                    problems.add(path, "would not be read; rename it so that it ends in " + RouteFile.ENDING);
                }
            }
        } catch (Exception e) {
            problems.add(folder, "cannot be read (" + e.getClass().getSimpleName() + ")");
            return Set.of();
        }
        if (found.isEmpty()) {
            problems.add(folder, (Files.isSymbolicLink(folder) ? "is a symbolic link, which Camel does not follow"
                    : "holds no file that ends in " + RouteFile.ENDING) + advice);
        }
        return found;
    }

    private static CamelCatalog catalog() {
        CamelCatalog catalog = new DefaultCamelCatalog(true);
        try (InputStream model = RouteFiles.class.getResourceAsStream(JMS_BATCH)) {
            catalog.addComponent("jms-batch", "io.subscriptionrelay.jmsbatch.JmsBatchComponent",
                    new String(model.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return catalog;
    }
}
