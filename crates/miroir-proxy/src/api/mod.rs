//! One file per Meilisearch resource. A handler extracts, calls the request's story, and replies.

pub(crate) mod backups;
pub(crate) mod batches;
pub(crate) mod documents;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod features;
pub(crate) mod health;
pub(crate) mod indexes;
pub(crate) mod keys;
pub(crate) mod refused;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod similar;
pub(crate) mod stats;
pub(crate) mod tasks;
pub(crate) mod templates;
pub(crate) mod version;
pub(crate) mod webhooks;

use tokio::task::JoinHandle;

use crate::http::reply::{Failure, Reply};
use crate::request::dispatch::Accepted;

/// Waits for a write's story and answers with its task.
async fn task_reply(story: JoinHandle<Result<Accepted, Failure>>) -> Result<Reply, Failure> {
    let accepted = story.await.map_err(Failure::internal)??;
    Ok(Reply::accepted(&crate::tasks::summary(&accepted.task)).degraded(accepted.degraded))
}
