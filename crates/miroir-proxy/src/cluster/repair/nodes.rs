//! What a repair asks of one node, and how it waits for the node to have applied what it was sent.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use miroir_core::document::marker;
use miroir_core::document::primary_key::{Repeats, find};
use miroir_core::id::{NodeId, NodeUid, Shard, ShardSet};
use miroir_core::wire::raw::{elements, members};
use miroir_node::{Answer, Call, NodeError, NodeTask};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::Instant;

use crate::app::App;
use crate::request::stats;

/// A long list takes its time; what is slow here must not make the node look sick.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LONGEST_LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Error)]
pub(crate) enum NodeTrouble {
    #[error(transparent)]
    Silent(#[from] NodeError),
    #[error("node `{node}` answers {status} to {what}: {text}")]
    Unwilling {
        node: NodeId,
        what: &'static str,
        status: StatusCode,
        text: String,
    },
    #[error("node `{node}` answers {what} in a form that is not known")]
    Unreadable { node: NodeId, what: &'static str },
}

/// One index on one node.
pub(crate) struct Copy<'a> {
    pub(crate) app: &'a App,
    pub(crate) node: &'a NodeId,
    pub(crate) index: &'a NodeUid,
}

/// Documents of a node by id, as the node wrote them.
pub(super) struct Documents {
    pub(super) by_id: HashMap<String, Bytes>,
    /// Of the whole answer.
    pub(super) bytes: usize,
}

impl Copy<'_> {
    /// Waits until the node has applied everything that it has been sent for this index so far.
    ///
    /// A node works on the tasks of one index in their order: when the newest has ended, all have.
    pub(crate) async fn caught_up(&self) -> Result<(), NodeTrouble> {
        #[derive(Deserialize)]
        struct Page {
            results: Vec<Task>,
        }
        #[derive(Deserialize)]
        struct Task {
            uid: u32,
        }
        let what = "its newest task";
        let path = format!("/tasks?limit=1&indexUids={}", self.index);
        let page: Page = self.read(what, &self.get(&path).await?)?;
        let Some(newest) = page.results.first().map(|task| task.uid) else {
            return Ok(());
        };
        self.finished(newest).await.map(drop)
    }

    /// Waits until a task of the node has ended.
    async fn finished(&self, task: u32) -> Result<NodeTask, NodeTrouble> {
        let path = format!("/tasks/{task}");
        let mut pause = FIRST_LOOK;
        loop {
            let task: NodeTask = self.read("a task", &self.get(&path).await?)?;
            if task.is_finished() {
                return Ok(task);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_LOOK);
        }
    }

    /// Waits until every task has ended; whether the last one succeeded.
    pub(crate) async fn ended(&self, tasks: &[u32]) -> Result<bool, NodeTrouble> {
        let mut succeeded = true;
        for task in tasks {
            succeeded = self.finished(*task).await?.succeeded();
        }
        Ok(succeeded)
    }

    /// A part of the index as the node shows it; `None` if the node does not have it.
    pub(super) async fn part(&self, path: &str) -> Result<Option<Value>, NodeTrouble> {
        let answer = self.get(path).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.read("an index", &answer).map(Some)
    }

    /// The documents of every shard that the node holds.
    pub(super) async fn counts(&self) -> Result<BTreeMap<Shard, u64>, NodeTrouble> {
        let path = format!("/indexes/{}/search", self.index);
        let call = Call::read(Method::POST, path, Instant::now() + READ_TIMEOUT)
            .json(stats::marker_request(None, None));
        let answer = self.app.cluster.call(self.node, call).await?;
        self.accept("facet counts", &answer)?;
        stats::read_counts(&answer.body).map_err(|_| self.unreadable("facet counts"))
    }

    /// The ids of all documents of these shards, in one answer and so at one moment.
    pub(super) async fn list(
        &self,
        shards: &ShardSet,
        primary_key: &str,
    ) -> Result<Vec<String>, NodeTrouble> {
        let markers: Vec<String> = shards
            .iter()
            .map(|shard| format!("\"{}\"", marker::of_shard(shard)))
            .collect();
        // Fewer documents than a node can hold, more than it will.
        let body = json!({
            "filter": format!("{} IN [{}]", marker::SHARD_FIELD, markers.join(", ")),
            "fields": [primary_key],
            "limit": u32::MAX,
        });
        let listed = self
            .fetch("a list of documents", &body, primary_key)
            .await?;
        Ok(listed.by_id.into_keys().collect())
    }

    /// These documents, with their vectors.
    pub(super) async fn documents(
        &self,
        ids: &[String],
        primary_key: &str,
    ) -> Result<Documents, NodeTrouble> {
        let body = json!({"ids": ids, "limit": ids.len(), "retrieveVectors": true});
        self.fetch("documents", &body, primary_key).await
    }

    async fn fetch(
        &self,
        what: &'static str,
        body: &Value,
        primary_key: &str,
    ) -> Result<Documents, NodeTrouble> {
        let path = format!("/indexes/{}/documents/fetch", self.index);
        let call =
            Call::read(Method::POST, path, Instant::now() + READ_TIMEOUT).json(body.to_string());
        let answer = self.app.cluster.call(self.node, call).await?;
        self.accept(what, &answer)?;
        let unreadable = || self.unreadable(what);
        let mut by_id = HashMap::new();
        for member in members(&answer.body) {
            let member = member.map_err(|_| unreadable())?;
            if !member.key.is("results") {
                continue;
            }
            for document in elements(member.value) {
                let document = document.map_err(|_| unreadable())?;
                let raw: &RawValue = serde_json::from_slice(document).map_err(|_| unreadable())?;
                let id = find(raw, primary_key, Repeats::LastWins).map_err(|_| unreadable())?;
                by_id.insert(id.into_owned(), answer.body.slice_ref(document));
            }
        }
        Ok(Documents {
            by_id,
            bytes: answer.body.len(),
        })
    }

    async fn get(&self, path: &str) -> Result<Answer, NodeTrouble> {
        let call = Call::get(path, Instant::now() + READ_TIMEOUT);
        Ok(self.app.cluster.call(self.node, call).await?)
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        answer: &Answer,
    ) -> Result<T, NodeTrouble> {
        self.accept(what, answer)?;
        answer.json().map_err(|_| self.unreadable(what))
    }

    fn accept(&self, what: &'static str, answer: &Answer) -> Result<(), NodeTrouble> {
        if answer.is_success() {
            return Ok(());
        }
        Err(NodeTrouble::Unwilling {
            node: self.node.clone(),
            what,
            status: answer.status,
            text: String::from_utf8_lossy(&answer.body).into_owned(),
        })
    }

    fn unreadable(&self, what: &'static str) -> NodeTrouble {
        NodeTrouble::Unreadable {
            node: self.node.clone(),
            what,
        }
    }
}
