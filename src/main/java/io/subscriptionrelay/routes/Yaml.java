package io.subscriptionrelay.routes;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** YAML nodes, read by the parser that Camel reads routes with, each with its line and column. */
final class Yaml {

    private static final LoadSettings SETTINGS = LoadSettings.builder().build();

    private Yaml() {
    }

    /**
     * The one document in the text; empty when there are only comments.
     *
     * @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException when it is not YAML
     */
    static Optional<Node> read(String text) {
        return new Compose(SETTINGS).composeString(text);
    }

    /** The {@code key: value} pairs of a node; none when it has no such pairs. */
    static List<NodeTuple> entries(Node node) {
        return node instanceof MappingNode mapping ? mapping.getValue() : List.of();
    }

    /** The items of a list; none when it is no list. */
    static List<Node> items(Node node) {
        return node instanceof SequenceNode sequence ? sequence.getValue() : List.of();
    }

    /** A single value as Camel takes it, quoted or not; null when the node is something else. */
    static String text(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : null;
    }

    /** The value of a key; null when it is not there. */
    static Node get(Node node, String key) {
        for (NodeTuple entry : entries(node)) {
            if (key.equals(text(entry.getKeyNode()))) {
                return entry.getValueNode();
            }
        }
        return null;
    }

    /** The single value of a key; null when it is not there. */
    static String text(Node node, String key) {
        return text(get(node, key));
    }

    /** Goes through all keys that stand in a node, from the top. */
    static void visit(Node node, BiConsumer<String, Node> visit) {
        for (NodeTuple entry : entries(node)) {
            if (text(entry.getKeyNode()) != null) {
                visit.accept(text(entry.getKeyNode()), entry.getValueNode());
            }
            visit(entry.getValueNode(), visit);
        }
        items(node).forEach(item -> visit(item, visit));
    }

    /** Whether nothing is written in this place. */
    static boolean isEmpty(Node node) {
        return node instanceof ScalarNode && Tag.NULL.equals(node.getTag());
    }
}
