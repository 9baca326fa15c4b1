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

-- What became of each event. event_key and user_key are numbers made of hashes, because an index over text makes writing twice as
-- expensive; event ids that name a user are hashes themselves. sequence_number is the order within a millisecond.
CREATE TABLE IF NOT EXISTS event_traces (
    happened_at     BIGINT NOT NULL,
    sequence_number BIGINT NOT NULL,
    outcome         VARCHAR(16) NOT NULL,
    provider        VARCHAR(64) NOT NULL,
    event_key       BIGINT NOT NULL,
    event_id        VARCHAR(255) NOT NULL,
    user_key        BIGINT,
    step            VARCHAR(100),
    destination     VARCHAR(64),
    account         VARCHAR(64),
    part            INTEGER,
    attempts        INTEGER,
    reason          VARCHAR(500),
    parked_id       VARCHAR(36)
);
CREATE INDEX IF NOT EXISTS event_traces_event ON event_traces (event_key);
CREATE INDEX IF NOT EXISTS event_traces_user ON event_traces (user_key);
CREATE INDEX IF NOT EXISTS event_traces_time ON event_traces (happened_at);
