//! `webhooks`: who is told of finished tasks, and the ends that somebody has still to be told of.

use uuid::Uuid;

use super::TaskRow;
use crate::Result;

/// One receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    pub uuid: Uuid,
    pub url: String,
    /// As sealed by whoever keeps webhooks here.
    pub headers_sealed: Vec<u8>,
    /// The last end that it was told of; see [`TaskEnd::number`].
    pub told_up_to: u64,
    /// Milliseconds.
    pub created_at: i64,
}

/// The end of a task that clients see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Rises from end to end, and is never used again while there is a webhook.
    pub number: u64,
    pub task: TaskRow,
}

pub trait ReadWebhooks {
    /// Every webhook, by uuid.
    fn list(&self) -> Result<Vec<WebhookRow>>;

    /// Ends after a number, in their order, at most `limit`. A task that was deleted since is not among them.
    fn ends_after(&self, number: u64, limit: usize) -> Result<Vec<TaskEnd>>;
}

pub trait WriteWebhooks: ReadWebhooks {
    /// Adds a webhook; `Exists` for a uuid that another one has. It is told of tasks that end from now on, whatever the row says.
    fn insert(&mut self, row: &WebhookRow) -> Result<()>;

    /// Sets URL and headers; `Missing` if there is none of its uuid.
    fn update(&mut self, row: &WebhookRow) -> Result<()>;

    /// False if there was no such webhook.
    fn delete(&mut self, uuid: Uuid) -> Result<bool>;

    /// It has been told of every end up to this one. Ends that everybody was told of are forgotten.
    fn told(&mut self, uuid: Uuid, up_to: u64) -> Result<()>;
}
