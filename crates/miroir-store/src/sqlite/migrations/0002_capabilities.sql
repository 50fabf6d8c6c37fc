-- What the capabilities remember. Times are integer milliseconds since 1970.

CREATE TABLE node_settings_version (
    index_uid   TEXT NOT NULL,
    node_id     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (index_uid, node_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    name        TEXT PRIMARY KEY,
    kind        TEXT NOT NULL, -- single | multi
    current_uid TEXT,
    target_uids TEXT,
    version     INTEGER NOT NULL,
    managed_by  TEXT,
    created_at  INTEGER NOT NULL,
    history     TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    principal            BLOB NOT NULL,
    session_id           TEXT NOT NULL,
    min_settings_version INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL,
    PRIMARY KEY (principal, session_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE session_writes (
    principal    BLOB NOT NULL,
    session_id   TEXT NOT NULL,
    index_uid    TEXT NOT NULL,
    task_uid     INTEGER NOT NULL,
    pinned_group INTEGER,
    written_at   INTEGER NOT NULL,
    PRIMARY KEY (principal, session_id, index_uid, task_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_cache (
    scope       BLOB NOT NULL,
    key         TEXT NOT NULL,
    body_sha256 BLOB NOT NULL,
    task_uid    INTEGER,
    status      INTEGER NOT NULL,
    response    BLOB,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
CREATE INDEX idempotency_cache_by_expiry ON idempotency_cache (expires_at);

-- A pending event has seq = -task_uid until its task has finished.
CREATE TABLE cdc_events (
    index_uid        TEXT NOT NULL,
    seq              INTEGER NOT NULL,
    event_id         TEXT NOT NULL,
    task_uid         INTEGER NOT NULL,
    state            TEXT NOT NULL, -- pending | ready
    operation        TEXT NOT NULL,
    keys             BLOB NOT NULL, -- compressed
    shards           TEXT NOT NULL,
    filter           TEXT,
    settings_version INTEGER NOT NULL,
    origin           TEXT NOT NULL,
    alias            TEXT,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (index_uid, seq)
) STRICT;

CREATE TABLE cdc_cursors (
    sink_name      TEXT NOT NULL,
    index_uid      TEXT NOT NULL,
    last_event_seq INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (sink_name, index_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdc_overflow (
    sink_name TEXT NOT NULL,
    n         INTEGER NOT NULL,
    event     BLOB NOT NULL,
    PRIMARY KEY (sink_name, n)
) STRICT;

CREATE TABLE ttl_policies (
    index_uid             TEXT PRIMARY KEY,
    sweep_interval_s      INTEGER,
    max_deletes_per_sweep INTEGER,
    enabled               INTEGER,
    updated_at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant_map (
    api_key_hash BLOB PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    group_id     INTEGER,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rollover_policies (
    name           TEXT PRIMARY KEY,
    write_alias    TEXT NOT NULL,
    read_alias     TEXT NOT NULL,
    pattern        TEXT NOT NULL,
    triggers_json  TEXT NOT NULL,
    retention_json TEXT NOT NULL,
    template_json  TEXT NOT NULL,
    enabled        INTEGER NOT NULL,
    source         TEXT NOT NULL, -- config | api
    last_action    TEXT
) STRICT;

CREATE TABLE rollover_indexes (
    policy     TEXT NOT NULL,
    index_uid  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (policy, index_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings_profiles (
    name       TEXT PRIMARY KEY,
    settings   TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE canaries (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    index_uid       TEXT NOT NULL,
    interval_s      INTEGER NOT NULL,
    query_json      TEXT NOT NULL,
    assertions_json TEXT NOT NULL,
    enabled         INTEGER NOT NULL,
    source          TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE canary_runs (
    canary_id              TEXT NOT NULL REFERENCES canaries (id) ON DELETE CASCADE,
    ran_at                 INTEGER NOT NULL,
    status                 TEXT NOT NULL, -- pass | fail | error
    latency_ms             INTEGER NOT NULL,
    failed_assertions_json TEXT,
    PRIMARY KEY (canary_id, ran_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE canary_captures (
    index_uid   TEXT PRIMARY KEY,
    remaining   INTEGER NOT NULL,
    name_prefix TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE search_ui_config (
    index_uid   TEXT PRIMARY KEY,
    config_json TEXT NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE search_ui_locales (
    lang         TEXT PRIMARY KEY,
    strings_json TEXT NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE search_ui_scoped_keys (
    index_uid    TEXT PRIMARY KEY,
    primary_uid  TEXT NOT NULL,
    previous_uid TEXT,
    rotated_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    rotate_now   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE search_ui_observations (
    index_uid   TEXT NOT NULL,
    process_id  TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    PRIMARY KEY (index_uid, process_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin_sessions (
    session_id      TEXT PRIMARY KEY, -- SHA-256 of the random id
    csrf_token_hash TEXT NOT NULL,
    admin_key_hash  TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked         INTEGER NOT NULL,
    user_agent      TEXT NOT NULL,
    source_ip       TEXT NOT NULL
) STRICT;
CREATE INDEX admin_sessions_by_expiry ON admin_sessions (expires_at);

CREATE TABLE admin_audit (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    source_ip  TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    detail     TEXT NOT NULL -- no secrets
) STRICT;
