package io.subscriptionrelay.operations;

import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletPath;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class HawtioConfiguration {

    /**
     * Hawtio asks where Spring MVC is on the public port before it looks at the operations port. It is nowhere there. The name lets
     * the operations port's own take its place in that context.
     */
    @Bean("dispatcherServletRegistration")
    DispatcherServletPath noDispatcherServlet() {
        return () -> "/";
    }
}
