//! Reads the documents that were there before their writes were looked at, once, shard by shard.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use miroir_core::document::primary_key::{self, Repeats};
use miroir_core::id::{NodeId, Shard};
use miroir_core::plan::{self, Constraints, ShardClause};
use miroir_node::Call;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::lexicon::Lexicon;
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::{Cause, chain};

/// Documents that are read at once.
const PAGE: usize = 200;
/// After something went wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads every shard from `first` on. A new beginning, or the end of the index, ends it early.
pub(super) async fn scan(app: Arc<App>, lexicon: Arc<Lexicon>, generation: u64, first: u16) {
    await_writes(&app, &lexicon).await;
    let mut next = first;
    while lexicon.is_generation(generation) && !lexicon.is_removing() {
        let Some(index) = app.catalog.of_node_uid(&lexicon.node_uid) else {
            break;
        };
        let count = index.shards().get();
        let read = match next < count {
            true => scan_shard(&app, &index, &lexicon, Shard(next)).await,
            false => Ok(()),
        };
        if let Err(error) = read {
            tracing::warn!(index = %lexicon.node_uid, shard = next, error = %chain(&*error), "documents cannot be read for their words");
            sleep(PAUSE).await;
            continue;
        }
        next = (next + 1).min(count);
        match lexicon.scanned(&app.store, generation, next, count).await {
            Ok(true) if next < count => {}
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, "the state of a lexicon cannot be stored");
                sleep(PAUSE).await;
            }
        }
    }
    lexicon.release_scan(generation);
    app.dictionary.ring();
}

/// Writes that were sequenced before the lexicon began have not been looked at, so they must be visible before anything is
/// read; later ones bring their words themselves.
async fn await_writes(app: &App, lexicon: &Lexicon) {
    let mut changes = app.open_tasks.changes();
    let open = {
        let _turn = app
            .sequencers
            .turn(&lexicon.index_uid(&app.catalog), &app.catalog)
            .await;
        app.open_tasks.uids_on(&lexicon.node_uid)
    };
    while open.iter().any(|uid| app.open_tasks.get(*uid).is_some()) {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn scan_shard(
    app: &App,
    index: &Index,
    lexicon: &Lexicon,
    shard: Shard,
) -> Result<(), Cause> {
    let Some(key) = index.primary_key() else {
        return Ok(()); // no document was ever written
    };
    let view = app.view(index.node_uid());
    let rotation = app.next_rotation();
    let constraints = Constraints::default();
    let owners = plan::document(
        &view.cluster(),
        index.shards(),
        shard,
        &constraints,
        rotation,
    );
    let mut last: Cause = "no fresh copy can be reached".into();
    for node in owners {
        match read_all(app, index, key, lexicon, shard, &node).await {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

/// Reads a shard page by page, in the order of its primary keys. Each page begins with the last document of the one before:
/// if it does not, documents have been deleted meanwhile and others may have moved up over the border, so that the page
/// before is read again.
async fn read_all(
    app: &App,
    index: &Index,
    key: &str,
    lexicon: &Lexicon,
    shard: Shard,
    node: &NodeId,
) -> Result<(), Cause> {
    let clause = ShardClause::In([shard].into_iter().collect()).to_string();
    let rules = lexicon.rules();
    let mut fields: Option<Vec<&str>> = rules
        .attributes()
        .map(|names| names.iter().map(String::as_str).collect());
    if let Some(fields) = &mut fields {
        fields.push(key);
    }
    let path = format!("/indexes/{}/documents/fetch", index.node_uid());
    let mut offset: usize = 0;
    let mut seen: HashSet<String> = HashSet::new();
    loop {
        let mut body = json!({
            "filter": clause, "sort": [format!("{key}:asc")], "offset": offset, "limit": PAGE,
        });
        if let Some(fields) = &fields {
            body["fields"] = json!(fields);
        }
        let call = Call::read(Method::POST, path.as_str(), app.cluster.read_deadline())
            .json(body.to_string());
        let answer = app.cluster.call(node, call).await?;
        if !answer.is_success() {
            return Err(format!("the node answers {}", answer.status).into());
        }
        let page: Page<'_> = serde_json::from_slice(&answer.body)?;
        let keys = page.results.iter().filter_map(|document| {
            let key = primary_key::find(document, key, Repeats::LastWins).ok()?;
            Some(key.into_owned())
        });
        let keys: Vec<String> = keys.collect();
        if offset > 0 && keys.first().is_none_or(|first| !seen.contains(first)) {
            offset = offset.saturating_sub(PAGE);
            continue;
        }
        let max_words = app.config.exact_dictionary.max_words;
        let documents = page.results.iter().copied();
        if lexicon.add(&app.store, max_words, documents).await? {
            app.dictionary.ring();
        }
        if page.results.len() < PAGE {
            return Ok(());
        }
        offset += PAGE - 1;
        seen = keys.into_iter().collect();
    }
}
