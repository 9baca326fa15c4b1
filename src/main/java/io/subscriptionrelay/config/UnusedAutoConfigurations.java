package io.subscriptionrelay.config;

import java.util.List;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;

/**
 * Leaves out the auto-configurations of what the relay has no use for and its starters bring nevertheless. Each is looked through and its beans are made
 * at every start, and those of transactions have every bean looked through for annotations that none has. What {@code application.yaml} may say of a
 * component or a language of Camel works as ever.
 */
final class UnusedAutoConfigurations implements AutoConfigurationImportFilter {

    static final List<String> PREFIXES = List.of("org.apache.camel.spring.boot.cloud.", "org.apache.camel.spring.boot.routetemplate.",
            "org.apache.camel.spring.boot.vault.", "org.springframework.boot.autoconfigure.aop.", "org.springframework.boot.autoconfigure.dao.",
            "org.springframework.boot.autoconfigure.gson.", "org.springframework.boot.autoconfigure.http.client.", "org.springframework.boot.autoconfigure.jms.",
            "org.springframework.boot.autoconfigure.netty.", "org.springframework.boot.autoconfigure.transaction.",
            "org.springframework.boot.autoconfigure.web.client.");

    @Override
    public boolean[] match(String[] names, AutoConfigurationMetadata metadata) {
        boolean[] used = new boolean[names.length];
        for (int i = 0; i < names.length; i++) {
            String name = names[i];
            // those that another filter has left out are null
            used[i] = name != null && PREFIXES.stream().noneMatch(name::startsWith);
        }
        return used;
    }
}
