package io.subscriptionrelay.routes;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * The beans that a route may call by their names.
 *
 * @param types the class of a bean; null when it is not known before the bean is made, or when there is no such bean
 */
record RouteBeans(Set<String> names, Function<String, Class<?>> types) {

    /** Those of a relay that starts; none of them is made for it. */
    static RouteBeans of(ConfigurableListableBeanFactory factory) {
        return new RouteBeans(Set.of(factory.getBeanDefinitionNames()),
                name -> factory.containsBeanDefinition(name) ? factory.getType(name, false) : null);
    }

    /** Those of a list. */
    static RouteBeans of(Map<String, Class<?>> beans) {
        return new RouteBeans(beans.keySet(), beans::get);
    }
}
