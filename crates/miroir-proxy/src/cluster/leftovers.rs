//! What a node still has of indexes that have gone, because it was away when they were deleted: nobody reads it, and it takes room.
//!
//! A name on a node is never given to another index, so whatever the fleet has named and the catalog does not know is a leftover. What
//! the fleet has not named belongs to somebody else, and stays.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::{NodeId, NodeUid};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::app::App;
use crate::cluster::lanes::{Leg, LegEnd};
use crate::cluster::worker::{Pace, Pass, Trouble, Worker};
use crate::request::indexes::{deletion_requests, has_been_named};

/// Between two looks at nodes that have not been away.
const CADENCE: Duration = Duration::from_secs(600);
const PAGE: usize = 1000;

/// The worker that looks for leftovers.
pub(crate) struct Leftovers {
    app: Arc<App>,
}

impl Leftovers {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    async fn sweep(&self, node: &NodeId) -> Result<(), Trouble> {
        let app = &self.app;
        // The node first: what it has by now was named before, unless it has gone since.
        let names = names_on(app, node).await?;
        let living: HashSet<NodeUid> = app
            .catalog
            .all()
            .values()
            .map(|index| index.node_uid().clone())
            .collect();
        for name in names {
            let is_known = living.contains(&name) || app.open_tasks.concern(&name);
            if name.is_twin() || is_known || !has_been_named(app, &name).await? {
                continue;
            }
            tracing::info!(node_id = %node, index = %name, "a node still has an index that has gone, and is told to delete it");
            let leg = Leg::of_process(deletion_requests(&name), app.own_tag("leftover"));
            match app.lanes.push(node, &name, leg).await {
                Ok(LegEnd::Enqueued(_)) => {}
                _ => {
                    return Err(
                        format!("node `{node}` does not take the deletion of `{name}`").into(),
                    );
                }
            }
        }
        Ok(())
    }
}

impl Worker for Leftovers {
    const NAME: &'static str = "leftovers";

    fn cadence(&self) -> Duration {
        CADENCE
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.app.leftovers_bell)
    }

    async fn pass(&mut self, pace: &Pace) -> Result<Pass, Trouble> {
        for node in self.app.cluster.reachable() {
            let begun = Instant::now();
            self.sweep(&node).await?;
            pace.rest(begun).await;
        }
        Ok(Pass::Idle)
    }
}

/// The names of all indexes of a node.
async fn names_on(app: &App, node: &NodeId) -> Result<Vec<NodeUid>, Trouble> {
    #[derive(Deserialize)]
    struct Named {
        uid: String,
    }
    #[derive(Deserialize)]
    struct Page {
        results: Vec<Named>,
        total: usize,
    }
    let mut names = Vec::new();
    loop {
        let offset = names.len();
        let path = format!("/indexes?offset={offset}&limit={PAGE}");
        let page: Page = app.cluster.read(node, &path).await?.json()?;
        let is_last = page.results.is_empty() || offset + page.results.len() >= page.total;
        for index in page.results {
            names.push(NodeUid::parse(&index.uid)?);
        }
        if is_last {
            return Ok(names);
        }
    }
}
