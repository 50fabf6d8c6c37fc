-- Exact dictionary mode: the words of an index, as they are written into its lexicon documents, and how many of them each
-- node has.

CREATE TABLE lexicons (
    node_uid  TEXT    NOT NULL PRIMARY KEY,
    index_uid TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    -- The settings that the words were gathered by.
    rules     TEXT    NOT NULL,
    -- While documents are read for their words: how many shards have been read.
    scanned   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Append-only but for a new beginning. The parts of a document, in their order, are its content.
CREATE TABLE lexicon_words (
    node_uid TEXT    NOT NULL REFERENCES lexicons (node_uid) ON DELETE CASCADE,
    document INTEGER NOT NULL,
    part     INTEGER NOT NULL,
    field    TEXT    NOT NULL,
    words    TEXT    NOT NULL,
    PRIMARY KEY (node_uid, document, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE lexicon_copies (
    node_uid  TEXT    NOT NULL REFERENCES lexicons (node_uid) ON DELETE CASCADE,
    node_id   TEXT    NOT NULL,
    -- The node has every part before this one.
    document  INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    -- Lexicon documents with this number or a higher one were never sent.
    documents INTEGER NOT NULL,
    PRIMARY KEY (node_uid, node_id)
) STRICT, WITHOUT ROWID;
