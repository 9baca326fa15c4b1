package io.subscriptionrelay.config;

/** The relay will not start as it is set up. Shown to the operator as what was found and what to do instead. */
public class StartRefusedException extends RuntimeException {

    private final String action;

    public StartRefusedException(String found, String action) {
        this(found, action, null);
    }

    public StartRefusedException(String found, String action, Throwable cause) {
        super(found, cause);
        this.action = action;
    }

    /** What to write instead. */
    public String action() {
        return action;
    }
}
