//! Repair: a stale copy is made equal to a fresh one, proven so document by document, and serves again (topology.md 8).
//!
//! One pass repairs some shards of one index on one node. Nothing of a pass has to be remembered: a pass that is cut off is begun
//! again, and what is equal already costs only the comparison. What makes it right while clients write:
//!
//! - The destination gets every write of clients in sequence all the time; the repair only adds writes to its lane, in turn.
//! - Its marks are numbered. They are cleared only if no other was made since the pass began, so a write that the destination missed
//!   meanwhile is never forgotten.
//! - Before they are cleared, every task that had begun when the last documents were compared has ended, and the source is still fresh:
//!   no copy can turn out later to lack a write that both nodes lacked when they were compared.

mod copy;
mod decide;
mod nodes;
mod prepare;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use miroir_core::id::{IndexUid, NodeId, NodeUid, Shard, ShardSet, TaskUid};
use miroir_core::topology::{Health, Membership};
use miroir_core::wire::raw::RawError;
use miroir_store::StoreError;
use miroir_store::table::{StaleKey, StaleState};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use self::decide::{Situation, Unit};
pub(crate) use self::nodes::{Copy, NodeTrouble};
pub(crate) use self::prepare::missing;
use crate::app::App;
use crate::cluster::lanes::{Leg, LegEnd, LegRequest};
use crate::cluster::sequencer::{Head, Turn};
use crate::cluster::worker::{Pace, Pass, Trouble, Worker};
use crate::fault::{self, Fault};
use crate::http::reply::chain;

const CADENCE: Duration = Duration::from_secs(5);
/// How long the end of tasks that had begun before is waited for.
const TASKS_TIMEOUT: Duration = Duration::from_secs(300);

/// Why a repair did not come to its end. The next pass begins it anew.
#[derive(Debug, Error)]
enum Stopped {
    #[error(transparent)]
    Node(#[from] NodeTrouble),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a node shows a document that cannot be read")]
    Document(#[from] RawError),
    #[error("no node tells what a fresh index has")]
    NoDefaults,
    #[error("the index has gone or was made anew")]
    IndexGone,
    #[error("the node did not take what it was sent")]
    NotTaken,
    #[error("the node cannot apply the index's settings")]
    SettingsFailed,
    #[error("document `{id}` does not become equal")]
    NeverEqual { id: String },
    #[error(
        "the nodes count {source_documents} and {destination_documents} documents in shard {shard}"
    )]
    Uneven {
        shard: Shard,
        source_documents: u64,
        destination_documents: u64,
    },
    #[error("tasks that had begun before do not end")]
    TasksOpen,
    #[error("the source has become stale itself")]
    SourceStale,
}

/// The worker.
pub(crate) struct Repair {
    app: Arc<App>,
    /// How often the copies of an index on a node were tried in vain.
    tried: BTreeMap<(NodeUid, NodeId), usize>,
    /// Those that were tried in vain since somebody rested.
    skipped: BTreeSet<(NodeUid, NodeId)>,
    last: Option<Stopped>,
}

impl Repair {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            tried: BTreeMap::new(),
            skipped: BTreeSet::new(),
            last: None,
        }
    }
}

impl Worker for Repair {
    const NAME: &'static str = "repair";

    fn cadence(&self) -> Duration {
        CADENCE
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.app.repair_bell)
    }

    async fn pass(&mut self, pace: &Pace) -> Result<Pass, Trouble> {
        let Some((uid, unit)) = choose(&self.app, &self.tried, &self.skipped) else {
            self.skipped.clear();
            return match self.last.take() {
                Some(stopped) => Err(stopped.into()),
                None => Ok(Pass::Idle),
            };
        };
        let name = (unit.index.clone(), unit.destination.clone());
        let repairing = Repairing::new(&self.app, uid, unit);
        let result = repairing.run(pace).await;
        // Nobody copies any more.
        self.app.touches.take(&name.0);
        match result {
            Ok(()) => {
                self.tried.remove(&name);
            }
            Err(stopped) => {
                tracing::info!(index = %name.0, node_id = %name.1, reason = chain(&stopped), "a repair stops and is begun anew");
                *self.tried.entry(name.clone()).or_default() += 1;
                self.skipped.insert(name);
                self.last = Some(stopped);
            }
        }
        Ok(Pass::More)
    }
}

