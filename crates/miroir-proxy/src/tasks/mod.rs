//! The tasks that are not finished: their legs, what remains to be done when the legs have ended, and the end itself.
//!
//! Every row is durable before it matters: the task and its planned legs before a node hears of them, the marks of copies that
//! missed it before the client hears success. What is kept in memory here can be rebuilt from the store at any time.

mod batches;
mod cancel;
mod finish;
mod learned;
mod outcome;
mod poller;
mod recovery;
mod removal;
mod retention;
mod select;
mod settled;
mod view;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering as Memory};
use std::time::Duration;

use miroir_core::id::{IndexUid, NodeId, NodeUid, ShardSet, TaskUid};
use miroir_core::settings::UserSettings;
use miroir_core::topology::StaleMap;
use miroir_store::Json;
use miroir_store::table::{NodeTaskKey, NodeTaskRow, NodeTaskState};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::capabilities::exact_dictionary::Sent;
use crate::capabilities::settings_broadcast::Verified;
use crate::catalog::Catalog;
use crate::cluster::lanes::LegEnd;
use crate::cluster::sequencer::Head;
use crate::request::backups::Backup;
use crate::request::export::Export;
use crate::request::names::Exchange;

pub(crate) use batches::batch_view;
pub(crate) use cancel::cancel;
pub(crate) use finish::{cancel_now, finish_at_once, finish_now};
pub(crate) use poller::run as run_poller;
pub(crate) use recovery::recover;
pub(crate) use removal::remove;
pub(crate) use retention::Retention;
pub(crate) use select::{may_see, page, store_filter};
pub(crate) use view::{summary, view};

/// What a task does to the cluster beyond its legs. Stored with the task, so that it can be completed after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "camelCase")]
pub(crate) enum Work {
    /// Documents are written. `indexed` is the number of distinct ids among them.
    Documents { indexed: u64 },
    /// Documents are deleted, by id, by a filter, or all of them.
    DeleteDocuments {
        #[serde(default)]
        lexicon: Sent,
    },
    /// Documents are edited by a function.
    EditDocuments,
    /// The index comes into being.
    CreateIndex,
    /// The nodes' copies go away; the catalog has forgotten the index already.
    DeleteIndex {
        #[serde(default)]
        lexicon: Sent,
    },
    /// The primary key is set, by itself or as a part of another task, which is the one that clients see.
    SetPrimaryKey { primary_key: String },
    /// These user settings become the committed ones.
    Settings { settings: Map<String, Value> },
    /// The end is known; the legs only bring the index into being, as a server does before it reads the documents.
    FailWith { error: Value },
    /// These tasks are ended, as far as that is still possible.
    CancelTasks { tasks: Vec<TaskUid> },
    /// Finished tasks are forgotten, once these have ended.
    RemoveTasks {
        matched: Vec<TaskUid>,
        awaited: Vec<TaskUid>,
    },
    /// Indexes change their names, once every earlier task of them has ended.
    ExchangeNames {
        exchanges: Vec<Exchange>,
        /// Why the task fails nevertheless.
        #[serde(default)]
        refused: Option<Value>,
        /// The write that is a part of it: without that one nothing is changed.
        #[serde(default)]
        part: Option<TaskUid>,
    },
    /// The index is compacted on one node after the other.
    Compact { node_uid: NodeUid },
    /// A dump or a snapshot of every node.
    BackUp { backup: Backup },
    /// Indexes are copied to another server.
    Export { export: Export },
    /// Too few copies took the write, the client was told so. What it `created` goes away again.
    Refuse {
        error: Value,
        created: bool,
        /// What a change of settings would have committed.
        #[serde(default)]
        settings: Option<Map<String, Value>>,
    },
}

/// Where a task begins that changes settings.
pub(crate) fn broadcast(work: &Work) -> Option<Broadcast> {
    matches!(work, Work::Settings { .. }).then_some(Broadcast::Proposed)
}

impl Work {
    pub(crate) fn writes_documents(&self) -> bool {
        matches!(
            self,
            Self::Documents { .. } | Self::DeleteDocuments { .. } | Self::EditDocuments
        )
    }

    /// What the next operation in sequence finds if this succeeds.
    pub(crate) fn advance(&self, head: &mut Head) {
        match self {
            Self::Settings { settings } => head.settings = UserSettings::from(settings.clone()),
            Self::SetPrimaryKey { primary_key, .. } => head.primary_key = Some(primary_key.clone()),
            _ => {}
        }
    }

