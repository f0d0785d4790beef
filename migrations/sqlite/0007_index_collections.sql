-- The search index beyond videos: see indexer/src/collections and indexer/src/captions.

-- What is known about channels and playlists (`kind`); `name` is what tells them apart at their host. As with videos, the
-- Tantivy indexes are made from this table in the order of `revision`, and what went away stays for a while without its
-- document.
CREATE TABLE index_collections (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT,
    content_hash TEXT NOT NULL,
    seen_pass INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    removed_at TIMESTAMP,
    UNIQUE (kind, host, name)
);
CREATE INDEX index_collections_revision ON index_collections (kind, revision, id);
CREATE INDEX index_collections_seen ON index_collections (host, kind, removed_at, seen_pass);
CREATE INDEX index_collections_removed ON index_collections (removed_at);

-- The newest forgotten revision of that table.
ALTER TABLE index_state ADD COLUMN forgotten_collections_revision INTEGER NOT NULL DEFAULT 0;

-- What is said in a video, one row a language. `source` tells whether the file has changed; `passages` is a JSON list.
CREATE TABLE index_captions (
    video_id INTEGER NOT NULL REFERENCES index_videos (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    label TEXT NOT NULL,
    is_automatic BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    passages TEXT NOT NULL,
    PRIMARY KEY (video_id, language)
);

-- When a video was last asked for its captions.
ALTER TABLE index_videos ADD COLUMN captions_read_at TIMESTAMP;
CREATE INDEX index_videos_captions ON index_videos (host, removed_at, captions_read_at);

-- The name of its channel, for counting.
ALTER TABLE index_videos ADD COLUMN channel TEXT NOT NULL DEFAULT '';
UPDATE index_videos SET channel = COALESCE(json_extract(document, '$.channel.name'), '') WHERE document IS NOT NULL;