fn choose(
    app: &App,
    tried: &BTreeMap<(NodeUid, NodeId), usize>,
    skipped: &BTreeSet<(NodeUid, NodeId)>,
) -> Option<(IndexUid, Unit)> {
    let topology = app.cluster.topology();
    let health = app.cluster.health();
    let healthy: BTreeSet<NodeId> = topology
        .nodes()
        .iter()
        .filter(|node| node.membership != Membership::Removed)
        .filter(|node| health.get(&node.id) == Health::Healthy)
        .map(|node| node.id.clone())
        .collect();
    let all_stale = app.staleness.all();
    let indexes = app.catalog.all();
    let mut situations = Vec::new();
    for index in indexes.values() {
        let Some(stale) = all_stale.get(index.node_uid()) else {
            continue;
        };
        let placement = topology.placement(index.shards());
        let owners_of = |shard| {
            let groups = placement.groups().iter();
            groups
                .flat_map(|group| group.owners(shard))
                .cloned()
                .collect()
        };
        situations.push(Situation {
            index: index.node_uid(),
            stale,
            owners: index
                .shards()
                .iter()
                .map(|shard| (shard, owners_of(shard)))
                .collect(),
            healthy: &healthy,
        });
    }
    let unit = decide::choose(&situations, tried, skipped)?;
    let uid = indexes
        .values()
        .find(|index| *index.node_uid() == unit.index)?
        .row
        .uid
        .clone();
    Some((uid, unit))
}

/// One repair under way.
struct Repairing<'a> {
    app: &'a Arc<App>,
    uid: IndexUid,
    unit: Unit,
    /// The marks that it is about, as they were when it began.
    marks: Vec<(StaleKey, u64)>,
}

impl<'a> Repairing<'a> {
    fn new(app: &'a Arc<App>, uid: IndexUid, unit: Unit) -> Self {
        let keys = unit.shards.iter().map(|shard| StaleKey {
            node_uid: unit.index.clone(),
            shard,
            node_id: unit.destination.clone(),
        });
        let marks = keys
            .filter_map(|key| {
                let mark = app.staleness.mark_of(&key)?;
                Some((key, mark))
            })
            .collect();
        Self {
            app,
            uid,
            unit,
            marks,
        }
    }

    async fn run(mut self, pace: &Pace) -> Result<(), Stopped> {
        self.advance(StaleState::Repairing).await?;
        let head = prepare::prepare(&self).await?;
        if let Some(primary_key) = &head.primary_key {
            let documents = self.source().counts().await?;
            let shards = decide::portion(&self.unit.shards, &documents);
            self.marks.retain(|(key, _)| shards.contains(key.shard));
            self.unit.shards = shards;
            copy::settle(&self, &self.unit.shards, primary_key, pace).await?;
            self.advance(StaleState::Verifying).await?;
            self.recount().await?;
        }
        self.close().await
    }

    /// A pass that ends here is seen to have come so far.
    async fn advance(&self, state: StaleState) -> Result<(), StoreError> {
        let marks = self.marks.clone();
        self.app
            .store
            .write(move |tx| {
                for (key, mark) in &marks {
                    tx.staleness().advance(key, *mark, state)?;
                }
                Ok(())
            })
            .await
    }

    /// The counts of the marker on both nodes at one position, if writes can be held that long. Every document has been compared already:
    /// what this finds is a document that neither node listed.
    async fn recount(&self) -> Result<(), Stopped> {
        self.fence().await?;
        let _turn = self.turn().await?;
        let look = async {
            self.caught_up().await?;
            Ok::<_, Stopped>((
                self.source().counts().await?,
                self.destination().counts().await?,
            ))
        };
        let limit = self.app.config.rebalancer.cutover_hold_ms.duration();
        let Ok(counted) = timeout(limit, look).await else {
            return Ok(());
        };
        let (source, destination) = counted?;
        for shard in &self.unit.shards {
            let of = |counts: &BTreeMap<Shard, u64>| counts.get(&shard).copied().unwrap_or(0);
            let (source_documents, destination_documents) = (of(&source), of(&destination));
            if source_documents != destination_documents {
                return Err(Stopped::Uneven {
                    shard,
                    source_documents,
                    destination_documents,
                });
            }
        }
        Ok(())
    }

