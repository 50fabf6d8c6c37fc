-- Who is told of finished tasks, and up to which end. Takes the place of a table that no version has used.
DROP TABLE IF EXISTS webhooks;
CREATE TABLE webhooks (
    uuid           TEXT PRIMARY KEY,
    url            TEXT NOT NULL,
    headers_sealed BLOB NOT NULL,
    told_up_to     INTEGER NOT NULL, -- task_ends.number
    created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The tasks that clients see, in the order in which they ended, while some webhook has not been told. Numbers are never used again.
CREATE TABLE task_ends (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    task_uid INTEGER NOT NULL REFERENCES tasks (uid) ON DELETE CASCADE
) STRICT;
CREATE INDEX task_ends_by_task ON task_ends (task_uid);

CREATE TRIGGER task_has_ended AFTER UPDATE OF finished_at ON tasks
WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.visible = 1 AND EXISTS (SELECT 1 FROM webhooks)
BEGIN
    INSERT INTO task_ends (task_uid) VALUES (NEW.uid);
END;
CREATE TRIGGER task_begins_ended AFTER INSERT ON tasks
WHEN NEW.finished_at IS NOT NULL AND NEW.visible = 1 AND EXISTS (SELECT 1 FROM webhooks)
BEGIN
    INSERT INTO task_ends (task_uid) VALUES (NEW.uid);
END;
