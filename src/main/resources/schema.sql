-- The event time of the newest state that a user has at a destination; user_key is a hash.
CREATE TABLE IF NOT EXISTS applied_state (
    destination VARCHAR(64) NOT NULL,
    account     VARCHAR(64) NOT NULL,
    user_key    VARCHAR(64) NOT NULL,
    event_time  BIGINT NOT NULL,
    PRIMARY KEY (destination, account, user_key)
);

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
