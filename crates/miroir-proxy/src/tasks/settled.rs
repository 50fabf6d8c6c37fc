//! After a change of settings: what the next one builds on, and the nodes that do not have what was committed.

use std::sync::Arc;

use miroir_core::wire::task::TaskStatus;

use crate::app::App;
use crate::tasks::OpenTask;

/// The operations after the last change of settings build on what was committed, whether the change succeeded or not. Nodes that
/// `lag` behind are told it again, and those that have taken one that failed or was canceled are put back, whatever the configuration says of drift.
pub(super) async fn settle(app: &Arc<App>, task: &OpenTask, ended: TaskStatus, lag: bool) {
    let Some((index, mut turn)) = app.sequencers.turn_of(&task.node_uid, &app.catalog).await else {
        return;
    };
    // The last of several changes settles for all: it was built on those before it.
    if let Some(head) = turn.as_mut()
        && !app.open_tasks.changes_settings_of(&task.node_uid)
    {
        head.settings = index.settings.clone();
    }
    drop(turn);
    let came_to_nothing = ended != TaskStatus::Succeeded;
    if came_to_nothing || lag {
        app.settings.suspect(&task.node_uid, came_to_nothing);
    }
}
