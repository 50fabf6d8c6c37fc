//! Experimental features that nodes must have on: switched on all of them at once, and kept so on those that were away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::NodeId;
use miroir_node::{Answer, Call, NodeError};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::app::App;
use crate::cluster::worker::{Pace, Pass, Trouble, Worker};
use crate::http::reply::Failure;

const ROUTE: &str = "/experimental-features";

/// How often nodes are compared with what was switched.
const CADENCE: Duration = Duration::from_secs(10);

/// Switches features on every node that can be reached, and remembers them. The others follow when they are back.
///
/// # Errors
/// What a node says that does not have a feature; then all of them are as they were.
pub(crate) async fn switch(app: &App, wanted: BTreeMap<String, bool>) -> Result<(), Failure> {
    let nodes = app.cluster.reachable();
    let answers = send(app, &nodes, &wanted).await;
    let taken = answers.iter().filter(|answer| is_taken(answer)).count();
    let refusal = answers
        .iter()
        .flatten()
        .find(|answer| answer.status.is_client_error());
    if let Some(refusal) = refusal {
        let stored = app.store.read(|tx| tx.features().switches()).await?;
        let before = wanted.keys().map(|name| {
            let was_on = stored.get(name).copied().unwrap_or(false);
            (name.clone(), was_on)
        });
        send(app, &nodes, &before.collect()).await;
        return Err(Failure::Relayed {
            status: refusal.status,
            body: refusal.body.clone(),
        });
    }
    if taken == 0 {
        return Err(ApiError::new(
            Code::MiroirNoQuorum,
            "No node can be reached to switch an experimental feature; nothing was changed. Retry when the nodes are back.",
        )
        .into());
    }
    let switched = app.store.write(move |tx| {
        let mut features = wanted.iter();
        features.try_for_each(|(name, enabled)| tx.features().switch(name, *enabled))
    });
    Ok(switched.await?)
}

type Outcome = Result<Answer, NodeError>;

fn is_taken(answer: &Outcome) -> bool {
    answer.as_ref().is_ok_and(Answer::is_success)
}

async fn send(app: &App, nodes: &[NodeId], switches: &BTreeMap<String, bool>) -> Vec<Outcome> {
    let body = json!(switches).to_string();
    let patch = |node| {
        let deadline = Instant::now() + app.config.scatter.node_timeout_ms.duration();
        let call = Call::write(Method::PATCH, ROUTE, deadline).json(body.clone());
        app.cluster.call(node, call)
    };
    join_all(nodes.iter().map(patch)).await
}

/// The worker that brings nodes in line: those that were away, or lost what they had. What was never switched here is left to
/// whoever runs the nodes.
pub(crate) struct OnNodes {
    app: Arc<App>,
    poke: Arc<Notify>,
}

impl OnNodes {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            poke: Arc::default(),
        }
    }
}

impl Worker for OnNodes {
    const NAME: &'static str = "experimental_features";

    fn cadence(&self) -> Duration {
        CADENCE
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.poke)
    }

    async fn pass(&mut self, _pace: &Pace) -> Result<Pass, Trouble> {
        let app = &self.app;
        let switches = app.store.read(|tx| tx.features().switches()).await?;
        if switches.is_empty() {
            return Ok(Pass::Idle);
        }
        for node in app.cluster.reachable() {
            let has: Map<String, Value> = app.cluster.read(&node, ROUTE).await?.json()?;
            let differ = |(name, on): &(&String, &bool)| has.get(*name) != Some(&json!(on));
            let lacking = switches.iter().filter(differ);
            let lacking: BTreeMap<String, bool> =
                lacking.map(|(name, on)| (name.clone(), *on)).collect();
            if lacking.is_empty() {
                continue;
            }
            let answers = send(app, std::slice::from_ref(&node), &lacking).await;
            if !answers.iter().all(is_taken) {
                return Err(
                    format!("node `{node}` does not switch its experimental features").into(),
                );
            }
        }
        Ok(Pass::Idle)
    }
}
