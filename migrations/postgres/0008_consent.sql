-- Who does not want to be found: see indexer/src/hosts/consent. `kind` is `host` (then `name` is empty) or `actor`: an
-- account or a channel.
CREATE TABLE index_opt_outs (
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    proof TEXT NOT NULL,
    opted_out_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, host, name)
);
CREATE INDEX index_opt_outs_host ON index_opt_outs (host);

-- When an instance was last asked for its consent file.
ALTER TABLE index_hosts ADD COLUMN consent_checked_at TIMESTAMPTZ;

-- Lists of instances that are followed, and which instances each named when it was last read.
CREATE TABLE index_directories (
    address TEXT PRIMARY KEY,
    read_at TIMESTAMPTZ,
    read_completely_at TIMESTAMPTZ,
    tried_at TIMESTAMPTZ,
    last_error TEXT,
    host_count BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE index_directory_hosts (
    directory TEXT NOT NULL,
    host TEXT NOT NULL,
    PRIMARY KEY (directory, host)
);
CREATE INDEX index_directory_hosts_host ON index_directory_hosts (host);
