package io.subscriptionrelay.operations;

import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletPath;
import org.springframework.boot.web.servlet.error.DefaultErrorAttributes;
import org.springframework.boot.web.servlet.error.ErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the operations port expects to find in the context of the public one, which has no Spring MVC to bring it. */
@Configuration(proxyBeanMethods = false)
class OperationsConfiguration {

    /**
     * Hawtio asks where Spring MVC is on the public port before it looks at the operations port. It is nowhere there. The name lets the
     * operations port's own take its place in that context.
     */
    @Bean("dispatcherServletRegistration")
    DispatcherServletPath noDispatcherServlet() {
        return () -> "/";
    }

    /** With it, Spring Boot answers an error of the operations port with its status in JSON; without, Tomcat does with a page of its own. */
    @Bean
    ErrorAttributes errorAttributes() {
        return new DefaultErrorAttributes();
    }
}
