-- Tasks are listed by the batch they were done in.

CREATE INDEX tasks_by_batch ON tasks (batch_uid, visible) WHERE batch_uid IS NOT NULL;
