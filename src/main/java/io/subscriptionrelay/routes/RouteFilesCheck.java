package io.subscriptionrelay.routes;

import io.subscriptionrelay.config.RelayProperties;
import io.subscriptionrelay.config.StartRefusedException;
import io.subscriptionrelay.mapping.Problem;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Refuses a start with broken route files. The check runs beside the creation of all beans, and ends before a port is opened
 * and before Camel reads the routes, which it does once the context is refreshed: {@code CamelContextConfiguration} would be
 * too late, Camel's own stack trace would come first.
 */
@Component
class RouteFilesCheck implements BeanFactoryPostProcessor, EnvironmentAware, SmartInitializingSingleton {

    private static final Logger LOG = LoggerFactory.getLogger(RouteFilesCheck.class);

    private Environment environment;
    private FutureTask<List<Problem>> check;

    @Override
    public void setEnvironment(Environment environment) {
        this.environment = environment;
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        RelayProperties properties = Binder.get(environment).bind("relay", RelayProperties.class).get();
        check = new FutureTask<>(() -> RouteFiles.problems(properties, RouteBeans.of(beans)));
        Thread thread = new Thread(check, "route-files");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void afterSingletonsInstantiated() {
        List<Problem> problems = problems();
        if (!problems.isEmpty()) {
            throw new StartRefusedException("These route files cannot be used:\n"
                    + problems.stream().map(problem -> "  " + problem).collect(Collectors.joining("\n")),
                    "Mend the files, then start again.");
        }
    }

    private List<Problem> problems() {
        try {
            return check.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped while the route files were checked", e);
        } catch (ExecutionException e) {
            LOG.warn("The route files could not be checked; Camel reads them as they are", e.getCause());
            return List.of();
        }
    }
}
