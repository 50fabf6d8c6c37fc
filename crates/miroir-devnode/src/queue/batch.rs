//! Which tasks are done next, together.
//!
//! First cancelations (the latest first) and deletions of tasks, then everything else in the order it came. Consecutive
//! document writes and deletions by id of one index, and consecutive deletions of it, are one batch, as on a server;
//! whatever lies between them for the same index ends the batch. Unlike a server, settings tasks are done one by one.

use std::sync::Arc;

use super::state::State;
use super::task::{Content, Task};

/// More tasks than this are never done together.
const LARGEST_BATCH: usize = 1_000;

/// The next batch: never empty, and all about one index if there are several.
pub(crate) fn next(state: &State) -> Option<Vec<Arc<Task>>> {
    let open = || state.open.iter().filter_map(|uid| state.tasks.get(uid));
    let is_cancelation =
        |task: &&Arc<Task>| matches!(task.content, Content::TaskCancelation { .. });
    let is_deletion = |task: &&Arc<Task>| matches!(task.content, Content::TaskDeletion { .. });
    let urgent = open()
        .rev()
        .find(is_cancelation)
        .or_else(|| open().find(is_deletion));
    if let Some(task) = urgent {
        return Some(vec![Arc::clone(task)]);
    }

    let first = open().next()?;
    let mut batch = vec![Arc::clone(first)];
    let index = match first.content.index() {
        Some(index) if joins(&first.content) => index,
        _ => return Some(batch),
    };
    let known_key = state
        .indexes
        .get(index)
        .and_then(|entry| entry.primary_key.as_deref());
    // A write with another primary key than the index has fails, alone.
    if let (Some(known), Some(Some(named))) = (known_key, batch_key(&batch))
        && known != named
    {
        return Some(batch);
    }
    let followers = open()
        .skip(1)
        .filter(|task| task.content.indexes().contains(&index));
    for task in followers {
        if batch.len() == LARGEST_BATCH || !fits(&batch, &task.content, known_key) {
            break;
        }
        batch.push(Arc::clone(task));
    }
    Some(batch)
}

/// Whether a task can be done together with others at all.
fn joins(content: &Content) -> bool {
    matches!(
        content,
        Content::DocumentWrite {
            skip_creation: false,
            ..
        } | Content::DocumentDeletion { .. }
    )
}

/// Whether a task can be added to a batch. Tasks that name different primary keys, and tasks that name one while an
/// earlier one leaves it to be inferred, must not meet.
fn fits(batch: &[Arc<Task>], content: &Content, known_key: Option<&str>) -> bool {
    if !joins(content) {
        return false;
    }
    let Content::DocumentWrite {
        primary_key: Some(wanted),
        ..
    } = content
    else {
        return true;
    };
    if let Some(known) = known_key {
        return wanted == known && batch_key(batch).is_none_or(|key| key == Some(known));
    }
    match batch_key(batch) {
        None => true,
        Some(key) => key == Some(wanted),
    }
}

/// The primary key that the first write of the batch names; none if there is no write in it.
fn batch_key(batch: &[Arc<Task>]) -> Option<Option<&str>> {
    batch.iter().find_map(|task| match &task.content {
        Content::DocumentWrite { primary_key, .. } => Some(primary_key.as_deref()),
        _ => None,
    })
}
