package io.subscriptionrelay.operations;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.security.SecurityProperties;
import org.springframework.boot.web.servlet.DelegatingFilterProxyRegistrationBean;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.authentication.SavedRequestAwareAuthenticationSuccessHandler;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;
import org.springframework.security.web.csrf.CsrfFilter;
import org.springframework.security.web.csrf.CsrfTokenRequestAttributeHandler;
import org.springframework.security.web.header.writers.ContentSecurityPolicyHeaderWriter;
import org.springframework.security.web.header.writers.DelegatingRequestMatcherHeaderWriter;
import org.springframework.security.web.savedrequest.HttpSessionRequestCache;
import org.springframework.security.web.util.matcher.AndRequestMatcher;
import org.springframework.security.web.util.matcher.NegatedRequestMatcher;
import org.springframework.web.filter.CharacterEncodingFilter;
import org.springframework.web.servlet.mvc.method.annotation.ExceptionHandlerExceptionResolver;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.support.DefaultHandlerExceptionResolver;

/**
 * Who gets what from the operations port. Health and numbers are for everybody; all the rest, known today or added later, is for the
 * console's user; looking, without content, for the viewer; and the endpoints for this machine as far as {@link LoopbackFilter} lets it. It is part of the context that serves that port alone.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@EnableWebSecurity
@Order(Ordered.HIGHEST_PRECEDENCE)
@Import(OperationsSecurityConfiguration.SpringMvc.class)
public class OperationsSecurityConfiguration {

    private static final String FILTER_CHAIN = "springSecurityFilterChain";
    private static final int BEFORE_HAWTIO = -1;
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
            + " frame-ancestors 'none'; base-uri 'none'";
    private static final String HAWTIO_POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /**
     * Spring Boot maps the endpoints where there is a dispatcher servlet, and expects one on the public port. There is none, so the one of
     * this port must be known before it looks.
     */
    static final class SpringMvc implements ImportSelector {

        @Override
        public String[] selectImports(AnnotationMetadata importing) {
            return new String[] {"org.springframework.boot.actuate.autoconfigure.web.servlet.WebMvcEndpointChildContextConfiguration"};
        }
    }

    @Bean
    OperationsPaths operationsPaths(WebEndpointProperties endpoints) {
        return new OperationsPaths(endpoints.getBasePath());
    }

    /** Spring Boot takes over what handles exceptions in the public context; these two are what Spring MVC would have there. */
    @Bean
    @Order(0)
    ExceptionHandlerExceptionResolver exceptionHandlersOfControllers(RequestMappingHandlerAdapter adapter) {
        ExceptionHandlerExceptionResolver resolver = new ExceptionHandlerExceptionResolver();
        resolver.setMessageConverters(adapter.getMessageConverters());
        return resolver;
    }

    @Bean
    DefaultHandlerExceptionResolver statusOfExceptions() {
        return new DefaultHandlerExceptionResolver();
    }

    @Bean
    LoginThrottle loginThrottle(Clock clock) {
        return new LoginThrottle(clock);
    }

    @Bean
    ConsoleAuthenticationProvider consoleAuthenticationProvider(ConsoleAccess access, LoginThrottle throttle) {
        return new ConsoleAuthenticationProvider(access, throttle);
    }

    @Bean
    SecurityFilterChain operations(HttpSecurity http, ConsoleAccess access, OperationsPaths paths, ConsoleAuthenticationProvider users) throws Exception {
        OperationsEntryPoint entryPoint = new OperationsEntryPoint(access, paths);
        HttpSessionRequestCache askedFor = new HttpSessionRequestCache();
        askedFor.setRequestMatcher(paths.pages());
        askedFor.setMatchingRequestParameterName(null);
        SavedRequestAwareAuthenticationSuccessHandler back = new SavedRequestAwareAuthenticationSuccessHandler();
        back.setRequestCache(askedFor);
        back.setDefaultTargetUrl(paths.home());
        CookieCsrfTokenRepository tokens = CookieCsrfTokenRepository.withHttpOnlyFalse();
        tokens.setCookieCustomizer(cookie -> cookie.sameSite("Strict"));
        CsrfTokenRequestAttributeHandler token = new CsrfTokenRequestAttributeHandler();
        // the cookie is written with the first answer, because Hawtio sends back what it finds there
        token.setCsrfRequestAttributeName(null);
        return http.authenticationManager(new ProviderManager(List.of(users)))
                .authorizeHttpRequests(requests -> requests
                        // what the port passes on inside has been asked for by somebody who was let in
                        .dispatcherTypeMatchers(DispatcherType.FORWARD, DispatcherType.ERROR).permitAll()
                        .requestMatchers(paths.open()).permitAll()
                        // a GET can be sent by a link of any page, and Jolokia would execute what stands in its path
                        .requestMatchers(paths.jolokiaNotPosted()).denyAll()
                        .requestMatchers(paths.console()).hasRole(Roles.OPERATOR)
                        .requestMatchers(new AndRequestMatcher(paths.endpoints(), paths.reads(), new NegatedRequestMatcher(paths.contentOfEvents())))
                        .hasAnyRole(Roles.OPERATOR, Roles.LOCAL, Roles.VIEWER)
                        .requestMatchers(paths.endpoints()).hasAnyRole(Roles.OPERATOR, Roles.LOCAL)
                        // each page by itself leaves out what a viewer may not see
                        .requestMatchers(paths.reads()).hasAnyRole(Roles.OPERATOR, Roles.VIEWER)
                        .anyRequest().hasRole(Roles.OPERATOR))
                .httpBasic(basic -> basic.authenticationEntryPoint(entryPoint))
                .formLogin(form -> form.loginPage(paths.login()).successHandler(back).failureHandler(entryPoint::failed))
                .logout(logout -> logout.logoutSuccessUrl(paths.login()))
                .requestCache(cache -> cache.requestCache(askedFor))
                .csrf(csrf -> csrf.csrfTokenRepository(tokens).csrfTokenRequestHandler(token)
                        .requireCsrfProtectionMatcher(request -> needsToken(request, paths)))
                .exceptionHandling(refused -> refused.authenticationEntryPoint(entryPoint).accessDeniedHandler(entryPoint))
                .headers(headers -> headers
                        .addHeaderWriter(new DelegatingRequestMatcherHeaderWriter(paths.console(), new ContentSecurityPolicyHeaderWriter(HAWTIO_POLICY)))
                        .addHeaderWriter(new DelegatingRequestMatcherHeaderWriter(new NegatedRequestMatcher(paths.console()),
                                new ContentSecurityPolicyHeaderWriter(POLICY))))
                .addFilterBefore(new OtherSitesFilter(paths), CsrfFilter.class)
                .addFilterBefore(new LoopbackFilter(access, paths), AnonymousAuthenticationFilter.class)
                .build();
    }

    /**
     * A browser sends a session's cookie with whatever a page makes it send; who shows a password or asks from this machine has no
     * session, and is kept from other sites' pages by {@link OtherSitesFilter} alone.
     */
    private static boolean needsToken(HttpServletRequest request, OperationsPaths paths) {
        return CsrfFilter.DEFAULT_CSRF_MATCHER.matches(request)
                && (request.getSession(false) != null && request.getHeader("Authorization") == null || paths.isLogin(request));
    }

    /** Browsers send forms, and JSON, in UTF-8 without saying so; Tomcat and Hawtio would read a password as Latin-1. */
    @Bean
    FilterRegistrationBean<CharacterEncodingFilter> utf8() {
        FilterRegistrationBean<CharacterEncodingFilter> registration = new FilterRegistrationBean<>(
                new CharacterEncodingFilter(StandardCharsets.UTF_8.name()));
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }

    @Bean
    DelegatingFilterProxyRegistrationBean securityFilters() {
        DelegatingFilterProxyRegistrationBean registration = new DelegatingFilterProxyRegistrationBean(FILTER_CHAIN);
        registration.setOrder(SecurityProperties.DEFAULT_FILTER_ORDER);
        registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR, DispatcherType.FORWARD);
        return registration;
    }

    @Bean
    FilterRegistrationBean<PlainPathFilter> plainPaths() {
        FilterRegistrationBean<PlainPathFilter> registration = new FilterRegistrationBean<>(new PlainPathFilter());
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return registration;
    }

    @Bean
    FilterRegistrationBean<HawtioFilter> hawtioLogin(ConsoleAuthenticationProvider users, LoginThrottle throttle, OperationsPaths paths) {
        FilterRegistrationBean<HawtioFilter> registration = new FilterRegistrationBean<>(new HawtioFilter(users, throttle, paths));
        registration.addUrlPatterns(paths.hawtio(), paths.hawtio() + "/*");
        registration.setOrder(BEFORE_HAWTIO);
        return registration;
    }
}