    /// The settings that some nodes may have been given.
    pub(crate) fn proposed_settings(&self) -> Option<&Map<String, Value>> {
        match self {
            Work::Settings { settings } => Some(settings),
            Work::Refuse { settings, .. } => settings.as_ref(),
            _ => None,
        }
    }

    /// Lexicon documents that a node counts among those that the work deletes.
    pub(crate) fn lexicon_documents_on(&self, node: &NodeId) -> u64 {
        match self {
            Work::DeleteDocuments { lexicon } | Work::DeleteIndex { lexicon } => {
                lexicon.get(node.as_str()).copied().unwrap_or(0).into()
            }
            _ => 0,
        }
    }
}

/// What is known of one request of a leg.
#[derive(Debug, Clone)]
pub(crate) struct OpenLeg {
    pub(crate) key: NodeTaskKey,
    /// The shards that it answers for; empty for a request that only prepares the node for the next one.
    pub(crate) shards: ShardSet,
    pub(crate) state: NodeTaskState,
    pub(crate) node_task: Option<u32>,
    pub(crate) error: Option<Json>,
    /// The node's own details of its task, where it reported any.
    pub(crate) details: Option<Map<String, Value>>,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
}

/// How far a change of settings is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broadcast {
    /// It is on its way to the nodes.
    Proposed,
    /// The nodes are asked what they have now.
    Verifying,
    /// They have told; nothing is to be told of an index that was only coming into being.
    Verified(Option<Verified>),
}

/// A task that is not finished.
#[derive(Debug, Clone)]
pub(crate) struct OpenTask {
    pub(crate) uid: TaskUid,
    pub(crate) index: IndexUid,
    pub(crate) node_uid: NodeUid,
    pub(crate) work: Work,
    /// As the client sees them; a count that is `null` becomes known at the end.
    pub(crate) details: Map<String, Value>,
    pub(crate) legs: Vec<OpenLeg>,
    /// The write's own story has told the client; until then it, and nobody else, decides about legs that were not taken.
    pub(crate) acknowledged: bool,
    /// When the first copy of everything had finished, from which on stragglers have their grace.
    pub(crate) covered_since: Option<Instant>,
    /// Of a change of settings.
    pub(crate) broadcast: Option<Broadcast>,
    /// The nodes are given it one after the other, each after the one before it has applied it within this time.
    pub(crate) paced: Option<Duration>,
    /// The nodes were told to cancel what they have of it, for this cancelation.
    pub(crate) canceled_by: Option<TaskUid>,
}

impl OpenTask {
    /// Since when some node works on it (nanoseconds), if any does.
    pub(crate) fn processing_since(&self) -> Option<i64> {
        let started = self.legs.iter().filter_map(|leg| leg.started_at).min();
        let has_applied = |leg: &OpenLeg| leg.state == NodeTaskState::Succeeded;
        started.or_else(|| self.legs.iter().any(has_applied).then_some(0))
    }

    /// Only changes of documents are canceled: a fleet whose nodes disagree about those heals by itself.
    pub(crate) fn is_cancelable(&self) -> bool {
        self.work.writes_documents()
    }

    /// Whether it is known of each request if its node has it.
    pub(crate) fn is_sent(&self) -> bool {
        let is_known = |leg: &OpenLeg| leg.state.is_finished() || leg.node_task.is_some();
        self.acknowledged && self.essential().all(is_known)
    }

    /// Takes note of a cancelation, and returns the node tasks to cancel; `None` once it is too late: what a copy has applied stays.
    pub(crate) fn cancel(&mut self, by: TaskUid) -> Option<Vec<(NodeId, u32)>> {
        let has_applied = |leg: &OpenLeg| leg.state == NodeTaskState::Succeeded;
        if !self.is_cancelable() || !self.is_sent() || self.essential().any(has_applied) {
            return None;
        }
        self.canceled_by = Some(by);
        let open = self.essential().filter(|leg| !leg.state.is_finished());
        let named = open.filter_map(|leg| Some((leg.key.node_id.clone(), leg.node_task?)));
        Some(named.collect())
    }

    /// The requests that answer for shards.
    fn essential(&self) -> impl Iterator<Item = &OpenLeg> {
        self.legs.iter().filter(|leg| !leg.shards.is_empty())
    }

