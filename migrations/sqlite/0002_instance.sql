-- The video server: see instance/src.

-- Everyone who can act in the federation, here and elsewhere. `host` is that of the actor's address; for local actors it is
-- this server's own.
CREATE TABLE actors (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL,
    host TEXT NOT NULL,
    is_local BOOLEAN NOT NULL,
    inbox_url TEXT NOT NULL,
    shared_inbox_url TEXT,
    outbox_url TEXT,
    followers_url TEXT,
    following_url TEXT,
    public_key_pem TEXT NOT NULL,
    private_key_pem TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    refreshed_at TIMESTAMP
);
CREATE UNIQUE INDEX actors_handle ON actors (host, username_folded);

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role INTEGER NOT NULL,
    is_blocked BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- People (and the server itself). `user_id` is set for those who can log in here.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    actor_id INTEGER NOT NULL UNIQUE REFERENCES actors (id) ON DELETE CASCADE,
    user_id INTEGER UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    description TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE video_channels (
    id INTEGER PRIMARY KEY,
    actor_id INTEGER NOT NULL UNIQUE REFERENCES actors (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    description TEXT,
    support TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX video_channels_account ON video_channels (account_id, id);

CREATE TABLE oauth_clients (
    id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    client_secret TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Tokens are kept as SHA-256, so that a stolen database opens no session.
CREATE TABLE oauth_tokens (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    access_token_hash TEXT NOT NULL UNIQUE,
    refresh_token_hash TEXT NOT NULL UNIQUE,
    access_expires_at TIMESTAMP NOT NULL,
    refresh_expires_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX oauth_tokens_user ON oauth_tokens (user_id);
CREATE INDEX oauth_tokens_expiry ON oauth_tokens (refresh_expires_at);

CREATE TABLE videos (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    url TEXT NOT NULL UNIQUE,
    is_local BOOLEAN NOT NULL,
    channel_id INTEGER NOT NULL REFERENCES video_channels (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    support TEXT,
    category INTEGER,
    licence INTEGER,
    language TEXT,
    privacy INTEGER NOT NULL,
    state INTEGER NOT NULL,
    failure TEXT,
    is_nsfw BOOLEAN NOT NULL,
    is_live BOOLEAN NOT NULL,
    duration_s INTEGER NOT NULL,
    aspect_ratio REAL,
    views INTEGER NOT NULL DEFAULT 0,
    likes INTEGER NOT NULL DEFAULT 0,
    dislikes INTEGER NOT NULL DEFAULT 0,
    comments_policy INTEGER NOT NULL,
    download_enabled BOOLEAN NOT NULL,
    wait_transcoding BOOLEAN NOT NULL,
    thumbnail_file TEXT,
    preview_file TEXT,
    remote_thumbnail_url TEXT,
    remote_preview_url TEXT,
    tracker_urls TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    published_at TIMESTAMP NOT NULL,
    originally_published_at TIMESTAMP,
    refreshed_at TIMESTAMP
);
CREATE INDEX videos_listed ON videos (privacy, state, published_at DESC, id DESC);
CREATE INDEX videos_channel ON videos (channel_id, published_at DESC);
CREATE INDEX videos_views ON videos (privacy, state, views DESC);
CREATE UNIQUE INDEX videos_thumbnail_file ON videos (thumbnail_file);
CREATE UNIQUE INDEX videos_preview_file ON videos (preview_file);

CREATE TABLE video_tags (
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (video_id, position)
);
CREATE INDEX video_tags_name ON video_tags (name, video_id);

-- The file that somebody uploaded, until it has been transcoded (and after, if the operator keeps originals).
CREATE TABLE video_sources (
    video_id INTEGER PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    storage_key TEXT NOT NULL UNIQUE,
    file_name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE video_streaming_playlists (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL UNIQUE REFERENCES videos (id) ON DELETE CASCADE,
    playlist_url TEXT NOT NULL,
    segments_sha256_url TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE video_files (
    id INTEGER PRIMARY KEY,
    streaming_playlist_id INTEGER NOT NULL REFERENCES video_streaming_playlists (id) ON DELETE CASCADE,
    resolution INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    fps INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    file_url TEXT NOT NULL,
    has_audio BOOLEAN NOT NULL,
    has_video BOOLEAN NOT NULL
);
CREATE INDEX video_files_playlist ON video_files (streaming_playlist_id, resolution DESC);

-- Copies of a video on other servers, as they told us (CacheFile).
CREATE TABLE video_redundancies (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    actor_id INTEGER NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    url TEXT NOT NULL UNIQUE,
    base_url TEXT NOT NULL,
    expires_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX video_redundancies_video ON video_redundancies (video_id, id);

CREATE TABLE video_shares (
    id INTEGER PRIMARY KEY,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    actor_id INTEGER NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    url TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX video_shares_video ON video_shares (video_id, actor_id);

CREATE TABLE follows (
    id INTEGER PRIMARY KEY,
    follower_id INTEGER NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    target_id INTEGER NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    url TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX follows_pair ON follows (follower_id, target_id);
CREATE INDEX follows_target ON follows (target_id, state, id);

-- The swarms that viewers of a video may meet in, as 40 hexadecimal digits: what the tracker knows.
CREATE TABLE video_infohashes (
    info_hash TEXT NOT NULL,
    video_id INTEGER NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    PRIMARY KEY (info_hash, video_id)
);
CREATE INDEX video_infohashes_video ON video_infohashes (video_id, info_hash);
