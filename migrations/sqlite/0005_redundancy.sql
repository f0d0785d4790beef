-- Copies of other servers' videos: see redundancy/src.
CREATE TABLE mirrors (
    id INTEGER PRIMARY KEY,
    video_uuid BLOB NOT NULL UNIQUE,
    origin_host TEXT NOT NULL,
    video_url TEXT NOT NULL,
    account_url TEXT NOT NULL,
    -- The master playlist that is wanted, and the one of the copy that is served.
    playlist_url TEXT NOT NULL,
    copied_playlist_url TEXT,
    state TEXT NOT NULL,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    reserved_bytes INTEGER NOT NULL DEFAULT 0,
    bytes_done INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    completed_at TIMESTAMP,
    verified_at TIMESTAMP,
    expires_at TIMESTAMP
);
CREATE INDEX mirrors_verification ON mirrors (state, verified_at);

CREATE TABLE mirror_files (
    id INTEGER PRIMARY KEY,
    mirror_id INTEGER NOT NULL REFERENCES mirrors (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE UNIQUE INDEX mirror_files_name ON mirror_files (mirror_id, name);

-- One row, written by whoever is about to reserve space, so that two nodes never spend the same bytes.
CREATE TABLE mirror_budget (
    id INTEGER PRIMARY KEY,
    reservations INTEGER NOT NULL DEFAULT 0
);
INSERT INTO mirror_budget (id) VALUES (1);
