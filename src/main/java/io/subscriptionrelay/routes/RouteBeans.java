package io.subscriptionrelay.routes;

import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** The beans that a route may call by their names. */
interface RouteBeans {

    /** All names, to guess what was meant by another one. */
    Set<String> names();

    /** The class of a bean; null when it is not known before the bean is made, or when there is no such bean. */
    Class<?> type(String name);

    /** Those of a relay that starts; none of them is made for it. */
    static RouteBeans of(ConfigurableListableBeanFactory factory) {
        return new RouteBeans() {
            @Override
            public Set<String> names() {
                return Set.of(factory.getBeanDefinitionNames());
            }

            @Override
            public Class<?> type(String name) {
                return factory.containsBeanDefinition(name) ? factory.getType(name, false) : null;
            }
        };
    }

    /** Those of a list. */
    static RouteBeans of(Map<String, Class<?>> beans) {
        return new RouteBeans() {
            @Override
            public Set<String> names() {
                return beans.keySet();
            }

            @Override
            public Class<?> type(String name) {
                return beans.get(name);
            }
        };
    }
}
