package io.subscriptionrelay.routes;

import io.subscriptionrelay.mapping.Spelling;
import io.subscriptionrelay.routes.Endpoint.Role;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.EndpointValidationResult;
import org.apache.camel.tooling.model.BaseOptionModel;
import org.apache.camel.tooling.model.ComponentModel;
import org.apache.camel.util.StringHelper;
import org.apache.camel.util.URISupport;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/** Checks an endpoint by what its component says about itself. */
final class EndpointCheck {

    /** Where Camel looks for a component at run time; the catalog knows also those that are not part of the relay. */
    private static final String ON_CLASS_PATH = "/META-INF/services/org/apache/camel/component/";
    /** What an address is that only a placeholder or a message knows: that of a destination. */
    private static final String UNSEEN = "http";
    /** Kept apart by the catalog as an option of consumers, but producers of JMS heed it, and must. */
    private static final String PATTERN = "exchangePattern";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]*}}|\\$\\{[^{}]*}");
    /** Components whose address is never evaluated by themselves. */
    private static final Set<String> PLAIN_ADDRESS = Set.of("jms", "direct", "http", "https");

    private final CamelCatalog catalog;
    private final Path file;
    private final Endpoint endpoint;
    private final Problems problems;
    /** The options under {@code parameters} by their names, which may be written with dashes. */
    private final Map<String, NodeTuple> written = new TreeMap<>();

    EndpointCheck(CamelCatalog catalog, Path file, Endpoint endpoint, Problems problems) {
        this.catalog = catalog;
        this.file = file;
        this.endpoint = endpoint;
        this.problems = problems;
    }

    void check() {
        for (NodeTuple option : Yaml.entries(endpoint.parameters())) {
            String name = Yaml.text(option.getKeyNode());
            if (Yaml.text(option.getValueNode()) == null) {
                problems.add(file, option.getValueNode(), "`" + name + "` must be a single value, not " + Values.actual(option.getValueNode()));
            } else {
                written.put(StringHelper.dashToCamelCase(name), option);
            }
        }
        boolean consumes = endpoint.role() == Role.CONSUMES;
        String scheme = endpoint.scheme();
        boolean unseen = Values.hasPlaceholder(scheme);
        ComponentModel component = catalog.componentModel(unseen ? UNSEEN : scheme);
        if (!endpoint.query().isEmpty() && !written.isEmpty()) {
            add("options stand either in the uri or under `parameters`; move `" + endpoint.query() + "` to the parameters");
        } else if (endpoint.role() == Role.SENDS && endpoint.address().contains("${") && (unseen || PLAIN_ADDRESS.contains(scheme))) {
            add("`to` takes `" + endpoint.address() + "` literally; write `toD`");
        } else if (component == null) {
            add("there is no component `" + scheme + "`" + Spelling.hint(scheme, catalog.findComponentNames(), ""));
        } else if (unseen) {
            misspelled(component, written.keySet());
        } else if (EndpointCheck.class.getResource(ON_CLASS_PATH + scheme) == null) {
            add("the component `" + scheme + "` is not part of the relay; add " + component.getArtifactId() + " to pom.xml, or use another one");
        } else if (consumes ? component.isProducerOnly() : component.isConsumerOnly()) {
            add(scheme + (consumes ? " can only be sent to, with `to`" : " can only be consumed, with `from`"));
        } else {
            options(component, consumes);
        }
    }

    private void options(ComponentModel component, boolean consumes) {
        EndpointValidationResult result;
        try {
            result = catalog.validateEndpointProperties(uri(), false, consumes, !consumes);
        } catch (URISyntaxException | IllegalArgumentException e) {
            add("`" + endpoint.uri() + "` is not a uri: " + e.getMessage());
            return;
        }
        String of = " of " + component.getScheme();
        if (result.getSyntaxError() != null) {
            add("`" + endpoint.uri() + "` is not a uri: " + result.getSyntaxError());
        }
        names(result.getRequired()).forEach(name -> add(component.getScheme() + " needs `" + name + "`"));
        names(result.getUnknown()).forEach(name -> add(name, "unknown option `" + name + "`" + of + Spelling.hint(name, options(component))));
        misspelled(component, names(result.getLenient()));
        names(result.getNotConsumerOnly()).forEach(name -> add(name, "`" + name + "`" + of + " is for `to`, not for `from`"));
        names(result.getNotProducerOnly()).stream().filter(name -> !PATTERN.equals(name))
                .forEach(name -> add(name, "`" + name + "`" + of + " is for `from`, not for `to`"));
        wrong(of, result.getInvalidEnum(), name -> "one of " + String.join(", ", result.getEnumChoices(name)));
        wrong(of, result.getInvalidBoolean(), name -> "true or false");
        wrong(of, result.getInvalidInteger(), name -> "a whole number");
        wrong(of, result.getInvalidNumber(), name -> "a number");
        wrong(of, result.getInvalidDuration(), name -> "milliseconds, or a time such as 5s");
        wrong(of, result.getInvalidReference(), name -> "a bean, `#name`");
    }

    /** With {@code lenient} components, unknown options are sent on; one that is almost a known one is a mistake. */
    private void misspelled(ComponentModel component, Set<String> names) {
        List<String> known = options(component);
        names.stream().filter(name -> name.length() > 4 && !known.contains(name)).forEach(name ->
                Spelling.closest(name, known, name.length() < 8 ? 1 : 2).ifPresent(meant ->
                        add(name, "unknown option `" + name + "` of " + component.getScheme() + "; did you mean `" + meant + "`?")));
    }

    private void wrong(String of, Map<String, String> values, UnaryOperator<String> expected) {
        if (values != null) {
            values.forEach((name, value) -> {
                if (!Values.hasPlaceholder(value)) {
                    Node at = written.containsKey(name) ? written.get(name).getValueNode() : endpoint.at();
                    problems.add(file, at, "`" + name + "`" + of + " must be " + expected.apply(name) + ", not `" + value + "`");
                }
            });
        }
    }

    /** About the option with this name. */
    private void add(String name, String message) {
        problems.add(file, written.containsKey(name) ? written.get(name).getKeyNode() : endpoint.at(), message);
    }

    private void add(String message) {
        problems.add(file, endpoint.at(), message);
    }

    /** The whole uri; what only a placeholder or a message knows is left open. */
    private String uri() throws URISyntaxException {
        Map<String, String> values = new TreeMap<>();
        written.forEach((name, option) -> {
            String value = Yaml.text(option.getValueNode());
            values.put(name, Values.hasPlaceholder(value) ? "{{x}}" : value);
        });
        if (endpoint.uri().equals(endpoint.scheme())) {
            return catalog.asEndpointUri(endpoint.scheme(), values, true);
        }
        String uri = Values.fillIn(endpoint.uri(), PLACEHOLDER, placeholder -> "x");
        return values.isEmpty() ? uri : uri + "?" + URISupport.createQueryString(new HashMap<>(values), true);
    }

    private static List<String> options(ComponentModel component) {
        return component.getEndpointOptions().stream().map(BaseOptionModel::getName).sorted().toList();
    }

    private static Set<String> names(Set<String> names) {
        return names == null ? Set.of() : names;
    }
}
