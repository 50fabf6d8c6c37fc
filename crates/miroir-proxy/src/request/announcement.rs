//! An index that some nodes were not told of. The write that was to create it has been refused, because too few nodes were there, but
//! a later one that relies on it was accepted. Until every node has been told, every write tells them first.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::{NodeId, NodeUid};
use parking_lot::Mutex;

use crate::app::App;
use crate::cluster::lanes::{Leg, LegEnd};
use crate::request::indexes::creation_requests;

/// Between two attempts.
const REST: Duration = Duration::from_millis(500);

/// The indexes that nodes may lack.
#[derive(Default)]
pub(crate) struct Unannounced(Mutex<BTreeSet<NodeUid>>);

impl Unannounced {
    pub(crate) fn contains(&self, index: &NodeUid) -> bool {
        self.0.lock().contains(index)
    }
}

/// Writes tell the nodes of the index from now on, and they are told without a write too.
pub(crate) fn announce(app: &Arc<App>, index: &NodeUid) {
    if app.unannounced.0.lock().insert(index.clone()) {
        app.spawn_worker(tell(Arc::clone(app), index.clone()));
    }
}

/// Until every node has taken it. To create an index that is there is harmless.
async fn tell(app: Arc<App>, index: NodeUid) {
    let mut untold: BTreeSet<NodeId> = app.cluster.node_ids().cloned().collect();
    while !untold.is_empty() {
        // The refused write may yet turn out to have been the only one.
        tokio::time::sleep(REST).await;
        let Some((_, turn)) = app.sequencers.turn_of(&index, &app.catalog).await else {
            break;
        };
        let (Some(head), Ok(defaults)) = (turn.as_ref(), app.node_defaults().await) else {
            continue;
        };
        let mut sent = Vec::new();
        for node in &untold {
            let leg = Leg::of_process(creation_requests(head, &defaults), app.own_tag("announced"));
            sent.push((node.clone(), app.lanes.push(node, &index, leg)));
        }
        drop(turn);
        for (node, end) in sent {
            if matches!(end.await, Ok(LegEnd::Enqueued(_))) {
                untold.remove(&node);
            }
        }
    }
    app.unannounced.0.lock().remove(&index);
}
