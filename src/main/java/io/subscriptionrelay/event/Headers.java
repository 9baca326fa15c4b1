package io.subscriptionrelay.event;

/** The names of what is kept beside a message's body. They are JMS properties, so an operator can select by them. */
public final class Headers {

    /** Who sent the webhook. */
    public static final String PROVIDER = "provider";
    /** The provider's event id, or the key composed in its place. */
    public static final String EVENT_ID = "eventId";
    /** What a parked event is shown as instead of its id, if the id may name the user. */
    public static final String EVENT_KEY = "eventKey";
    /** When the webhook came in, in milliseconds since 1970. */
    public static final String RECEIVED_AT = "receivedAt";
    /** The {@link Checksum} of a stored webhook, or of the record in a message to a destination. Messages of older versions have none. */
    public static final String SUM = "sum";
    /** What the event means, as named by the provider's route. */
    public static final String STEP = "step";
    /** When it happened at the provider, in milliseconds since 1970. */
    public static final String EVENT_TIME = "eventTime";
    /** Where a record goes. */
    public static final String DESTINATION = "destination";
    /** The account or app of the destination. */
    public static final String ACCOUNT = "account";
    /** The kind of call that carries the record. Records of older versions have none. */
    public static final String CALL = "call";
    /** The key of the user whose state the record sets; a hash. */
    public static final String STATE_KEY = "stateKey";
    /** Set where only the order of that user's records is kept, and none of them is older than another. */
    public static final String ORDER_ONLY = "orderOnly";
    /** Which of the event's records this is, from 0. */
    public static final String PART = "part";
    /** Which of the event's records this is by what it is, so that a replay finds it in today's mapping. Parked events of older versions have none. */
    public static final String RECORD = "record";
    /** How often the record was sent back. */
    public static final String ATTEMPT = "attempt";
    /** How much waiting has ended in a refusal that is believed after some time, in milliseconds. */
    public static final String WAITED = "waited";
    /** How many refusals it has had that are believed after some number. */
    public static final String REFUSALS = "refusals";
    /** How much waiting has ended in a failure while others succeeded, in milliseconds. */
    public static final String FAILING = "failing";
    /** When the record was first refused for a passing reason, as versions before 1.1 wrote it. */
    public static final String FIRST_REFUSED_AT = "firstRefusedAt";
    /** When a record in a queue of those that wait is due, in milliseconds since 1970. */
    public static final String NOT_BEFORE = "notBefore";
    /** Until when a record is held back, in milliseconds since 1970. */
    public static final String HELD_UNTIL = "heldUntil";
    /** Set on a record that has calls of its own, because those with others failed or were refused. */
    public static final String ALONE = "alone";
    /** Why it was parked. */
    public static final String REASON = "reason";
    /** The entry's id in the list of parked events. */
    public static final String PARKED_ID = "parkedId";
    /** When it was parked, in milliseconds since 1970. */
    public static final String PARKED_AT = "parkedAt";
    /** The queue that it was parked from. */
    public static final String ORIGIN = "origin";
    /** The queue that a message goes to. */
    public static final String QUEUE = "queue";
    /** Set on a replayed event. */
    public static final String REPLAYED = "replayed";

    /** Set on a replayed event of which only states are sent, which may come twice. */
    public static final String STATE_ONLY = "stateOnly";

    /** Artemis: a second message with the same value is not routed. */
    public static final String DUPLICATE_ID = "_AMQ_DUPL_ID";
    /** Artemis: when a message becomes visible, in milliseconds since 1970. */
    public static final String SCHEDULED = "_AMQ_SCHED_DELIVERY";

    private Headers() {
    }
}
