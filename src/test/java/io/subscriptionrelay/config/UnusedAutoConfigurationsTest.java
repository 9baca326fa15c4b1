package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;

class UnusedAutoConfigurationsTest {

    private final List<String> all = ImportCandidates.load(AutoConfiguration.class, null).getCandidates();

    @Test
    void eachPrefixLeavesSomethingOut() {
        assertThat(UnusedAutoConfigurations.PREFIXES).allSatisfy(prefix -> assertThat(all).anyMatch(name -> name.startsWith(prefix)));
    }

    @Test
    void whatIsUsedStays() {
        String[] names = {"org.apache.camel.component.seda.springboot.SedaComponentAutoConfiguration",
                "org.springframework.boot.autoconfigure.jms.JmsAutoConfiguration", null,
                "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration"};

        assertThat(new UnusedAutoConfigurations().match(names, null)).containsExactly(true, false, false, true);
    }
}
