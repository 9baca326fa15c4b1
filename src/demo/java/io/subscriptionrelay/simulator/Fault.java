package io.subscriptionrelay.simulator;

import java.time.Duration;
import java.util.Objects;

/**
 * One thing that goes wrong with a call, scripted through {@link Faults}. Immutable: each method that refines a fault
 * returns a new one, so {@code Fault.status(429).retryAfter(2)} can be shared between tests.
 */
public final class Fault {

    static final Fault NONE = new Fault();

    private enum Connection { ANSWERED, CLOSED, CUT_IN_BODY }

    private int status;
    private String contentType;
    private String body;
    private boolean retryAfterChosen;
    private String retryAfter;
    private Duration before = Duration.ZERO;
    private Duration after = Duration.ZERO;
    private Duration trickle = Duration.ZERO;
    private boolean processed = true;
    private boolean stored = true;
    private Connection connection = Connection.ANSWERED;

    private Fault() {
    }

    private Fault(Fault other) {
        this.status = other.status;
        this.contentType = other.contentType;
        this.body = other.body;
        this.retryAfterChosen = other.retryAfterChosen;
        this.retryAfter = other.retryAfter;
        this.before = other.before;
        this.after = other.after;
        this.trickle = other.trickle;
        this.processed = other.processed;
        this.stored = other.stored;
        this.connection = other.connection;
    }

    /**
     * Answers with this HTTP status instead of processing the call. Body and {@code Retry-After} are those the service
     * sends with the status, until {@link #json}, {@link #html}, {@link #text}, {@link #empty} or {@link #retryAfter}
     * say otherwise.
     */
    public static Fault status(int status) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("HTTP status " + status + ": give a final status from 200 to 599");
        }
        Fault fault = new Fault();
        fault.status = status;
        fault.processed = false;
        return fault;
    }

    /** Answers with this status and JSON text, whatever was sent, and stores nothing. */
    public static Fault body(int status, String json) {
        return status(status).json(json);
    }

    /** Closes the connection without an answer; nothing is stored. */
    public static Fault resetBeforeProcessing() {
        Fault fault = new Fault();
        fault.processed = false;
        fault.connection = Connection.CLOSED;
        return fault;
    }

    /** Stores what was sent, then closes the connection without an answer: the client cannot know that it was taken. */
    public static Fault resetAfterProcessing() {
        Fault fault = new Fault();
        fault.connection = Connection.CLOSED;
        return fault;
    }

    /** Stores what was sent, announces the whole answer, sends half of its body and closes the connection. */
    public static Fault cutInBody() {
        Fault fault = new Fault();
        fault.connection = Connection.CUT_IN_BODY;
        return fault;
    }

    /** Holds the call for this long, then processes and answers it as usual, even if the client has left. */
    public static Fault stall(Duration duration) {
        return new Fault().delayed(duration);
    }

    /** Stores what was sent at once and holds the answer for this long, which is what a read time-out looks like. */
    public static Fault stallAfterProcessing(Duration duration) {
        Fault fault = new Fault();
        fault.after = Objects.requireNonNull(duration);
        return fault;
    }

    /** Processes the call, then sends the body of the answer in small pieces spread over this time. */
    public static Fault slowBody(Duration duration) {
        Fault fault = new Fault();
        fault.trickle = Objects.requireNonNull(duration);
        return fault;
    }

    /** Answers as if all went well and never applies what was sent. */
    public static Fault acceptedButNeverApplied() {
        Fault fault = new Fault();
        fault.stored = false;
        return fault;
    }

    /** The answer's body is this JSON text; it is not checked, so it may be broken. */
    public Fault json(String text) {
        return with("application/json;charset=utf-8", text);
    }

    /** The answer's body is this HTML text, as a load balancer sends it. */
    public Fault html(String text) {
        return with("text/html;charset=utf-8", text);
    }

    /** The answer's body is this plain text. */
    public Fault text(String text) {
        return with("text/plain;charset=utf-8", text);
    }

    /** The answer has no body and no content type. */
    public Fault empty() {
        return with(null, "");
    }

    /** The answer says {@code Retry-After: seconds}; null leaves the header out. */
    public Fault retryAfter(Integer seconds) {
        return retryAfterHeader(seconds == null ? null : seconds.toString());
    }

    /** The answer's {@code Retry-After} is this text, for instance an HTTP date; null leaves the header out. */
    public Fault retryAfterHeader(String value) {
        Fault fault = new Fault(this);
        fault.retryAfterChosen = true;
        fault.retryAfter = value;
        return fault;
    }

    /** The same fault, after the call was processed and stored as usual. */
    public Fault afterProcessing() {
        Fault fault = new Fault(this);
        fault.processed = true;
        return fault;
    }

    /** The same fault, this long after the call arrived. */
    public Fault delayed(Duration duration) {
        Fault fault = new Fault(this);
        fault.before = Objects.requireNonNull(duration);
        return fault;
    }

    private Fault with(String type, String text) {
        if (status == 0) {
            throw new IllegalStateException("This fault keeps the service's own answer; start from Fault.status(...)");
        }
        Fault fault = new Fault(this);
        fault.contentType = type;
        fault.body = text;
        return fault;
    }

    boolean processesCall() {
        return processed;
    }

    boolean storesRecords() {
        return stored;
    }

    boolean replacesAnswer() {
        return status != 0;
    }

    boolean closesWithoutAnswer() {
        return connection == Connection.CLOSED;
    }

    boolean cutsBody() {
        return connection == Connection.CUT_IN_BODY;
    }

    int status() {
        return status;
    }

    Duration before() {
        return before;
    }

    Duration after() {
        return after;
    }

    Duration trickle() {
        return trickle;
    }

    /** The scripted answer; what the script leaves open comes from the service's usual answer for the status. */
    Reply reply(Reply usual) {
        Reply reply = body == null ? usual
                : Reply.of(status, contentType, body).withRetryAfter(usual.retryAfter()).withHeaders(usual.headers());
        return retryAfterChosen ? reply.withRetryAfter(retryAfter) : reply;
    }
}
