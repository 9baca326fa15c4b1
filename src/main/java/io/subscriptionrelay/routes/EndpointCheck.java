package io.subscriptionrelay.routes;

import io.subscriptionrelay.routes.Endpoint.Role;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.camel.catalog.CamelCatalog;
import org.apache.camel.catalog.EndpointValidationResult;
import org.apache.camel.tooling.model.BaseOptionModel;
import org.apache.camel.tooling.model.ComponentModel;
import org.apache.camel.util.StringHelper;
import org.apache.camel.util.URISupport;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;

/** Checks one endpoint after the other by what its component says about itself. */
final class EndpointCheck {

    /** Where Camel looks for a component at run time; the catalog knows also those that are not part of the relay. */
    private static final String ON_CLASS_PATH = "/META-INF/services/org/apache/camel/component/";
    /** What an address is that only a placeholder or a message knows: that of a destination. */
    private static final String UNSEEN = "http";
    /** Kept apart by the catalog as an option of consumers, but producers of JMS heed it, and must. */
    private static final String PATTERN = "exchangePattern";
    private static final String PLACEHOLDER = "{{x}}";
    private static final Pattern PROPERTY = Pattern.compile("\\{\\{[^{}]*}}");
    private static final Pattern EVALUATED = Pattern.compile("\\$\\{[^{}]*}");
    /** Components whose address is never evaluated by themselves. */
    private static final Set<String> PLAIN_ADDRESS = Set.of("jms", "direct", "http", "https");

    private final CamelCatalog catalog;
    private final Path file;
    private final Problems problems;

    EndpointCheck(CamelCatalog catalog, Path file, Problems problems) {
        this.catalog = catalog;
        this.file = file;
        this.problems = problems;
    }

    void check(Endpoint endpoint) {
        Map<String, NodeTuple> written = written(endpoint);
        if (!endpoint.query().isEmpty() && !written.isEmpty()) {
            problems.add(file, endpoint.at(), "options stand either in the uri or under `parameters`; move `" + endpoint.query()
                    + "` to the parameters");
            return;
        }
        String scheme = endpoint.scheme();
        boolean unseen = Values.hasPlaceholder(scheme);
        if (endpoint.role() == Role.SENDS && endpoint.address().contains("${") && (unseen || PLAIN_ADDRESS.contains(scheme))) {
            problems.add(file, endpoint.at(), "`to` takes `" + endpoint.address() + "` literally; write `toD`");
            return;
        }
        ComponentModel component = catalog.componentModel(unseen ? UNSEEN : scheme);
        if (component == null) {
            problems.add(file, endpoint.at(), "there is no component `" + scheme + "`"
                    + Spelling.hint(scheme, catalog.findComponentNames(), ""));
        } else if (unseen) {
            written.forEach((name, option) -> misspelled(component, name, option.getKeyNode()));
        } else if (EndpointCheck.class.getResource(ON_CLASS_PATH + scheme) == null) {
            problems.add(file, endpoint.at(), "the component `" + scheme + "` is not part of the relay; add "
                    + component.getArtifactId() + " to pom.xml, or use another one");
        } else if (endpoint.role() == Role.CONSUMES ? component.isProducerOnly() : component.isConsumerOnly()) {
            problems.add(file, endpoint.at(), scheme + (endpoint.role() == Role.CONSUMES
                    ? " can only be sent to, with `to`" : " can only be consumed, with `from`"));
        } else {
            options(endpoint, component, written);
        }
    }

