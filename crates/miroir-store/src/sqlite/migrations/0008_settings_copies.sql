-- The settings of an index that each node was last seen to have. The table before it was keyed by the name that clients use,
-- which renames and swaps change; nothing has ever written to it.

DROP TABLE node_settings_version;

CREATE TABLE settings_copies (
    node_uid    TEXT NOT NULL,
    node_id     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    state       TEXT NOT NULL, -- in_line | behind | drifted
    verified_at INTEGER NOT NULL,
    PRIMARY KEY (node_uid, node_id)
) STRICT, WITHOUT ROWID;
