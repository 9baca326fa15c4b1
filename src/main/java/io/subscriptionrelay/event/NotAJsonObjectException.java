package io.subscriptionrelay.event;

/** An authentic webhook whose body is not a JSON object. The message is one line and quotes nothing of the body. */
public class NotAJsonObjectException extends Exception {

    private final String found;
    private final int line;
    private final int column;

    NotAJsonObjectException(String found) {
        this(found, 0, 0);
    }

    /**
     * With its place.
     *
     * @param line from 1; 0 when the whole body is meant
     * @param column from 1; 0 when the whole body is meant
     */
    NotAJsonObjectException(String found, int line, int column) {
        super(line == 0 ? found : found + " at line " + line + ", column " + column);
        this.found = found;
        this.line = line;
        this.column = column;
    }

    /** The message without the place. */
    public String found() {
        return found;
    }

    public int line() {
        return line;
    }

    public int column() {
        return column;
    }
}
