package io.subscriptionrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.unit.DataSize;

class RelayPropertiesTest {

    /** The texts that may be shown. What is not here is taken for a secret: addresses too, which may carry a password. */
    private static final Set<String> NO_SECRETS = Set.of("RelayProperties.home", "RelayProperties.dataDir", "Broker.user", "Console.user",
            "Token.variable", "Token.headers", "Token.prefixes", "Signature.variable", "SignatureForm.header", "SignatureForm.timestampHeader",
            "SignatureForm.idHeader", "SignatureForm.prefix", "SignatureForm.signed", "Destination.variables", "Account.id", "Account.region");

    /** The text that stands in each component, by {@code Record.component}. */
    private final Map<String, String> texts = new TreeMap<>();
    private final List<Record> made = new ArrayList<>();

    @Test
    void noPropertyRecordShowsASecretWhenItIsPrinted() throws Exception {
        for (Class<?> properties : propertyClasses()) {
            value(properties, properties.getSimpleName());
        }
        assertThat(made.stream().map(Record::getClass).map(Class::getSimpleName)).contains("RelayProperties", "Token", "Signature", "Account", "Broker");
        assertThat(texts.keySet()).as("names in the list of this test that are gone").containsAll(NO_SECRETS);
        texts.forEach((name, text) -> {
            if (!NO_SECRETS.contains(name)) {
                assertThat(made).as(name).allSatisfy(record -> assertThat(record.toString()).as(record.getClass().getSimpleName()).doesNotContain(text));
            }
        });
    }

    private static Set<Class<?>> propertyClasses() {
        ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
        return scanner.findCandidateComponents("io.subscriptionrelay").stream().map(found -> {
            try {
                return Class.forName(found.getBeanClassName());
            } catch (ClassNotFoundException e) {
                throw new AssertionError(e);
            }
        }).collect(Collectors.toSet());
    }

    private Object value(Type type, String name) throws Exception {
        if (type instanceof ParameterizedType generic) {
            Type[] of = generic.getActualTypeArguments();
            return generic.getRawType() == Map.class ? new LinkedHashMap<>(Map.of("name", value(of[1], name))) : List.of(value(of[0], name));
        }
        Class<?> plain = (Class<?>) type;
        if (plain == String.class) {
            return texts.computeIfAbsent(name, unused -> "<text of " + name + ">");
        }
        if (plain.isRecord()) {
            return record(plain);
        }
        if (plain.isEnum()) {
            return plain.getEnumConstants()[0];
        }
        if (plain == boolean.class) {
            return true;
        }
        if (plain == int.class) {
            return 1;
        }
        if (plain == Duration.class) {
            return Duration.ofSeconds(1);
        }
        if (plain == DataSize.class) {
            return DataSize.ofBytes(1);
        }
        throw new AssertionError("say here what " + name + ", a " + plain.getName() + ", may be filled with, so that a secret in it shows");
    }

    private Record record(Class<?> type) throws Exception {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(components[i].getGenericType(), type.getSimpleName() + "." + components[i].getName());
        }
        Constructor<?> constructor = type.getDeclaredConstructor(Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
        constructor.setAccessible(true);
        Record record = (Record) constructor.newInstance(values);
        made.add(record);
        return record;
    }
}
