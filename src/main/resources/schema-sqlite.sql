-- The event times of the state that a user has at a destination: the newest, and those of each key in key_times; user_key is a hash, applied_day
-- counts from 1970. Without row ids a row lies in its index alone.
CREATE TABLE IF NOT EXISTS applied_state (
    destination VARCHAR(64) NOT NULL,
    account     VARCHAR(64) NOT NULL,
    user_key    VARCHAR(64) NOT NULL,
    event_time  BIGINT NOT NULL,
    applied_day INTEGER NOT NULL,
    key_times   BLOB,
    revision    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (destination, account, user_key)
) WITHOUT ROWID;

-- The replays that were asked for, as JSON, and which relay carries each out; times in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS replay (
    id          VARCHAR(36) NOT NULL PRIMARY KEY,
    asked_at    BIGINT NOT NULL,
    state       VARCHAR(16) NOT NULL,
    job         TEXT NOT NULL,
    runner      VARCHAR(36) NOT NULL,
    alive_until BIGINT NOT NULL
);