    /// A node is being sent its part.
    fn begun(&mut self, node: &NodeId) {
        let legs = self.legs.iter_mut().filter(|leg| leg.key.node_id == *node);
        for leg in legs.filter(|leg| leg.state == NodeTaskState::Planned) {
            leg.state = NodeTaskState::Sent;
        }
    }

    /// Whether the nodes before this one have applied it; `None`: not yet.
    fn may_begin(&self, node: &NodeId) -> Option<bool> {
        let mut before = self.legs.iter().take_while(|leg| leg.key.node_id != *node);
        if before
            .clone()
            .any(|leg| leg.state.is_finished() && leg.state != NodeTaskState::Succeeded)
        {
            return Some(false);
        }
        before
            .all(|leg| leg.state == NodeTaskState::Succeeded)
            .then_some(true)
    }

    /// The nodes that may be changing their settings at this moment, or have changed them already.
    fn changing(&self) -> impl Iterator<Item = &NodeId> {
        let is_change = self.broadcast.is_some();
        let legs = self
            .legs
            .iter()
            .filter(move |leg| is_change && leg.state != NodeTaskState::Planned);
        legs.map(|leg| &leg.key.node_id)
    }

    /// Takes over how the sending of a node's requests ended.
    pub(crate) fn sent(&mut self, node: &NodeId, end: &LegEnd) {
        let legs = self.legs.iter_mut().filter(|leg| leg.key.node_id == *node);
        match end {
            LegEnd::Enqueued(uids) => {
                for (leg, uid) in legs.zip(uids) {
                    leg.state = NodeTaskState::Acked;
                    leg.node_task = Some(*uid);
                }
            }
            LegEnd::Refused(answer) => {
                let error = String::from_utf8_lossy(&answer.body).into_owned();
                for leg in legs {
                    leg.state = NodeTaskState::Failed;
                    leg.error = Some(Json::from_text(error.clone()));
                }
            }
            LegEnd::Missed(_) => legs.for_each(|leg| leg.state = NodeTaskState::Skipped),
            LegEnd::Unknown(uids) => {
                for (position, leg) in legs.enumerate() {
                    leg.node_task = uids.get(position).copied();
                    leg.state = match position.cmp(&uids.len()) {
                        Ordering::Less => NodeTaskState::Acked,
                        Ordering::Equal => NodeTaskState::Unknown,
                        Ordering::Greater => NodeTaskState::Skipped,
                    };
                }
            }
        }
    }

    /// Takes over how the sending of a node's preparing requests ended, which were made again: theirs are the last tasks.
    pub(crate) fn prepared(&mut self, node: &NodeId, end: &LegEnd) {
        let mut uids = match end {
            LegEnd::Enqueued(uids) => uids.iter().rev(),
            LegEnd::Refused(_) | LegEnd::Missed(_) | LegEnd::Unknown(_) => [].iter().rev(),
        };
        let legs = self.legs.iter_mut().rev();
        for leg in legs.filter(|leg| leg.key.node_id == *node && leg.shards.is_empty()) {
            leg.node_task = uids.next().copied();
            leg.state = match leg.node_task {
                Some(_) => NodeTaskState::Acked,
                None => NodeTaskState::Skipped,
            };
        }
    }

    /// Takes over what became of a node's request whose outcome was unknown.
    pub(crate) fn settled(&mut self, node: &NodeId, position: usize, node_task: Option<u32>) {
        let legs = self.legs.iter_mut().filter(|leg| leg.key.node_id == *node);
        let unknown = legs
            .skip(position)
            .take(1)
            .filter(|leg| leg.state == NodeTaskState::Unknown);
        for leg in unknown {
            leg.node_task = node_task;
            leg.state = match node_task {
                Some(_) => NodeTaskState::Acked,
                None => NodeTaskState::Skipped,
            };
        }
    }

    /// The node has lost what it had: nothing that it was to do can be counted on.
    pub(crate) fn lost_on(&mut self, node: &NodeId) {
        let open = |leg: &&mut OpenLeg| {
            leg.key.node_id == *node && leg.node_task.is_some() && !leg.state.is_finished()
        };
        for leg in self.legs.iter_mut().filter(open) {
            leg.state = NodeTaskState::Skipped;
        }
    }

