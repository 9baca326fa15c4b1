package io.subscriptionrelay.commands;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * Has what the libraries log go to the standard error, and only what is a warning: the standard output of a command is its data. It takes effect
 * only before the first logger is made, so in a process of its own. Logback finds it as a service and asks it first; it is no XML file, because reading
 * one takes Logback longer than many a command.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class QuietLogging extends ContextAwareBase implements Configurator {

    private static volatile boolean begun;

    static void begin() {
        begun = true;
        // Spring Boot would replace it by that of the relay, which logs to the standard output
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }

    @Override
    public ExecutionStatus configure(LoggerContext loggers) {
        if (!begun) {
            return ExecutionStatus.NEUTRAL;
        }
        // what is wrong with a mapping or a schema is told by the command itself, with its line
        loggers.getLogger("io.subscriptionrelay.mapping").setLevel(Level.OFF);
        loggers.getLogger("com.networknt.schema").setLevel(Level.OFF);
        // a context that cannot be made: why is told by the command
        loggers.getLogger("org.springframework.context").setLevel(Level.ERROR);
        loggers.getLogger("org.springframework.boot.web.servlet.context").setLevel(Level.ERROR);
        StandardError appender = new StandardError();
        appender.setContext(loggers);
        appender.start();
        Logger root = loggers.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(appender);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static final class StandardError extends AppenderBase<ILoggingEvent> {

        @Override
        protected void append(ILoggingEvent event) {
            System.err.println(event.getLevel() + ": " + event.getFormattedMessage());
        }
    }
}
