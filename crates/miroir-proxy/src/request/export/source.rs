//! What is exported: settings as the user set them, and each document from one copy of its shard.
//!
//! The ids of a shard are listed in one answer, and so at one moment: a document that is there the whole time is exported, whatever
//! is written meanwhile.

use std::sync::Arc;
use std::time::Duration;

use miroir_core::document::digest::transfer;
use miroir_core::document::primary_key::{Repeats, find};
use miroir_core::error::ApiError;
use miroir_core::id::{Shard, ShardSet};
use miroir_core::merge::member_order::write_document;
use miroir_core::plan::Constraints;
use miroir_core::wire::documents::BrowseQuery;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::target::Target;
use super::{Stopped, failed};
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;
use crate::request::browse::{body, results, scatter_fetch, sort_by_key};
use crate::request::twin;

/// Documents that are read in one request; with vectors they may be long.
const AT_ONCE: usize = 500;
/// After no fresh copy of a shard could be read.
const PAUSE: Duration = Duration::from_secs(1);

/// The documents of one index that match.
pub(super) struct Source<'a> {
    app: &'a Arc<App>,
    index: &'a Index,
    filter: Option<&'a Value>,
}

impl<'a> Source<'a> {
    pub(super) fn new(app: &'a Arc<App>, index: &'a Index, filter: Option<&'a Value>) -> Self {
        Self { app, index, filter }
    }

    /// Fails with what a server would say against the filter.
    pub(super) async fn check_filter(&self) -> Result<(), Stopped> {
        let query = BrowseQuery {
            filter: self.filter.cloned(),
            ..BrowseQuery::default()
        };
        let checked = twin::check_browse(self.app, self.index, &query).await;
        checked.map_err(|failure| self.stopped(&failure))
    }

    /// Sends all documents in requests of about `most` bytes; returns their number.
    pub(super) async fn copy(&self, target: &Target, most: u64) -> Result<u64, Stopped> {
        let Some(key) = self.index.primary_key() else {
            return Ok(0);
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut buffer = Vec::new();
        let mut documents = 0;
        for shard in self.index.shards().all().iter() {
            let ids = self.ids(shard, key).await?;
            for ids in ids.chunks(AT_ONCE) {
                for document in self.documents(shard, ids).await? {
                    documents += 1;
                    let line = self.line(&document)?;
                    if !buffer.is_empty() && buffer.len() + line.len() > most {
                        target.add_documents(self.index, &buffer).await?;
                        buffer.clear();
                    }
                    buffer.extend_from_slice(&line);
                    buffer.push(b'\n');
                }
            }
        }
        if !buffer.is_empty() {
            target.add_documents(self.index, &buffer).await?;
        }
        Ok(documents)
    }

    /// The ids of the shard's documents that match, in their order.
    async fn ids(&self, shard: Shard, key: &str) -> Result<Vec<String>, Stopped> {
        let query = BrowseQuery {
            fields: Some(vec![key.to_owned()]),
            filter: self.filter.cloned(),
            ..BrowseQuery::default()
        };
        // Fewer documents than a node can hold, more than it will.
        let listed = self.fetch(shard, &query, u32::MAX.into()).await?;
        let id = |document: &Vec<u8>| {
            let document: &RawValue = serde_json::from_slice(document).map_err(unreadable)?;
            let id = find(document, key, Repeats::LastWins).map_err(Stopped::Failed)?;
            Ok(id.into_owned())
        };
        listed.iter().map(id).collect()
    }

    async fn documents(&self, shard: Shard, ids: &[String]) -> Result<Vec<Vec<u8>>, Stopped> {
        let query = BrowseQuery {
            ids: Some(ids.iter().map(|id| json!(id)).collect()),
            retrieve_vectors: true,
            ..BrowseQuery::default()
        };
        self.fetch(shard, &query, ids.len() as u64).await
    }

    /// Asks one fresh copy of the shard; waits for one.
    async fn fetch(
        &self,
        shard: Shard,
        query: &BrowseQuery,
        limit: u64,
    ) -> Result<Vec<Vec<u8>>, Stopped> {
        let constraints = Constraints {
            narrowed: Some([shard].into_iter().collect::<ShardSet>()),
            ..Constraints::default()
        };
        let order = sort_by_key(self.index);
        loop {
            let gathered = scatter_fetch(self.app, self.index, &constraints, |clauses| {
                body(self.index, query, clauses, order.clone(), 0, limit)
            });
            match gathered.await {
                Ok(gathered) if gathered.uncovered.is_empty() => {
                    let mut documents = Vec::new();
                    for leg in &gathered.answers {
                        let found = results(&leg.answer);
                        documents.extend(found.map_err(|failure| self.stopped(&failure))?);
                    }
                    return Ok(documents);
                }
                Err(failure) if !is_passing(&failure) => return Err(self.stopped(&failure)),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// A document as clients see it, with its vectors.
    fn line(&self, document: &[u8]) -> Result<Vec<u8>, Stopped> {
        let mut seen = Vec::with_capacity(document.len());
        write_document(document, &self.index.view, |_| false, &mut seen).map_err(unreadable)?;
        let mut line = Vec::with_capacity(seen.len());
        transfer(&seen, &mut line).map_err(unreadable)?;
        Ok(line)
    }

    /// The end of the task, in the words of a server, which names the index first.
    fn stopped(&self, failure: &Failure) -> Stopped {
        let error = match failure {
            Failure::Error { error, .. } => Some(error.clone()),
            Failure::Relayed { body, .. } => serde_json::from_slice::<ApiError>(body).ok(),
        };
        match error {
            Some(mut error) => {
                error.message = format!("Index `{}`: {}", self.index.row.uid, error.message);
                Stopped::Failed(error)
            }
            None => failed("A node's refusal cannot be read.".to_owned()),
        }
    }
}

/// Whether another try may succeed.
fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Error { error, .. } => error.status() == 503,
        Failure::Relayed { status, .. } => status.is_server_error(),
    }
}

fn unreadable(error: impl std::fmt::Display) -> Stopped {
    failed(format!("A node's documents cannot be read: {error}"))
}

/// Every setting, secrets included: what clients read back, and over it what the user set.
pub(super) fn settings(index: &Index) -> Value {
    let view = index.settings_view.as_deref();
    let mut settings = Value::Object(view.cloned().unwrap_or_default());
    overlay(&mut settings, index.settings.as_object());
    settings
}

fn overlay(shown: &mut Value, set: &Map<String, Value>) {
    let Value::Object(shown) = shown else { return };
    for (name, value) in set.iter().filter(|(_, value)| !value.is_null()) {
        match (shown.get_mut(name), value) {
            (Some(inner @ Value::Object(_)), Value::Object(set)) => overlay(inner, set),
            (Some(inner), _) => *inner = value.clone(),
            // What is not shown is off, or gone.
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::overlay;

    #[test]
    fn secrets_are_those_that_the_user_set() {
        let mut settings = json!({
            "embedders": {"a": {"source": "openAi", "apiKey": "XXX...", "model": "small"}},
            "stopWords": [],
            "pagination": {"maxTotalHits": 1000},
        });
        let set = json!({
            "embedders": {"a": {"source": "openAi", "apiKey": "secret"}},
            "stopWords": ["a"],
            "pagination": null,
            "chat": {"description": "films"},
        });
        overlay(&mut settings, set.as_object().expect("an object"));
        assert_eq!(
            settings,
            json!({
                "embedders": {"a": {"source": "openAi", "apiKey": "secret", "model": "small"}},
                "stopWords": ["a"],
                "pagination": {"maxTotalHits": 1000},
            })
        );
    }
}
