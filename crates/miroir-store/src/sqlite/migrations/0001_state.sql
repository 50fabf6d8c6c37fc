-- Catalog, cluster, writes, tasks and copies. Times are integer milliseconds since 1970 unless a column says otherwise.
-- Every table exists whatever is switched on: an empty one costs a page, a table per feature would cost a migration per switch.

CREATE TABLE cluster (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sequences (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog (
    uid                  TEXT PRIMARY KEY,
    current_node_uid     TEXT NOT NULL UNIQUE,
    generation           INTEGER NOT NULL,
    primary_key          TEXT,
    shards               INTEGER NOT NULL,
    user_settings        TEXT NOT NULL,
    settings_version     INTEGER NOT NULL,
    settings_fingerprint BLOB NOT NULL,
    ids_case_folded      INTEGER NOT NULL,
    frozen_reason        TEXT,
    created_at           TEXT NOT NULL, -- RFC 3339, 9 digits
    updated_at           TEXT NOT NULL, -- RFC 3339, 9 digits
    settings_view        TEXT           -- JSON as clients read it back; null until the index exists on the nodes
) STRICT;

CREATE TABLE index_generations (
    node_uid   TEXT PRIMARY KEY,
    index_uid  TEXT NOT NULL,
    generation INTEGER NOT NULL,
    shards     INTEGER NOT NULL,
    state      TEXT NOT NULL, -- building | live | retained | dropping
    created_at INTEGER NOT NULL,
    retire_at  INTEGER
) STRICT;
CREATE INDEX index_generations_by_index ON index_generations (index_uid);

CREATE TABLE nodes (
    id            TEXT PRIMARY KEY,
    address       TEXT NOT NULL,
    replica_group INTEGER NOT NULL,
    membership    TEXT NOT NULL, -- joining | active | draining | removed
    health        TEXT NOT NULL, -- healthy | degraded | failed
    version       TEXT NOT NULL,
    last_task_uid INTEGER,       -- highest task uid ever seen on the node; lower numbers later mean that it was reset
    incarnation   TEXT NOT NULL,
    ejected       INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    last_seen_at  INTEGER
) STRICT;

CREATE TABLE replica_groups (
    id         INTEGER PRIMARY KEY,
    state      TEXT NOT NULL, -- initializing | active | draining
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE topology_epochs (
    epoch      INTEGER PRIMARY KEY,
    snapshot   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER
) STRICT;

CREATE TABLE epoch_acks (
    epoch      INTEGER NOT NULL REFERENCES topology_epochs (epoch) ON DELETE CASCADE,
    process_id TEXT NOT NULL,
    acked_at   INTEGER NOT NULL,
    PRIMARY KEY (epoch, process_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE processes (
    process_id           TEXT PRIMARY KEY,
    address              TEXT NOT NULL,
    started_at           INTEGER NOT NULL,
    heartbeat_at         INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL,
    epoch_acked          INTEGER NOT NULL,
    freshness_acked      INTEGER NOT NULL,
    build                TEXT NOT NULL,
    config_digest        BLOB NOT NULL,
    jwt_kids             TEXT NOT NULL,
    node_key_fingerprint TEXT NOT NULL
) STRICT;

-- No value column: a key's value is HMAC-SHA256(master key, uid).
CREATE TABLE keys (
    uid         TEXT PRIMARY KEY,
    name        TEXT,
    description TEXT,
    actions     TEXT NOT NULL,
    indexes     TEXT NOT NULL,
    expires_at  TEXT,          -- RFC 3339
    created_at  TEXT NOT NULL, -- RFC 3339
    updated_at  TEXT NOT NULL  -- RFC 3339
) STRICT;

CREATE TABLE features (
    name    TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (
    uuid           TEXT PRIMARY KEY,
    url            TEXT NOT NULL,
    headers_sealed BLOB NOT NULL,
    last_task_uid  INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE runtime_config (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
    uid             INTEGER PRIMARY KEY,
    batch_uid       INTEGER,
    kind            TEXT NOT NULL,
    visible         INTEGER NOT NULL,
    index_uid       TEXT,
    addressed_as    TEXT,
    status          TEXT NOT NULL, -- enqueued | processing | succeeded | failed | canceled
    origin          TEXT NOT NULL,
    canceled_by     INTEGER,
    details         TEXT NOT NULL,
    error           TEXT,
    custom_metadata TEXT,
    degraded        TEXT,
    enqueued_at     INTEGER NOT NULL, -- nanoseconds
    started_at      INTEGER,          -- nanoseconds
    finished_at     INTEGER,          -- nanoseconds
    applied_at      INTEGER,
    position        INTEGER,
    work            TEXT              -- JSON: what remains to be done when the legs have ended
) STRICT;
CREATE INDEX tasks_by_index ON tasks (index_uid, uid, visible);
CREATE INDEX tasks_by_status ON tasks (status, uid, visible);
CREATE INDEX tasks_by_kind ON tasks (kind, uid, visible);
CREATE INDEX tasks_by_finish ON tasks (finished_at);
-- Totals of the task list are counted on indexes, because rows are wide.
CREATE INDEX tasks_visible ON tasks (uid) WHERE visible = 1;

CREATE TABLE node_tasks (
    task_uid      INTEGER NOT NULL REFERENCES tasks (uid) ON DELETE CASCADE,
    node_id       TEXT NOT NULL,
    leg           INTEGER NOT NULL,
    node_uid      TEXT NOT NULL,
    shards        TEXT NOT NULL,
    state         TEXT NOT NULL, -- planned | sent | acked | unknown | succeeded | failed | skipped
    node_task_uid INTEGER,
    attempts      INTEGER NOT NULL,
    planned_at    INTEGER NOT NULL,
    sent_at       INTEGER,
    error         TEXT,
    PRIMARY KEY (task_uid, node_id, leg)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_tasks_by_state ON node_tasks (state);
CREATE INDEX node_tasks_by_node ON node_tasks (node_id, node_task_uid);

CREATE TABLE sequencer (
    index_uid     TEXT PRIMARY KEY,
    next_position INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    hlc           BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE staleness (
    node_uid       TEXT NOT NULL,
    shard          INTEGER NOT NULL,
    node_id        TEXT NOT NULL,
    since_position INTEGER NOT NULL,
    reason         TEXT NOT NULL, -- missed | refused | node_reset | diverged | move | restore
    task_uid       INTEGER,
    state          TEXT NOT NULL, -- stale | repairing | verifying
    freshness      INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (node_uid, shard, node_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE moves (
    id                 TEXT PRIMARY KEY,
    operation_id       TEXT NOT NULL,
    index_uid          TEXT NOT NULL,
    node_uid           TEXT NOT NULL,
    shard              INTEGER NOT NULL,
    "group"            INTEGER NOT NULL,
    source             TEXT,
    destination        TEXT NOT NULL,
    state              TEXT NOT NULL,
    resumes_to         TEXT,
    epoch              INTEGER NOT NULL,
    documents_total    INTEGER NOT NULL,
    documents_copied   INTEGER NOT NULL,
    documents_compared INTEGER NOT NULL,
    retries            INTEGER NOT NULL,
    error              TEXT,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE TABLE operations (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    scope       TEXT NOT NULL,
    phase       TEXT NOT NULL,
    state       TEXT NOT NULL,
    lease_epoch INTEGER NOT NULL,
    task_uid    INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT,
    error       TEXT
) STRICT;
CREATE UNIQUE INDEX operations_unfinished ON operations (scope) WHERE finished_at IS NULL;

CREATE TABLE jobs (
    id               TEXT PRIMARY KEY,
    type             TEXT NOT NULL,
    params           TEXT NOT NULL,
    state            TEXT NOT NULL, -- queued | in_progress | delegated | completed | failed | canceled
    claimed_by       TEXT,
    claim_epoch      INTEGER NOT NULL,
    claim_expires_at INTEGER,
    progress         TEXT NOT NULL,
    attempts         INTEGER NOT NULL,
    parent           TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, type);

CREATE TABLE job_payloads (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    piece  INTEGER NOT NULL,
    bytes  BLOB NOT NULL, -- compressed, at most 1 MiB
    PRIMARY KEY (job_id, piece)
) STRICT;

-- A row outlives its lease, because its epoch must never go back.
CREATE TABLE leader_lease (
    scope      TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstones (
    index_uid TEXT NOT NULL,
    shard     INTEGER NOT NULL,
    version   BLOB NOT NULL,
    n         INTEGER NOT NULL,
    kind      TEXT NOT NULL, -- key | filter | all | edit
    key       TEXT,
    filter    TEXT,
    PRIMARY KEY (index_uid, shard, version, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_by_key ON tombstones (index_uid, shard, key);

CREATE TABLE antientropy_cursors (
    node_uid          TEXT NOT NULL,
    shard             INTEGER NOT NULL,
    last_completed_at INTEGER NOT NULL,
    last_digest       BLOB NOT NULL,
    undecided         TEXT NOT NULL,
    PRIMARY KEY (node_uid, shard)
) STRICT, WITHOUT ROWID;
