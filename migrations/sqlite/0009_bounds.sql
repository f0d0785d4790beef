-- What keeps others from being counted twice, and from being read without end: see instance/src/views and instance/src/backfill.

-- Views and downloads that other servers told of, as SHA-256 of their ids, as long as they could be told again.
CREATE TABLE counted_activities (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    counted_at TIMESTAMP NOT NULL
);
CREATE INDEX counted_activities_age ON counted_activities (counted_at);

-- A page that was read: whoever leads back to it leads in a circle.
ALTER TABLE backfills ADD COLUMN mark_url TEXT;
