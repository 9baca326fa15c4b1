package io.subscriptionrelay.pages;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.thymeleaf.spring6.SpringTemplateEngine;
import org.thymeleaf.spring6.templateresolver.SpringResourceTemplateResolver;
import org.thymeleaf.spring6.view.ThymeleafViewResolver;

/**
 * Puts the pages on the management port, and only there. Spring MVC of that port looks for one view resolver by its name. A page is a controller
 * that is imported here, and a template in {@code pages/}.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@Import({Assets.class, LoginPage.class, ErrorPage.class, EveryPage.class, OverviewPage.class, EventsPage.class, ParkedPage.class, ReplaysPage.class,
    MappingsPage.class, PlaygroundPage.class, TestEventPage.class})
public class PagesManagementConfiguration {

    @Bean
    SpringTemplateEngine templateEngine(ApplicationContext context) {
        SpringResourceTemplateResolver templates = new SpringResourceTemplateResolver();
        templates.setApplicationContext(context);
        templates.setPrefix("classpath:/pages/");
        templates.setSuffix(".html");
        templates.setCharacterEncoding(StandardCharsets.UTF_8.name());
        SpringTemplateEngine engine = new SpringTemplateEngine();
        engine.setTemplateResolver(templates);
        return engine;
    }

    @Bean
    ThymeleafViewResolver viewResolver(SpringTemplateEngine engine, Assets assets) {
        ThymeleafViewResolver resolver = new ThymeleafViewResolver();
        resolver.setTemplateEngine(engine);
        resolver.setCharacterEncoding(StandardCharsets.UTF_8.name());
        resolver.setStaticVariables(Map.of("assets", assets, "words", new Words()));
        return resolver;
    }
}