    private void options(Endpoint endpoint, ComponentModel component, Map<String, NodeTuple> written) {
        boolean consumes = endpoint.role() == Role.CONSUMES;
        EndpointValidationResult result;
        try {
            result = catalog.validateEndpointProperties(uri(endpoint, written), false, consumes, !consumes);
        } catch (URISyntaxException | IllegalArgumentException e) {
            problems.add(file, endpoint.at(), "`" + endpoint.uri() + "` is not a uri: " + e.getMessage());
            return;
        }
        String of = " of " + component.getScheme();
        if (result.getSyntaxError() != null) {
            problems.add(file, endpoint.at(), "`" + endpoint.uri() + "` is not a uri: " + result.getSyntaxError());
        }
        each(result.getUnknown()).forEach(name -> problems.add(file, key(endpoint, written, name),
                "unknown option `" + name + "`" + of + Spelling.hint(name, options(component))));
        each(result.getLenient()).forEach(name -> misspelled(component, name, key(endpoint, written, name)));
        each(result.getNotConsumerOnly()).forEach(name -> problems.add(file, key(endpoint, written, name),
                "`" + name + "`" + of + " is for `to`, not for `from`"));
        each(result.getNotProducerOnly()).stream().filter(name -> !PATTERN.equals(name)).forEach(name -> problems.add(file,
                key(endpoint, written, name), "`" + name + "`" + of + " is for `from`, not for `to`"));
        each(result.getRequired()).forEach(name -> problems.add(file, endpoint.at(), component.getScheme() + " needs `" + name + "`"));
        each(result.getInvalidEnum()).forEach((name, value) -> wrong(endpoint, written, name,
                of + " must be one of " + String.join(", ", result.getEnumChoices(name)), value));
        each(result.getInvalidBoolean()).forEach((name, value) -> wrong(endpoint, written, name, of + " must be true or false", value));
        each(result.getInvalidInteger()).forEach((name, value) -> wrong(endpoint, written, name, of + " must be a whole number", value));
        each(result.getInvalidNumber()).forEach((name, value) -> wrong(endpoint, written, name, of + " must be a number", value));
        each(result.getInvalidDuration()).forEach((name, value) -> wrong(endpoint, written, name,
                of + " must be milliseconds, or a time such as 5s", value));
        each(result.getInvalidReference()).forEach((name, value) -> wrong(endpoint, written, name, of + " must be a bean, `#name`", value));
    }

    /** With {@code lenient} components, unknown options are sent on; one that is almost a known one is a mistake. */
    private void misspelled(ComponentModel component, String name, Node at) {
        List<String> options = options(component);
        if (name.length() > 4 && !options.contains(name)) {
            Spelling.closest(name, options, name.length() < 8 ? 1 : 2).ifPresent(meant -> problems.add(file, at,
                    "unknown option `" + name + "` of " + component.getScheme() + "; did you mean `" + meant + "`?"));
        }
    }

    private void wrong(Endpoint endpoint, Map<String, NodeTuple> written, String name, String rule, String value) {
        if (!Values.hasPlaceholder(value)) {
            NodeTuple option = written.get(name);
            problems.add(file, option == null ? endpoint.at() : option.getValueNode(), "`" + name + "`" + rule + ", not `" + value + "`");
        }
    }

    private static Node key(Endpoint endpoint, Map<String, NodeTuple> written, String name) {
        NodeTuple option = written.get(name);
        return option == null ? endpoint.at() : option.getKeyNode();
    }

    /** The options under {@code parameters} by their names, which may be written with dashes. */
    private Map<String, NodeTuple> written(Endpoint endpoint) {
        Map<String, NodeTuple> written = new TreeMap<>();
        for (NodeTuple entry : Yaml.entries(endpoint.parameters())) {
            String name = Yaml.text(entry.getKeyNode());
            if (Yaml.text(entry.getValueNode()) == null) {
                problems.add(file, entry.getValueNode(), "`" + name + "` must be a single value, not " + Values.actual(entry.getValueNode()));
            } else {
                written.put(StringHelper.dashToCamelCase(name), entry);
            }
        }
        return written;
    }

    /** The whole uri; what only a placeholder or a message knows is left open. */
    private String uri(Endpoint endpoint, Map<String, NodeTuple> written) throws URISyntaxException {
        Map<String, String> values = new TreeMap<>();
        written.forEach((name, option) -> values.put(name, open(Yaml.text(option.getValueNode()))));
        if (endpoint.uri().equals(endpoint.scheme())) {
            return catalog.asEndpointUri(endpoint.scheme(), values, true);
        }
        String uri = withoutPlaceholders(endpoint.uri());
        return values.isEmpty() ? uri : uri + "?" + URISupport.createQueryString(new HashMap<>(values), true);
    }

    private static String open(String value) {
        return Values.hasPlaceholder(value) ? PLACEHOLDER : value;
    }

    /** Placeholders may stand in each other, so they are replaced from the inside out. */
    private static String withoutPlaceholders(String uri) {
        String before = uri;
        String after = EVALUATED.matcher(PROPERTY.matcher(before).replaceAll("x")).replaceAll("x");
        while (!after.equals(before)) {
            before = after;
            after = EVALUATED.matcher(PROPERTY.matcher(before).replaceAll("x")).replaceAll("x");
        }
        return after;
    }

    private static List<String> options(ComponentModel component) {
        return component.getEndpointOptions().stream().map(BaseOptionModel::getName).sorted().toList();
    }

    private static Set<String> each(Set<String> names) {
        return names == null ? Set.of() : names;
    }

    private static Map<String, String> each(Map<String, String> values) {
        return values == null ? Map.of() : values;
    }
}
