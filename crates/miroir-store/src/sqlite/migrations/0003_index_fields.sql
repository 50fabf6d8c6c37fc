-- The order in which an index's top-level fields are shown: names in order of first appearance in the sequencer.

CREATE TABLE index_fields (
    node_uid TEXT NOT NULL,
    place    INTEGER NOT NULL, -- from 0
    name     TEXT NOT NULL,
    PRIMARY KEY (node_uid, place)
) STRICT, WITHOUT ROWID;
