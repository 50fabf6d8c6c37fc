//! Delivery: each node is sent what it lacks, at its own pace and in one order with clients' writes.
//!
//! While a delivery is on its way further words gather; the next one takes them all.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use miroir_core::id::NodeId;
use miroir_core::lexicon::{self as core, Document};
use miroir_node::{Call, ContentType, NodeTask};
use miroir_store::table::{LexiconPart, LexiconPlace};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::lexicon::Lexicon;
use super::state::{Job, What};
use crate::app::App;
use crate::cluster::lanes::{Leg, LegEnd, LegRequest};
use crate::cluster::sequencer::Head;
use crate::http::reply::{Cause, chain};

/// After something went wrong.
const PAUSE: Duration = Duration::from_secs(1);
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LONGEST_DELAY: Duration = Duration::from_secs(1);
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs until the process stops.
pub(super) async fn deliver(app: Arc<App>, node: NodeId) {
    let mut changes = app.dictionary.changes();
    loop {
        changes.mark_unchanged();
        let mut is_held_up = false;
        for lexicon in app.dictionary.all() {
            while let Some(job) = lexicon.job(&node) {
                if !app.cluster.may_write(&node) {
                    is_held_up = true;
                    break;
                }
                match step(&app, &lexicon, &node, job).await {
                    Ok(true) => {}
                    Ok(false) => {
                        is_held_up = true;
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(node_id = %node, index = %lexicon.node_uid, error = %chain(&*error), "lexicon documents could not be delivered");
                        is_held_up = true;
                        break;
                    }
                }
            }
        }
        if is_held_up {
            let _ = timeout(PAUSE, changes.changed()).await;
        } else if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Sends one request's worth and waits until the node has applied it. False: not now.
async fn step(app: &App, lexicon: &Lexicon, node: &NodeId, job: Job) -> Result<bool, Cause> {
    let parts = match &job.what {
        What::Send(documents) => lexicon.parts(&app.store, documents.clone()).await?,
        What::Delete(_) => Vec::new(),
    };
    // In the turn, so that neither the deletion of the index nor a change of its embedders can come in between.
    let turn = app
        .sequencers
        .turn(&lexicon.index_uid(&app.catalog), &app.catalog)
        .await;
    let head = turn
        .as_ref()
        .filter(|head| head.node_uid == lexicon.node_uid);
    let Some(head) = head else { return Ok(false) };
    let Some(request) = request(app, head, &job, &parts) else {
        return Ok(false);
    };
    if !lexicon.is_generation(job.generation) {
        return Ok(true);
    }
    if let What::Send(documents) = &job.what {
        lexicon.sending(&app.store, node, documents.end).await?;
    }
    let leg = Leg::of_process(
        vec![request],
        app.own_tag(&format!("words-{}", uuid::Uuid::new_v4().simple())),
    );
    let end = app.lanes.push(node, &lexicon.node_uid, leg);
    drop(turn);
    match end.await? {
        LegEnd::Enqueued(tasks) => await_tasks(app, node, &tasks).await?,
        LegEnd::Refused(answer) => {
            return Err(format!("the node answers {}", answer.status).into());
        }
        LegEnd::Missed(Some(error)) => return Err(error.into()),
        LegEnd::Missed(None) | LegEnd::Unknown(_) => return Ok(false),
    }
    match &job.what {
        What::Send(documents) if documents.end < job.documents => {
            let next = LexiconPlace {
                document: documents.end,
                part: 0,
            };
            lexicon.sent_up_to(&app.store, &job, node, next).await?;
        }
        What::Send(_) => {
            let next = parts
                .last()
                .map_or(LexiconPlace::default(), |last| LexiconPlace {
                    part: last.place.part + 1,
                    ..last.place
                });
            lexicon.sent_up_to(&app.store, &job, node, next).await?;
        }
        What::Delete(documents) => {
            lexicon
                .deleted_from(&app.store, &job, node, documents.start)
                .await?;
            app.dictionary.ring();
        }
    }
    Ok(true)
}

/// `None` as long as the index has no primary key: then it has no documents either.
fn request(app: &App, head: &Head, job: &Job, parts: &[LexiconPart]) -> Option<LegRequest> {
    let path = format!("/indexes/{}/documents", head.node_uid);
    let (path, body) = match &job.what {
        What::Send(range) => {
            let key = head.primary_key.as_deref()?;
            let mut documents = vec![Document::default(); range.len()];
            for part in parts {
                let position = part.place.document - range.start;
                let document = &mut documents[usize::try_from(position).ok()?];
                let words = part.words.parse::<Vec<String>>().ok()?;
                let field = document.fields.entry(part.field.clone());
                field.or_default().extend(words);
            }
            let body: Vec<Value> = core::ids(app.cluster_id(), range.clone())
                .zip(&documents)
                .map(|(id, document)| {
                    document.to_value(&job.rules, key, &id, head.settings.embedders())
                })
                .collect();
            let query = serde_urlencoded::to_string([("primaryKey", key)]).ok()?;
            (format!("{path}?{query}"), json!(body))
        }
        What::Delete(range) => {
            let ids: Vec<String> = core::ids(app.cluster_id(), range.clone()).collect();
            (format!("{path}/delete-batch"), json!(ids))
        }
    };
    Some(LegRequest {
        method: Method::POST,
        path,
        body: Some((ContentType::Json, body.to_string().into())),
        tagged: true,
    })
}

/// Waits until the node has applied the tasks.
async fn await_tasks(app: &App, node: &NodeId, tasks: &[u32]) -> Result<(), Cause> {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<NodeTask>,
    }
    let uids: Vec<String> = tasks.iter().map(u32::to_string).collect();
    let path = format!("/tasks?limit={}&uids={}", tasks.len(), uids.join(","));
    let mut delay = FIRST_DELAY;
    loop {
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LONGEST_DELAY);
        let call = Call::get(path.as_str(), Instant::now() + CALL_TIMEOUT);
        let page: Page = app.cluster.call(node, call).await?.json()?;
        if let Some(failed) = page
            .results
            .iter()
            .find(|task| task.is_finished() && !task.succeeded())
        {
            let error = failed
                .error
                .as_ref()
                .map_or("no reason", |error| error.get());
            return Err(format!("task {} of the node failed: {error}", failed.uid).into());
        }
        if page.results.len() == tasks.len() && page.results.iter().all(NodeTask::succeeded) {
            return Ok(());
        }
    }
}
