package io.subscriptionrelay.bench;

import java.io.IOException;
import javax.management.JMException;

/**
 * Whether the compiler of a program's JVM has caught up. It takes processor time from what is measured until then, the longer the more code
 * there is.
 */
final class Warmth {

    /** Of a core. */
    private static final double QUIET = 0.05;

    private final Program program;
    private long compiled;
    private long asked;

    Warmth(Program program) throws IOException, JMException {
        this.program = program;
        compiled = compiled();
        asked = System.nanoTime();
    }

    /** Whether hardly anything was compiled since it was asked before. */
    boolean reached() throws IOException, JMException {
        long now = System.nanoTime();
        long total = compiled();
        boolean quiet = (total - compiled) * 1e6 < QUIET * (now - asked);
        compiled = total;
        asked = now;
        return quiet;
    }

    /** In milliseconds, of all threads together. */
    private long compiled() throws IOException, JMException {
        return (Long) program.attribute("java.lang:type=Compilation", "TotalCompilationTime");
    }
}
