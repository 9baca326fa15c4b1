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
