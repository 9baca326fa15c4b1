package io.subscriptionrelay.commands;

/**
 * Has what the libraries log go to the standard error, and only what is a warning: the standard output of a command is its data. It takes effect
 * only before the first logger is made, so in a process of its own.
 */
final class QuietLogging {

    private QuietLogging() {
    }

    static void begin() {
        System.setProperty("logback.configurationFile", "logging-of-commands.xml");
        // Spring Boot would replace it by that of the relay, which logs to the standard output
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }
}
