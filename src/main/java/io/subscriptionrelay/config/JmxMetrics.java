package io.subscriptionrelay.config;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.NamingConvention;
import io.micrometer.jmx.JmxConfig;
import io.micrometer.jmx.JmxMeterRegistry;
import org.springframework.boot.actuate.autoconfigure.metrics.export.ConditionalOnEnabledMetricsExport;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The metrics as MBeans, under names that keep their labels apart. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnEnabledMetricsExport("jmx")
class JmxMetrics {

    /**
     * By default blanks become underlines, and of two reasons that quote {@code NEW KIND} and {@code NEW_KIND} the second could not be
     * registered: what counts it would fail.
     */
    @Bean
    JmxMeterRegistry jmxMeterRegistry(JmxConfig config) {
        return new JmxMeterRegistry(config, Clock.SYSTEM, JmxMetrics::name);
    }

    private static String name(Meter.Id id, NamingConvention convention) {
        StringBuilder name = new StringBuilder(id.getConventionName(convention));
        id.getConventionTags(convention).forEach(tag -> name.append('.').append(tag.getKey()).append('.').append(tag.getValue()));
        return name.toString();
    }
}