    /// The copies serve again, unless something has happened to them or to the source since they were compared.
    async fn close(&self) -> Result<(), Stopped> {
        let index = &self.unit.index;
        let newest = {
            let _turn = self.turn().await?;
            self.app.open_tasks.newest().unwrap_or(TaskUid(0))
        };
        let tasks = self.app.open_tasks.closed_up_to(index, newest);
        timeout(TASKS_TIMEOUT, tasks)
            .await
            .map_err(|_| Stopped::TasksOpen)?;
        let stale = self.app.staleness.of(index);
        let source = stale.of(&self.unit.source);
        if source.is_some_and(|stale| !stale.is_disjoint(&self.unit.shards)) {
            return Err(Stopped::SourceStale);
        }
        fault::point(Fault::CopyProven);
        let marks = self.marks.clone();
        let cleared = self
            .app
            .store
            .write(move |tx| {
                let mut cleared = Vec::new();
                for (key, mark) in &marks {
                    if tx.staleness().clear(key, *mark)? {
                        cleared.push((key.clone(), *mark));
                    }
                }
                Ok(cleared)
            })
            .await?;
        fault::point(Fault::CopyCleared);
        self.app.staleness.clear(&cleared);
        let shards: ShardSet = cleared.iter().map(|(key, _)| key.shard).collect();
        tracing::info!(index = %index, node_id = %self.unit.destination, source = %self.unit.source, %shards, "copies are repaired and serve again");
        Ok(())
    }

    fn source(&self) -> Copy<'_> {
        self.copy_on(&self.unit.source)
    }

    fn destination(&self) -> Copy<'_> {
        self.copy_on(&self.unit.destination)
    }

    fn copy_on<'b>(&'b self, node: &'b NodeId) -> Copy<'b> {
        Copy {
            app: self.app,
            node,
            index: &self.unit.index,
        }
    }

    /// The right to decide what comes next on the index, if it is still the one that is repaired.
    async fn turn(&self) -> Result<Turn, Stopped> {
        let turn = self.app.sequencers.turn(&self.uid, &self.app.catalog).await;
        self.head(&turn)?;
        Ok(turn)
    }

    fn head<'t>(&self, turn: &'t Turn) -> Result<&'t Head, Stopped> {
        turn.as_ref()
            .filter(|head| head.node_uid == self.unit.index)
            .ok_or(Stopped::IndexGone)
    }

    /// Waits until both nodes have applied everything that is sequenced up to now, and returns the index as it was at that position.
    async fn fence(&self) -> Result<Head, Stopped> {
        let head = self.head(&self.turn().await?)?.clone();
        self.caught_up().await?;
        Ok(head)
    }

    /// Waits until both nodes have applied everything that is in their lanes now.
    async fn caught_up(&self) -> Result<(), Stopped> {
        let caught_up = async |copy: Copy<'_>| {
            self.app.lanes.barrier(copy.node, copy.index).await;
            copy.caught_up().await
        };
        tokio::try_join!(caught_up(self.source()), caught_up(self.destination()))?;
        Ok(())
    }

    /// Puts requests into the destination's lane. To be called in turn.
    fn push(&self, requests: Vec<LegRequest>) -> oneshot::Receiver<LegEnd> {
        let name = uuid::Uuid::new_v4().simple();
        let leg = Leg::of_process(
            requests,
            format!("miroir-{}-repair-{name}", self.app.cluster_id()).into(),
        );
        self.app
            .lanes
            .push(&self.unit.destination, &self.unit.index, leg)
    }

    /// The node's tasks for what was pushed.
    async fn taken(&self, end: oneshot::Receiver<LegEnd>) -> Result<Vec<u32>, Stopped> {
        match end.await {
            Ok(LegEnd::Enqueued(tasks)) => Ok(tasks),
            _ => Err(Stopped::NotTaken),
        }
    }
}
