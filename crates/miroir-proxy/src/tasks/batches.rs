//! Batches as clients see them: Miroir's own tasks, alone or with those that a cancelation ended.

use miroir_core::wire::task::{BatchView, PROCESSING, Progress, Step};
use miroir_store::StoreError;
use miroir_store::table::TaskRow;

use crate::app::App;
use crate::tasks::{OpenTask, view};

/// The batch of these rows, which are in the order of their uids.
pub(crate) fn batch_view(app: &App, uid: u32, rows: &[TaskRow]) -> Result<BatchView, StoreError> {
    let tasks = rows.iter().map(|row| view(app, row));
    let tasks = tasks.collect::<Result<Vec<_>, _>>()?;
    let open = rows.iter().find_map(|row| app.open_tasks.get(row.uid));
    Ok(BatchView::of(uid, &tasks, open.as_ref().map(progress)))
}

/// The nodes' requests that have ended, of all of them.
fn progress(task: &OpenTask) -> Progress {
    let count = |legs: usize| u32::try_from(legs).unwrap_or(u32::MAX);
    let finished = task.legs.iter().filter(|leg| leg.state.is_finished());
    let (finished, total) = (count(finished.count()), count(task.legs.len()));
    Progress {
        percentage: finished as f32 / total.max(1) as f32 * 100.0,
        steps: vec![Step {
            current_step: PROCESSING,
            finished,
            total,
        }],
    }
}
