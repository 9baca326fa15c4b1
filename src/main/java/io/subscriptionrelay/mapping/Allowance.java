package io.subscriptionrelay.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.schibsted.spt.data.jslt.Expression;
import com.schibsted.spt.data.jslt.impl.ExpressionImpl;
import com.schibsted.spt.data.jslt.impl.Scope;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Map;
import org.springframework.util.ReflectionUtils;

/**
 * How much time and memory mappings may take that somebody is still writing. JSLT has nothing to stop an evaluation with, but it asks its scope for
 * each variable and function, and without those nothing can go on for long: so the scope looks at clock and memory. What happens within one function of
 * JSLT, a regular expression that looks back again and again for example, cannot be stopped.
 */
final class Allowance {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Field SLOTS = ReflectionUtils.findField(ExpressionImpl.class, "parameterSlots");
    private static final int MEBIBYTE = 1 << 20;

    static {
        // Scope.makeScope makes none but its own, and nothing else tells where the variables belong
        ReflectionUtils.makeAccessible(SLOTS);
    }

    private final Duration time;
    private final long memory;
    private final long start = System.nanoTime();
    /** In bytes; what a route does side by side is seldom added up wrongly, which does not matter. */
    private long used;
    private volatile String exceeded;

    Allowance(Duration time, long memory) {
        this.time = time;
        this.memory = memory;
    }

    /** What was too much, in a sentence; null while nothing was. */
    String exceeded() {
        return exceeded;
    }

    /**
     * Applies a mapping.
     *
     * @throws TooMuchException when it takes more than there is left
     */
    JsonNode apply(Expression expression, Map<String, JsonNode> variables, JsonNode webhook) {
        ExpressionImpl compiled = (ExpressionImpl) expression;
        Watched scope = new Watched(compiled.getStackFrameSize());
        ((Map<?, ?>) ReflectionUtils.getField(SLOTS, compiled)).forEach((name, slot) -> {
            if (variables.containsKey(name)) {
                scope.setValue((Integer) slot, variables.get(name));
            }
        });
        return compiled.apply(scope, webhook == null ? NullNode.getInstance() : webhook);
    }

    private final class Watched extends Scope {

        private long seen = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());

        private Watched(int size) {
            super(size);
        }

        private void look() {
            long now = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
            used += now - seen;
            seen = now;
            if (System.nanoTime() - start > time.toNanos()) {
                exceeded = "took longer than " + time.toSeconds() + " s and was stopped; look for a function that calls itself too often";
            } else if (used > memory) {
                exceeded = "took more than " + memory / MEBIBYTE + " MB of memory and was stopped; look for a function that calls itself too often, or a text that grows";
            }
            if (exceeded != null) {
                throw new TooMuchException(exceeded);
            }
        }

        @Override
        public void enterFunction(int size) {
            look();
            super.enterFunction(size);
        }

        @Override
        public JsonNode getValue(int slot) {
            look();
            return super.getValue(slot);
        }

        @Override
        public void setValue(int slot, JsonNode value) {
            look();
            super.setValue(slot, value);
        }
    }

    /** A mapping took more than it may. */
    static final class TooMuchException extends RuntimeException {

        private TooMuchException(String message) {
            super(message);
        }
    }
}