    /// The nodes whose every request of the task has been applied.
    pub(crate) fn applied_on(&self) -> Vec<NodeId> {
        let mut nodes: BTreeMap<&NodeId, bool> = BTreeMap::new();
        for leg in &self.legs {
            *nodes.entry(&leg.key.node_id).or_insert(true) &= leg.state == NodeTaskState::Succeeded;
        }
        nodes
            .into_iter()
            .filter(|(_, applied)| *applied)
            .map(|(node, _)| node.clone())
            .collect()
    }

    /// The nodes on which some request of the task has been applied: those of the whole task first.
    pub(crate) fn reached_on(&self) -> Vec<NodeId> {
        let mut nodes = self.applied_on();
        let succeeded = |leg: &&OpenLeg| leg.state == NodeTaskState::Succeeded;
        for leg in self.legs.iter().filter(succeeded) {
            if !nodes.contains(&leg.key.node_id) {
                nodes.push(leg.key.node_id.clone());
            }
        }
        nodes
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.acknowledged
            && self.broadcast != Some(Broadcast::Verifying)
            && self.legs.iter().all(|leg| leg.state.is_finished())
    }
}

/// The tasks that are not finished, and a bell for those who follow them.
pub(crate) struct OpenTasks {
    tasks: Mutex<BTreeMap<TaskUid, OpenTask>>,
    changed: watch::Sender<()>,
    /// Changes of settings among them: hardly ever any, and every read asks.
    broadcasts: AtomicUsize,
    /// Tasks without legs whose rows are ahead of what readers can see.
    concealed: Mutex<BTreeSet<TaskUid>>,
    /// Tasks that have ended; counted before anybody can see that they have.
    ended: AtomicU64,
}

impl OpenTasks {
    pub(crate) fn new() -> Self {
        Self {
            tasks: Mutex::default(),
            changed: watch::Sender::new(()),
            broadcasts: AtomicUsize::new(0),
            concealed: Mutex::default(),
            ended: AtomicU64::new(0),
        }
    }

    pub(crate) fn open(&self, task: OpenTask) {
        let broadcasts = usize::from(task.broadcast.is_some());
        self.broadcasts.fetch_add(broadcasts, Memory::SeqCst);
        self.tasks.lock().insert(task.uid, task);
        self.changed.send_replace(());
    }

    /// Changes an open task; `None` when it is not open (any more).
    pub(crate) fn update<T>(
        &self,
        uid: TaskUid,
        change: impl FnOnce(&mut OpenTask) -> T,
    ) -> Option<T> {
        let result = self.tasks.lock().get_mut(&uid).map(change);
        self.changed.send_replace(());
        result
    }

    pub(crate) fn get(&self, uid: TaskUid) -> Option<OpenTask> {
        self.tasks.lock().get(&uid).cloned()
    }

    /// Whether one of them is about this index.
    pub(crate) fn concern(&self, index: &NodeUid) -> bool {
        let tasks = self.tasks.lock();
        tasks.values().any(|task| task.node_uid == *index)
    }

    pub(crate) fn close(&self, uid: TaskUid) {
        self.ended.fetch_add(1, Memory::SeqCst);
        let closed = self.tasks.lock().remove(&uid);
        if closed.is_some_and(|task| task.broadcast.is_some()) {
            self.broadcasts.fetch_sub(1, Memory::SeqCst);
        }
        self.changed.send_replace(());
    }

    /// The copies of an index that have not taken (yet) what a task before `uid` brings them. They cannot vouch for a later write: they
    /// may be about to be marked stale.
    pub(crate) fn doubtful(&self, index: &NodeUid, uid: TaskUid) -> StaleMap {
        let tasks = self.tasks.lock();
        let mut doubtful = StaleMap::new();
        let earlier = tasks.range(..uid).map(|(_, task)| task);
        for leg in earlier
            .filter(|task| task.node_uid == *index)
            .flat_map(|task| &task.legs)
        {
            let has_taken = matches!(leg.state, NodeTaskState::Acked | NodeTaskState::Succeeded);
            if !has_taken {
                doubtful.mark(leg.key.node_id.clone(), &leg.shards);
            }
        }
        doubtful
    }

    /// Nobody sees that a task without legs has ended until [`Self::reveal`]: what it changes is durable first, and then in force.
    pub(crate) fn conceal(&self, uid: TaskUid) {
        self.concealed.lock().insert(uid);
    }

