-- The event time of the newest state that a user has at a destination; user_key is a hash.
CREATE TABLE IF NOT EXISTS applied_state (
    destination VARCHAR(64) NOT NULL,
    account     VARCHAR(64) NOT NULL,
    user_key    VARCHAR(64) NOT NULL,
    event_time  BIGINT NOT NULL,
    PRIMARY KEY (destination, account, user_key)
);
-- The day on which it was applied, counted from 1970: of rows of earlier versions, and of one that still runs beside this one, today.
ALTER TABLE applied_state ADD COLUMN IF NOT EXISTS applied_day INTEGER NOT NULL DEFAULT (extract(epoch FROM now()) / 86400)::integer;
-- The event times of each key of that state.
ALTER TABLE applied_state ADD COLUMN IF NOT EXISTS key_times BYTEA;
ALTER TABLE applied_state ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 0;

-- Relays on one PostgreSQL: which of them live, and which users' states each is delivering just now.
CREATE TABLE IF NOT EXISTS relay_instance (
    id          VARCHAR(36) NOT NULL PRIMARY KEY,
    alive_until TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE TABLE IF NOT EXISTS user_claim (
    destination VARCHAR(64) NOT NULL,
    account     VARCHAR(64) NOT NULL,
    user_key    VARCHAR(64) NOT NULL,
    instance    VARCHAR(36) NOT NULL,
    PRIMARY KEY (destination, account, user_key)
);

-- The replays that were asked for, as JSON, and which relay carries each out; times in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS replay (
    id          VARCHAR(36) NOT NULL PRIMARY KEY,
    asked_at    BIGINT NOT NULL,
    state       VARCHAR(16) NOT NULL,
    job         TEXT NOT NULL,
    runner      VARCHAR(36) NOT NULL,
    alive_until BIGINT NOT NULL
);

-- What earlier versions kept in the place of history.
DROP TABLE IF EXISTS event_traces;

-- History: events with their webhooks, and what became of them. Partitions are days (UTC) of received_at, in milliseconds since 1970, made when
-- they are needed and dropped when they are old. Numbers are made of hashes: event_number of provider and key, id_number of the key alone, shown_number
-- of the key that an event is shown by since its user was forgotten.
CREATE TABLE IF NOT EXISTS history_event (
    received_at  BIGINT NOT NULL,
    event_number BIGINT NOT NULL,
    id_number    BIGINT NOT NULL,
    shown_number BIGINT,
    provider     TEXT COLLATE "C" NOT NULL,
    event_key    TEXT COLLATE "C" NOT NULL,
    type         TEXT,
    raw_id       BYTEA,
    webhook      BYTEA,
    attributes   BYTEA,
    terms        TSVECTOR NOT NULL,
    PRIMARY KEY (received_at, event_number)
) PARTITION BY RANGE (received_at);
CREATE INDEX IF NOT EXISTS history_event_id ON history_event (id_number);
CREATE INDEX IF NOT EXISTS history_event_shown ON history_event (shown_number) WHERE shown_number IS NOT NULL;
CREATE INDEX IF NOT EXISTS history_event_forgotten ON history_event (received_at, event_number) WHERE webhook IS NULL;
CREATE INDEX IF NOT EXISTS history_event_terms ON history_event USING gin (terms);
CREATE TABLE IF NOT EXISTS history_outcome (
    received_at     BIGINT NOT NULL,
    event_number    BIGINT NOT NULL,
    sequence_number BIGSERIAL,
    happened_at     BIGINT NOT NULL,
    outcome         VARCHAR(16) NOT NULL,
    step            TEXT,
    destination     TEXT,
    account         TEXT,
    part            INTEGER,
    attempts        INTEGER,
    reason          TEXT,
    parked_id       TEXT,
    record          BYTEA,
    status          INTEGER,
    answer          BYTEA
) PARTITION BY RANGE (received_at);
CREATE INDEX IF NOT EXISTS history_outcome_event ON history_outcome (event_number);
CREATE INDEX IF NOT EXISTS history_outcome_rare ON history_outcome (received_at) WHERE outcome NOT IN ('delivered', 'skipped');
-- Which batches a day has, because one may come again.
CREATE TABLE IF NOT EXISTS history_batch (
    received_at BIGINT NOT NULL,
    id          TEXT NOT NULL,
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
