-- What the federation says of actors and videos beyond the thin path, and what people say to each other: see instance/src.

-- Servers that we have heard of.
CREATE TABLE servers (
    host TEXT PRIMARY KEY,
    software TEXT,
    software_version TEXT,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL
);

ALTER TABLE actors ADD COLUMN playlists_url TEXT;
ALTER TABLE actors ADD COLUMN followers_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actors ADD COLUMN following_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actors ADD COLUMN moved_to_url TEXT;
ALTER TABLE actors ADD COLUMN moved_at TIMESTAMP;
-- JSON list of the addresses under which the same somebody is known elsewhere.
ALTER TABLE actors ADD COLUMN also_known_as TEXT;
ALTER TABLE actors ADD COLUMN published_at TIMESTAMP;
ALTER TABLE actors ADD COLUMN is_indexable BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE actors ADD COLUMN refresh_failures INTEGER NOT NULL DEFAULT 0;
CREATE INDEX actors_refreshed ON actors (is_local, refreshed_at);
CREATE INDEX actors_name ON actors (username_folded);

-- Avatars and banners, in each of their sizes. `file` is set for those that are kept here.
CREATE TABLE actor_images (
    id INTEGER PRIMARY KEY,
    actor_id INTEGER NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    file TEXT,
    remote_url TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX actor_images_actor ON actor_images (actor_id, kind, width);
CREATE UNIQUE INDEX actor_images_file ON actor_images (file);

ALTER TABLE videos ADD COLUMN nsfw_flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN nsfw_summary TEXT;
ALTER TABLE videos ADD COLUMN comments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN downloads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN is_permanent_live BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE videos ADD COLUMN saves_replay BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE videos ADD COLUMN latency_mode INTEGER;
ALTER TABLE videos ADD COLUMN dvr_window_s INTEGER;
-- JSON list of the moments at which a live stream is planned to start.
ALTER TABLE videos ADD COLUMN scheduled_starts TEXT;
ALTER TABLE videos ADD COLUMN embed_url TEXT;
-- JSON list of the pictures at the origin, in their sizes.
ALTER TABLE videos ADD COLUMN remote_thumbnails TEXT;
ALTER TABLE videos ADD COLUMN likes_url TEXT;
ALTER TABLE videos ADD COLUMN dislikes_url TEXT;
ALTER TABLE videos ADD COLUMN shares_url TEXT;
ALTER TABLE videos ADD COLUMN comments_url TEXT;
ALTER TABLE videos ADD COLUMN chapters_url TEXT;
ALTER TABLE videos ADD COLUMN player_settings_url TEXT;
ALTER TABLE videos ADD COLUMN comments_fetched_at TIMESTAMP;
ALTER TABLE videos ADD COLUMN refresh_failures INTEGER NOT NULL DEFAULT 0;
CREATE INDEX videos_refreshed ON videos (is_local, refreshed_at);
-- The title as searches see it: without case and accents, which no database folds alike.
ALTER TABLE videos ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE videos SET name_folded = lower(name);
-- Whether the lists of this server show it: its own videos, and those of whom it follows. Kept by instance/src/videos/intake.
ALTER TABLE videos ADD COLUMN is_listed_here BOOLEAN NOT NULL DEFAULT TRUE;
DROP INDEX videos_listed;
CREATE INDEX videos_listed ON videos (is_listed_here, privacy, state, published_at DESC, id DESC);
DROP INDEX videos_views;
CREATE INDEX videos_views ON videos (is_listed_here, privacy, state, views DESC);
CREATE INDEX video_shares_actor ON video_shares (actor_id, video_id);

-- Files of a stream, and, without one, files that are whole by themselves ("web videos").
ALTER TABLE video_files RENAME TO old_video_files;
CREATE TABLE video_files (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    streaming_playlist_id INTEGER REFERENCES video_streaming_playlists (id) ON DELETE CASCADE,
    resolution INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    fps INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL DEFAULT 'video/mp4',
    file_url TEXT NOT NULL,
    torrent_url TEXT,
    magnet_uri TEXT,
    metadata_url TEXT,
    has_audio BOOLEAN NOT NULL,
    has_video BOOLEAN NOT NULL
);
INSERT INTO video_files (id, video_id, streaming_playlist_id, resolution, width, height, fps, size_bytes, file_url, has_audio, has_video)
SELECT f.id, p.video_id, p.id, f.resolution, f.width, f.height, f.fps, f.size_bytes, f.file_url, f.has_audio, f.has_video
FROM old_video_files f JOIN video_streaming_playlists p ON p.id = f.streaming_playlist_id;
DROP TABLE old_video_files;
CREATE INDEX video_files_playlist ON video_files (streaming_playlist_id, resolution DESC);
CREATE INDEX video_files_video ON video_files (video_id, resolution DESC);

CREATE TABLE video_captions (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    label TEXT NOT NULL,
    file TEXT,
    remote_url TEXT,
    playlist_url TEXT,
    is_automatic BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX video_captions_language ON video_captions (video_id, language);
CREATE UNIQUE INDEX video_captions_file ON video_captions (file);

CREATE TABLE video_chapters (
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    start_s INTEGER NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (video_id, start_s)
);

CREATE TABLE video_storyboards (
    video_id INTEGER PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    file TEXT,
    remote_url TEXT,
    total_width INTEGER NOT NULL,
    total_height INTEGER NOT NULL,
    sprite_width INTEGER NOT NULL,
    sprite_height INTEGER NOT NULL,
    sprite_duration_s INTEGER NOT NULL
);
CREATE UNIQUE INDEX video_storyboards_file ON video_storyboards (file);

-- What an account thinks of a video: 'like' or 'dislike'. `url` is the address of the activity.
CREATE TABLE video_rates (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX video_rates_pair ON video_rates (video_id, account_id);
CREATE INDEX video_rates_video ON video_rates (video_id, kind, id);
CREATE INDEX video_rates_account ON video_rates (account_id, kind, id);

-- Who watched what, as this server or another one says, without a name.
CREATE TABLE video_watches (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    url TEXT NOT NULL UNIQUE,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    watched_s INTEGER NOT NULL,
    country TEXT,
    region TEXT,
    -- JSON list of pairs of seconds.
    sections TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX video_watches_video ON video_watches (video_id, started_at);
CREATE INDEX video_watches_created ON video_watches (created_at);

-- Comments. A deleted one stays as a stone while it has replies; then `account_id` and `text` are gone.
CREATE TABLE video_comments (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    in_reply_to_id INTEGER REFERENCES video_comments (id) ON DELETE CASCADE,
    -- The first comment of the thread; NULL for that one itself.
    thread_id INTEGER REFERENCES video_comments (id) ON DELETE CASCADE,
    is_local BOOLEAN NOT NULL,
    text TEXT NOT NULL,
    is_held BOOLEAN NOT NULL DEFAULT FALSE,
    reply_approval_url TEXT,
    replies INTEGER NOT NULL DEFAULT 0,
    replies_by_owner INTEGER NOT NULL DEFAULT 0,
    deleted_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX video_comments_video ON video_comments (video_id, thread_id, created_at DESC);
CREATE INDEX video_comments_thread ON video_comments (thread_id, id);
CREATE INDEX video_comments_account ON video_comments (account_id, id DESC);
CREATE INDEX video_comments_reply ON video_comments (in_reply_to_id);
CREATE INDEX video_comments_newest ON video_comments (created_at DESC);

CREATE TABLE video_playlists (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    url TEXT NOT NULL UNIQUE,
    is_local BOOLEAN NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    channel_id INTEGER REFERENCES video_channels (id) ON DELETE CASCADE,
    channel_position INTEGER,
    name TEXT NOT NULL,
    description TEXT,
    privacy INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    thumbnail_file TEXT,
    remote_thumbnail_url TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    refreshed_at TIMESTAMP
);
CREATE INDEX video_playlists_account ON video_playlists (account_id, id);
CREATE INDEX video_playlists_channel ON video_playlists (channel_id, channel_position);
CREATE INDEX video_playlists_listed ON video_playlists (privacy, updated_at DESC);
CREATE UNIQUE INDEX video_playlists_thumbnail_file ON video_playlists (thumbnail_file);

-- An element names its video by address, as on the wire: the video may be unknown here (yet), or gone.
CREATE TABLE video_playlist_elements (
    id INTEGER PRIMARY KEY,
    playlist_id INTEGER NOT NULL REFERENCES video_playlists (id) ON DELETE CASCADE,
    video_url TEXT NOT NULL,
    url TEXT NOT NULL,
    position INTEGER NOT NULL,
    start_s INTEGER,
    stop_s INTEGER
);
CREATE INDEX video_playlist_elements_playlist ON video_playlist_elements (playlist_id, position);
CREATE INDEX video_playlist_elements_video ON video_playlist_elements (video_url);

-- How the player looks, for a video or for all of a channel.
CREATE TABLE player_settings (
    id INTEGER PRIMARY KEY,
    video_id INTEGER UNIQUE REFERENCES videos (id) ON DELETE CASCADE,
    channel_id INTEGER UNIQUE REFERENCES video_channels (id) ON DELETE CASCADE,
    url TEXT NOT NULL UNIQUE,
    theme TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- What each follow is for: showing among the videos of the server, mirroring, indexing.
ALTER TABLE follows ADD COLUMN is_listed BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE follows ADD COLUMN is_mirrored BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE follows ADD COLUMN is_indexed BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX follows_follower ON follows (follower_id, state, id);

-- Reading what a followed actor published before it was followed, and again from time to time.
CREATE TABLE backfills (
    actor_id INTEGER PRIMARY KEY REFERENCES actors (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    cursor INTEGER NOT NULL DEFAULT 0,
    next_url TEXT,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    new_videos INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    started_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    next_at TIMESTAMP
);
CREATE INDEX backfills_due ON backfills (state, next_at);

-- Whom an account does not want to hear of. The blocks of the server are those of its own account.
CREATE TABLE account_blocks (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    target_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX account_blocks_pair ON account_blocks (account_id, target_account_id);
CREATE INDEX account_blocks_target ON account_blocks (target_account_id);

CREATE TABLE server_blocks (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    -- The block of a parent domain that this one follows from; NULL for what somebody asked for.
    covered_by_id INTEGER REFERENCES server_blocks (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX server_blocks_pair ON server_blocks (account_id, host);
CREATE INDEX server_blocks_host ON server_blocks (host);
CREATE INDEX server_blocks_covered ON server_blocks (covered_by_id);

-- In allow-list mode, the only servers that are spoken with.
CREATE TABLE allowed_servers (
    host TEXT PRIMARY KEY,
    created_at TIMESTAMP NOT NULL
);

-- Videos that are shown to nobody, and, if unfederated, told about to nobody.
CREATE TABLE video_blocks (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL UNIQUE REFERENCES videos (id) ON DELETE CASCADE,
    reason TEXT,
    is_unfederated BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Reports to the moderators: about a video, a comment or an account.
CREATE TABLE abuses (
    id INTEGER PRIMARY KEY,
    url TEXT UNIQUE,
    reporter_account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    flagged_account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    video_id INTEGER REFERENCES videos (id) ON DELETE SET NULL,
    comment_id INTEGER REFERENCES video_comments (id) ON DELETE SET NULL,
    -- 'video', 'comment' or 'account', and what it was called or said then.
    subject TEXT NOT NULL,
    subject_text TEXT NOT NULL,
    reason TEXT NOT NULL,
    predefined_reasons TEXT NOT NULL,
    start_s INTEGER,
    end_s INTEGER,
    state INTEGER NOT NULL,
    moderation_comment TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX abuses_state ON abuses (state, id DESC);
CREATE INDEX abuses_reporter ON abuses (reporter_account_id, id DESC);
CREATE INDEX abuses_flagged ON abuses (flagged_account_id);
CREATE INDEX abuses_video ON abuses (video_id);
CREATE INDEX abuses_comment ON abuses (comment_id);

CREATE TABLE abuse_messages (
    id INTEGER PRIMARY KEY,
    abuse_id INTEGER NOT NULL REFERENCES abuses (id) ON DELETE CASCADE,
    account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    by_moderator BOOLEAN NOT NULL,
    message TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX abuse_messages_abuse ON abuse_messages (abuse_id, id);

-- What administrators set while the server runs.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Objects of ours that are gone, so that whoever asks is told so.
CREATE TABLE tombstones (
    url TEXT PRIMARY KEY,
    former_kind TEXT NOT NULL,
    deleted_at TIMESTAMP NOT NULL
);

-- Deletions and restrictions are sent until they have arrived, however long a server is away.
ALTER TABLE outgoing_activities ADD COLUMN must_arrive BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE outgoing_activities ADD COLUMN body_hash INTEGER NOT NULL DEFAULT 0;
-- Since when a server is considered gone; it is asked now and then, and gets nothing else.
ALTER TABLE delivery_pauses ADD COLUMN given_up_at TIMESTAMP;
-- Somebody else's activity, which we pass on as it came.
ALTER TABLE outgoing_activities ADD COLUMN is_forwarded BOOLEAN NOT NULL DEFAULT FALSE;
-- What somebody passed on to us could be passed on again for days.
ALTER TABLE inbox_receipts ADD COLUMN is_forwarded BOOLEAN NOT NULL DEFAULT FALSE;
-- Further keys of the same actor: JSON, from their names to their texts in PEM.
ALTER TABLE remote_keys ADD COLUMN other_keys TEXT;
-- Copies of the videos of one server, when it is followed no longer.
CREATE INDEX mirrors_origin_host ON mirrors (origin_host);
-- Jobs that are looked for by what they are about, such as searches for whom to follow.
CREATE INDEX jobs_key ON jobs (kind, dedupe_key);
