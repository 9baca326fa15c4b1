package io.subscriptionrelay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.subscriptionrelay.config.StartRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.AnnotatedElementUtils;

class RouteFilesCheckTest {

    @TempDir
    private Path home;

    @Test
    void aStartWithBrokenRoutesIsRefusedBeforeAnythingIsStarted() throws IOException {
        Relay.copyRoutes(home);
        Path file = home.resolve("routes/translate/qonversion-events.camel.yaml");
        Files.writeString(file, Files.readString(file).replace("- to:", "- too:"));
        Opened opened = new Opened();

        runner().withBean(Opened.class, () -> opened).run(context -> {
            assertThat(context).hasFailed();
            assertThat(context.getStartupFailure()).isInstanceOf(StartRefusedException.class)
                    .hasMessageStartingWith("These route files cannot be used:\n  " + file + ", line ")
                    .hasMessageEndingWith("unknown key `too` under `steps`; did you mean `to`?");
            assertThat(((StartRefusedException) context.getStartupFailure()).action()).isEqualTo("Mend the files, then start again.");
            assertThat(opened.isRunning()).isFalse();
        });
    }

    @Test
    void aStartWithGoodRoutesIsNotHeldUp() throws IOException {
        Relay.copyRoutes(home);

        runner().run(context -> assertThat(context).hasNotFailed());
    }

    private ApplicationContextRunner runner() {
        return new ApplicationContextRunner().withUserConfiguration(RouteFilesCheck.class).withInitializer(RouteFilesCheckTest::beansOfTheRoutes)
                .withPropertyValues("relay.home=" + home, "relay.data-dir=" + home.resolve("data"));
    }

    /** Known, and made only when somebody asks for them. */
    private static void beansOfTheRoutes(ConfigurableApplicationContext context) {
        Relay.BEANS.forEach((name, type) -> {
            if (!AnnotatedElementUtils.hasAnnotation(type, Configuration.class) && !BeanFactoryPostProcessor.class.isAssignableFrom(type)) {
                RootBeanDefinition bean = new RootBeanDefinition(type);
                bean.setLazyInit(true);
                ((BeanDefinitionRegistry) context).registerBeanDefinition(name, bean);
            }
        });
    }

    /** Like the web server, and before Camel. */
    private static class Opened implements SmartLifecycle {

        private final AtomicBoolean running = new AtomicBoolean();

        @Override
        public void start() {
            running.set(true);
        }

        @Override
        public void stop() {
            running.set(false);
        }

        @Override
        public boolean isRunning() {
            return running.get();
        }
    }
}
