//! `DELETE /tasks`: finished tasks are forgotten at once.

use std::collections::BTreeSet;

use miroir_core::access::Access;
use miroir_core::id::TaskUid;
use miroir_core::wire::task::TaskKind;
use miroir_store::table::{TaskListFilter, TaskRow};
use miroir_store::{Json, StoreError};
use serde_json::{Map, json};

use crate::app::App;
use crate::request::dispatch::new_row;
use crate::tasks::finish_at_once;
use crate::tasks::select::matched;

/// Forgets what the filter selects, as far as it is finished. `query` is the text that the client filtered with.
pub(crate) async fn remove(
    app: &App,
    filter: TaskListFilter,
    access: Access,
    query: &str,
) -> Result<TaskRow, StoreError> {
    let original_filter = format!("?{query}");
    let row = app
        .store
        .write(move |tx| {
            let matched = matched(tx, &filter, &access)?;
            let unfinished: BTreeSet<TaskUid> =
                tx.tasks().unfinished()?.iter().map(|row| row.uid).collect();
            let mut finished = matched.clone();
            finished.retain(|uid| !unfinished.contains(uid));
            let deleted = tx.tasks().delete(&finished)?;
            let details = Map::from_iter([
                ("matchedTasks".to_owned(), json!(matched.len())),
                ("deletedTasks".to_owned(), json!(deleted)),
                ("originalFilter".to_owned(), json!(original_filter)),
            ]);
            let mut row = new_row(None, TaskKind::TaskDeletion, &details, None);
            row.uid = tx.sequences().next_task_uid()?;
            let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
            finish_at_once(&mut row, batch, None, Json::of(&details));
            tx.tasks().insert(&row)?;
            Ok(row)
        })
        .await?;
    app.metrics.work.task_ended(row.status);
    Ok(row)
}
