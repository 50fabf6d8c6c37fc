//! Task rows as clients see them.

use miroir_core::wire::task::{Details, SummarizedTask, TaskKind, TaskStatus, TaskView};
use miroir_core::wire::time::Timestamp;
use miroir_store::StoreError;
use miroir_store::table::TaskRow;
use serde_json::{Map, Value};

use crate::app::App;

/// The answer to the request that made the task.
pub(crate) fn summary(row: &TaskRow) -> SummarizedTask {
    SummarizedTask {
        task_uid: row.uid.0,
        index_uid: row.index_uid.as_ref().map(ToString::to_string),
        status: TaskStatus::Enqueued,
        kind: row.kind,
        enqueued_at: timestamp(row.enqueued_at),
        custom_metadata: row.custom_metadata.clone(),
    }
}

/// The task as `GET /tasks` shows it. While a task is open its row may be ahead of what readers can see, so what is open decides.
pub(crate) fn view(app: &App, row: &TaskRow) -> Result<TaskView, StoreError> {
    let mut row = row.clone();
    if let Some(open) = app.open_tasks.get(row.uid) {
        let since = open.processing_since();
        row.status = match since {
            Some(_) => TaskStatus::Processing,
            None => TaskStatus::Enqueued,
        };
        row.started_at = since.map(|since| since.max(row.enqueued_at));
        row.finished_at = None;
        row.error = None;
        row.details = miroir_store::Json::of(&open.details);
    }
    if app.open_tasks.is_concealed(row.uid) && row.finished_at.is_some() {
        row.status = TaskStatus::Processing;
        row.finished_at = None;
        row.error = None;
    }
    let details: Map<String, Value> = row.details.parse()?;
    Ok(TaskView {
        uid: row.uid.0,
        // It is reserved from the beginning.
        batch_uid: row.batch_uid.filter(|_| row.status != TaskStatus::Enqueued),
        index_uid: row.index_uid.as_ref().map(ToString::to_string),
        status: row.status,
        kind: row.kind,
        canceled_by: row.canceled_by.map(|uid| uid.0),
        // Of a snapshot there is nothing to tell.
        details: (row.kind != TaskKind::SnapshotCreation)
            .then(|| Details::of_kind(row.kind, details)),
        error: row.error.as_ref().map(|error| error.parse()).transpose()?,
        enqueued_at: timestamp(row.enqueued_at),
        started_at: row.started_at.map(timestamp),
        finished_at: row.finished_at.map(timestamp),
        custom_metadata: row.custom_metadata,
    })
}

fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanoseconds(i128::from(nanoseconds))
        .expect("64 bits of nanoseconds lie within the calendar")
}
