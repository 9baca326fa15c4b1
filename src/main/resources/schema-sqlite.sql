-- The event time of the newest state that a user has at a destination; user_key is a hash, applied_day
-- counts from 1970. Without row ids a row lies in its index alone.
CREATE TABLE IF NOT EXISTS applied_state (
    destination VARCHAR(64) NOT NULL,
    account     VARCHAR(64) NOT NULL,
    user_key    VARCHAR(64) NOT NULL,
    event_time  BIGINT NOT NULL,
    applied_day INTEGER NOT NULL,
    PRIMARY KEY (destination, account, user_key)
) WITHOUT ROWID;
