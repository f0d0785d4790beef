-- Federation's way in and out: see crates/courier/src.

-- Public keys of other servers' actors, by the name that their signatures give them.
CREATE TABLE remote_keys (
    key_id TEXT PRIMARY KEY,
    actor_url TEXT NOT NULL,
    public_key_pem TEXT NOT NULL,
    fetched_at TIMESTAMP NOT NULL
);
CREATE INDEX remote_keys_age ON remote_keys (fetched_at);

-- Signed requests that were acted upon, as SHA-256 of their signatures, as long as their dates would be accepted again.
CREATE TABLE inbox_receipts (
    fingerprint TEXT PRIMARY KEY,
    received_at TIMESTAMP NOT NULL
);
CREATE INDEX inbox_receipts_age ON inbox_receipts (received_at);

-- Activities on their way, each once however many servers it goes to.
CREATE TABLE outgoing_activities (
    id INTEGER PRIMARY KEY,
    actor_url TEXT NOT NULL,
    activity_url TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX outgoing_activities_age ON outgoing_activities (created_at);

-- The queue of each server, in the order of the ids.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    outgoing_activity_id INTEGER NOT NULL REFERENCES outgoing_activities (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    inbox_url TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX deliveries_queue ON deliveries (host, id);
CREATE INDEX deliveries_activity ON deliveries (outgoing_activity_id);
CREATE INDEX deliveries_age ON deliveries (host, created_at);

-- Servers that do not answer, and when they are asked again.
CREATE TABLE delivery_pauses (
    host TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    failing_since TIMESTAMP NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    last_error TEXT NOT NULL
);
