-- The search index: see indexer/src. Which instances are read, and how that goes.
CREATE TABLE index_hosts (
    host TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    source TEXT NOT NULL,
    added_at TIMESTAMP NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    pass INTEGER NOT NULL DEFAULT 0,
    pass_started_at TIMESTAMP,
    next_start INTEGER NOT NULL DEFAULT 0,
    next_crawl_at TIMESTAMP NOT NULL,
    last_crawl_at TIMESTAMP,
    last_success_at TIMESTAMP,
    last_error TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    rejected_count INTEGER NOT NULL DEFAULT 0,
    video_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX index_hosts_due ON index_hosts (next_crawl_at);
CREATE INDEX index_hosts_source ON index_hosts (source);

-- What is known about each video. The Tantivy index is made from this table, in the order of `revision`; a video that went
-- away stays for a while without its document, so that every index hears of it.
CREATE TABLE index_videos (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    uuid BLOB NOT NULL,
    document TEXT,
    content_hash TEXT NOT NULL,
    listing_hash TEXT NOT NULL,
    origin_updated_at TIMESTAMP NOT NULL,
    detailed_at TIMESTAMP,
    seen_pass INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    removed_at TIMESTAMP,
    UNIQUE (host, uuid)
);
CREATE INDEX index_videos_revision ON index_videos (revision, id);
CREATE INDEX index_videos_seen ON index_videos (host, removed_at, seen_pass);
CREATE INDEX index_videos_removed ON index_videos (removed_at);

-- One row: the identity of this database, the newest revision, and the newest one that was forgotten.
CREATE TABLE index_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    revision INTEGER NOT NULL,
    forgotten_revision INTEGER NOT NULL
);
