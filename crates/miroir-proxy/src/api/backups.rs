//! `/dumps` and `/snapshots`.

use std::sync::Arc;

use axum::extract::State;

use crate::app::App;
use crate::http::reply::{Failure, Reply};
use crate::request::backups::{Backup, back_up};

pub(crate) async fn dump(State(app): State<Arc<App>>) -> Result<Reply, Failure> {
    answer(&app, Backup::Dump).await
}

pub(crate) async fn snapshot(State(app): State<Arc<App>>) -> Result<Reply, Failure> {
    answer(&app, Backup::Snapshot).await
}

async fn answer(app: &Arc<App>, backup: Backup) -> Result<Reply, Failure> {
    let accepted = back_up(app, backup).await?;
    Ok(Reply::accepted(&crate::tasks::summary(&accepted.task)))
}