    /// What the task has changed is in force.
    pub(crate) fn reveal(&self, uid: TaskUid) {
        self.ended.fetch_add(1, Memory::SeqCst);
        self.concealed.lock().remove(&uid);
    }

    pub(crate) fn is_concealed(&self, uid: TaskUid) -> bool {
        self.concealed.lock().contains(&uid)
    }

    /// A number that no two reads share between which a task was seen to end.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Memory::SeqCst)
    }

    /// Waits until no task on this index is open whose uid is at most `uid`.
    pub(crate) async fn closed_up_to(&self, index: &NodeUid, uid: TaskUid) {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let is_open = |task: &OpenTask| task.node_uid == *index;
            if !self
                .tasks
                .lock()
                .range(..=uid)
                .any(|(_, task)| is_open(task))
            {
                return;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Those of these tasks that nodes work on, or would as the next: no earlier task on their index is open.
    pub(crate) fn in_hand(&self, uids: &[TaskUid]) -> Vec<TaskUid> {
        let tasks = self.tasks.lock();
        let mut busy = BTreeSet::new();
        let in_hand = tasks.values().filter(|task| {
            let is_first = busy.insert(&task.node_uid);
            is_first || task.processing_since().is_some()
        });
        in_hand
            .map(|task| task.uid)
            .filter(|uid| uids.binary_search(uid).is_ok())
            .collect()
    }

    /// Waits until none of these tasks is open for which `concerns` holds.
    pub(crate) async fn until_none(&self, uids: &[TaskUid], concerns: impl Fn(&OpenTask) -> bool) {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let any_left = {
                let tasks = self.tasks.lock();
                uids.iter().any(|uid| tasks.get(uid).is_some_and(&concerns))
            };
            if !any_left || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The tasks that nodes work on, and since when.
    pub(crate) fn processing(&self) -> BTreeMap<TaskUid, i64> {
        let tasks = self.tasks.lock();
        let since = |task: &OpenTask| Some((task.uid, task.processing_since()?));
        tasks.values().filter_map(since).collect()
    }

    /// The newest open task.
    pub(crate) fn newest(&self) -> Option<TaskUid> {
        self.tasks.lock().keys().next_back().copied()
    }

    /// Wakes those who follow the tasks.
    fn ring(&self) {
        self.changed.send_replace(());
    }

    /// Whether a change of this index's settings is open.
    pub(crate) fn changes_settings_of(&self, index: &NodeUid) -> bool {
        let tasks = self.tasks.lock();
        tasks
            .values()
            .any(|task| task.node_uid == *index && matches!(task.work, Work::Settings { .. }))
    }

    /// How far the oldest open change of this index's settings is.
    pub(crate) fn broadcast_of(&self, index: &NodeUid) -> Option<Broadcast> {
        let tasks = self.tasks.lock();
        let on_index = tasks.values().filter(|task| task.node_uid == *index);
        on_index.filter_map(|task| task.broadcast.clone()).next()
    }

    /// The nodes that may be changing their settings of this index.
    pub(crate) fn changing_settings_of(&self, index: &NodeUid) -> BTreeSet<NodeId> {
        if self.broadcasts.load(Memory::SeqCst) == 0 {
            return BTreeSet::new();
        }
        let tasks = self.tasks.lock();
        let on_index = tasks.values().filter(|task| task.node_uid == *index);
        on_index.flat_map(OpenTask::changing).cloned().collect()
    }

    /// A node is about to be sent its part of a task. False: it must not be, because a node before it did not apply it. Waits for
    /// those where the task wants it.
    pub(crate) async fn begin(&self, uid: TaskUid, node: &NodeId) -> bool {
        let mut changes = self.changes();
        let paced = {
            let mut tasks = self.tasks.lock();
            let Some(task) = tasks.get_mut(&uid).filter(|task| task.broadcast.is_some()) else {
                return true;
            };
            if task.paced.is_none() {
                task.begun(node);
            }
            task.paced
        };
        let Some(limit) = paced else { return true };
        let turn = async {
            loop {
                changes.mark_unchanged();
                let may_begin = self.update_quietly(uid, |task| {
                    let may_begin = task.may_begin(node);
                    if may_begin == Some(true) {
                        task.begun(node);
                    }
                    may_begin
                });
                match may_begin.flatten() {
                    Some(may_begin) => return may_begin,
                    None if changes.changed().await.is_err() => return false,
                    None => {}
                }
            }
        };
        tokio::time::timeout(limit, turn).await.unwrap_or(false)
    }

    fn update_quietly<T>(
        &self,
        uid: TaskUid,
        change: impl FnOnce(&mut OpenTask) -> T,
    ) -> Option<T> {
        self.tasks.lock().get_mut(&uid).map(change)
    }

    /// The settings that the last open change of this index's settings will commit.
    pub(crate) fn proposed_settings_of(&self, index: &NodeUid) -> Option<Map<String, Value>> {
        let tasks = self.tasks.lock();
        tasks.values().rev().find_map(|task| match &task.work {
            Work::Settings { settings } if task.node_uid == *index => Some(settings.clone()),
            _ => None,
        })
    }

    /// The index as it will be if the open tasks on it succeed.
    pub(crate) fn head(&self, index: &NodeUid, catalog: &Catalog) -> Option<Head> {
        // Before the catalog is looked at: what ends in between is found there.
        let works: Vec<Work> = {
            let tasks = self.tasks.lock();
            let on_index = tasks.values().filter(|task| task.node_uid == *index);
            on_index.map(|task| task.work.clone()).collect()
        };
        let mut head = Head::from(&*catalog.of_node_uid(index)?);
        works.iter().for_each(|work| work.advance(&mut head));
        Some(head)
    }

    /// Whether no other task on the task's index is open.
    fn is_alone(&self, task: &OpenTask) -> bool {
        let tasks = self.tasks.lock();
        let mut others = tasks.values().filter(|other| other.uid != task.uid);
        others.all(|other| other.node_uid != task.node_uid)
    }

    /// Whether every open task on this index has ended without having been applied anywhere.
    fn came_to_nothing(&self, index: &NodeUid) -> bool {
        let tasks = self.tasks.lock();
        let mut on_index = tasks.values().filter(|task| task.node_uid == *index);
        on_index.all(|task| task.is_finished() && task.reached_on().is_empty())
    }

    /// Whether a task on this index is open.
    pub(crate) fn any_on(&self, index: &NodeUid) -> bool {
        self.tasks
            .lock()
            .values()
            .any(|task| task.node_uid == *index)
    }

    /// The open tasks on this index.
    pub(crate) fn uids_on(&self, index: &NodeUid) -> Vec<TaskUid> {
        let tasks = self.tasks.lock();
        let on_index = tasks.values().filter(|task| task.node_uid == *index);
        on_index.map(|task| task.uid).collect()
    }

    /// A receiver that wakes at every change.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The tasks all of whose legs have ended.
    fn finished(&self) -> Vec<OpenTask> {
        self.tasks
            .lock()
            .values()
            .filter(|task| task.is_finished())
            .cloned()
            .collect()
    }

    /// The tasks of `node` that open legs wait for.
    fn awaited_on(&self, node: &NodeId) -> BTreeSet<u32> {
        let tasks = self.tasks.lock();
        let legs = tasks.values().flat_map(|task| &task.legs);
        legs.filter(|leg| leg.key.node_id == *node && leg.state == NodeTaskState::Acked)
            .filter_map(|leg| leg.node_task)
            .collect()
    }

    /// Runs `visit` on every open task.
    pub(crate) fn each(&self, mut visit: impl FnMut(&mut OpenTask)) {
        self.tasks.lock().values_mut().for_each(&mut visit);
    }
}

impl OpenLeg {
    pub(crate) fn planned(key: NodeTaskKey, shards: ShardSet) -> Self {
        Self {
            key,
            shards,
            state: NodeTaskState::Planned,
            node_task: None,
            error: None,
            details: None,
            started_at: None,
            finished_at: None,
        }
    }

    /// The durable form.
    pub(crate) fn row(&self, node_uid: &NodeUid, now_ms: i64) -> NodeTaskRow {
        NodeTaskRow {
            key: self.key.clone(),
            node_uid: node_uid.clone(),
            shards: self.shards.clone(),
            state: self.state,
            node_task_uid: self.node_task,
            attempts: 1,
            planned_at: now_ms,
            sent_at: self.node_task.map(|_| now_ms),
            error: self.error.clone(),
        }
    }
}
