-- The index as an actor of the federation: see indexer/src/listen. One row.
CREATE TABLE index_actor (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    url TEXT NOT NULL,
    private_key_pem TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- The instances that were asked to tell it what is new, and what came of it: `state` is `asked`, `accepted`, `refused` or
-- `unavailable`, which has no actor and says why in `error`.
CREATE TABLE index_follows (
    host TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    actor_url TEXT,
    inbox_url TEXT,
    error TEXT
);

-- Since when an instance cannot be read, and since when nothing of it is found for that reason.
ALTER TABLE index_hosts ADD COLUMN failing_since TIMESTAMPTZ;
ALTER TABLE index_hosts ADD COLUMN hidden_at TIMESTAMPTZ;

-- When the newest videos of an instance were last looked through.
ALTER TABLE index_hosts ADD COLUMN glanced_at TIMESTAMPTZ;

-- When the document of an account or a channel was last asked whether it wants to be found.
CREATE TABLE index_owner_checks (
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    name TEXT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (host, url)
);

-- Servers that follow instances of the list or are followed by them, and were tried once.
CREATE TABLE index_neighbours (
    host TEXT PRIMARY KEY,
    tried_at TIMESTAMPTZ NOT NULL
);
ALTER TABLE index_hosts ADD COLUMN neighbours_read_at TIMESTAMPTZ;
