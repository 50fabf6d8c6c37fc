//! Lanes: per (node, index) one queue and one request in flight, so that every copy sees the writes of an index in one order
//! (invariant 5) and a slow node delays only itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use miroir_core::document::leg::LegBody;
use miroir_core::id::{NodeId, NodeUid, TaskUid};
use miroir_node::{
    Answer, Call, Content, ContentType, EnqueuedTask, NodeError, NodeTask, Retry, Stage,
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::cluster::journal::Journal;
use crate::fault::{self, Fault};
use crate::tasks::OpenTasks;

/// One request of a leg. It enqueues one node task.
#[derive(Debug, Clone)]
pub(crate) struct LegRequest {
    pub(crate) method: Method,
    /// Percent-encoded path and query, without the tag.
    pub(crate) path: String,
    pub(crate) body: Option<(ContentType, Content)>,
    /// The route takes `customMetadata`. With the leg's tag there, an unknown outcome can be looked up on the node; a request without
    /// it must be harmless to repeat.
    pub(crate) tagged: bool,
}

impl LegRequest {
    /// The documents that it carries.
    pub(crate) fn documents(&self) -> Option<&LegBody> {
        match &self.body {
            Some((_, Content::Documents(body))) => Some(body),
            Some((_, Content::Whole(_))) | None => None,
        }
    }
}

/// How a leg ended.
#[derive(Debug)]
pub(crate) enum LegEnd {
    /// Every request was taken; the node's task uids in the order of the requests.
    Enqueued(Vec<u32>),
    /// The node is up and says no.
    Refused(Answer),
    /// The node did not take it.
    Missed(Option<NodeError>),
    /// The node is gone or silent, and nobody knows whether it took the request after those with these task uids. It is found out when
    /// the node answers again; nothing else goes to the node until then.
    Unknown(Vec<u32>),
}

/// One node's part of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// Sent one after the other; the last one is the operation itself, those before it prepare the node. None: a barrier, whose end
    /// says that everything before it has been sent.
    pub(crate) requests: Vec<LegRequest>,
    /// Unique among all writes of the cluster.
    pub(crate) tag: Arc<str>,
    /// The open task that learns of the leg's end before the lane goes on: a copy that takes a write has an entry for every earlier
    /// one that it missed.
    pub(crate) task: Option<TaskUid>,
    /// A process before this one may have sent some of it.
    pub(crate) resumed: bool,
}

impl Leg {
    /// A part of a task.
    pub(crate) fn of_task(task: TaskUid, requests: Vec<LegRequest>, tag: Arc<str>) -> Self {
        Self {
            requests,
            tag,
            task: Some(task),
            resumed: false,
        }
    }

    /// What no client has asked for.
    pub(crate) fn of_process(requests: Vec<LegRequest>, tag: Arc<str>) -> Self {
        Self {
            requests,
            tag,
            task: None,
            resumed: false,
        }
    }

    /// Of all its bodies together.
    fn bytes(&self) -> usize {
        let bodies = self
            .requests
            .iter()
            .filter_map(|request| request.body.as_ref());
        bodies.map(|(_, content)| content.length()).sum()
    }
}

/// How much may wait in one lane. A leg that finds it full is missed: its node has fallen behind, and must hold up neither the
/// process nor the other copies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneLimits {
    pub(crate) legs: usize,
    pub(crate) bytes: usize,
}

struct Job {
    leg: Leg,
    done: oneshot::Sender<LegEnd>,
}

/// What waits behind the leg that is on its way.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    /// Of the bodies that wait.
    bytes: usize,
    /// Nothing is on its way: what became of the last leg is being found out.
    settles: bool,
}

impl Lane {
    fn append(&mut self, job: Job) {
        self.bytes += job.leg.bytes();
        self.waiting.push_back(job);
    }

    fn next(&mut self) -> Option<Job> {
        let job = self.waiting.pop_front()?;
        self.bytes -= job.leg.bytes();
        Some(job)
    }

    /// Whether another leg of so many bytes is too much. An empty lane takes any leg.
    fn exceeds(&self, limits: LaneLimits, bytes: usize) -> bool {
        !self.waiting.is_empty()
            && (self.waiting.len() >= limits.legs || self.bytes + bytes > limits.bytes)
    }
}

/// Why a request brought no answer.
enum Undelivered {
    /// It never arrived. No error: a server error was the answer.
    Never(Option<NodeError>),
    /// It may have arrived.
    Unknown,
}

type LaneKey = (NodeId, NodeUid);

/// All lanes of the process. A lane exists while it has work.
pub(crate) struct Lanes {
    cluster: Arc<Cluster>,
    open_tasks: Arc<OpenTasks>,
    journal: Arc<Journal>,
    write_timeout: Duration,
    /// Whether a write that is known not to have arrived is sent once more after a timeout.
    resends: bool,
    limits: LaneLimits,
    lanes: Mutex<HashMap<LaneKey, Lane>>,
}

impl Lanes {
    pub(crate) fn new(
        cluster: Arc<Cluster>,
        open_tasks: Arc<OpenTasks>,
        journal: Arc<Journal>,
        write_timeout: Duration,
        resends: bool,
        limits: LaneLimits,
    ) -> Self {
        Self {
            cluster,
            open_tasks,
            journal,
            write_timeout,
            resends,
            limits,
            lanes: Mutex::default(),
        }
    }

    /// Appends a leg to the lane of (`node`, `index`). It will be sent even if nobody waits for its end any more.
    pub(crate) fn push(
        self: &Arc<Self>,
        node: &NodeId,
        index: &NodeUid,
        leg: Leg,
    ) -> oneshot::Receiver<LegEnd> {
        let (done, end) = oneshot::channel();
        let job = Job { leg, done };
        let key = (node.clone(), index.clone());
        let mut lanes = self.lanes.lock();
        match lanes.get_mut(&key) {
            // What the process does for itself is little, and paces itself; what was begun before was bounded then.
            Some(lane)
                if job.leg.task.is_some()
                    && !job.leg.resumed
                    && lane.exceeds(self.limits, job.leg.bytes()) =>
            {
                drop(lanes);
                tracing::warn!(node_id = %node, index = %index, "a node has fallen too far behind and misses a write");
                self.end(&key, job, LegEnd::Missed(None));
            }
            Some(lane) => lane.append(job),
            None => {
                lanes.insert(key.clone(), Lane::default());
                tokio::spawn(Arc::clone(self).run(key, job));
            }
        }
        end
    }

    /// Whether the lane of (`node`, `index`) is more than half full: no longer one to count on.
    pub(crate) fn is_filling(&self, node: &NodeId, index: &NodeUid) -> bool {
        let half = LaneLimits {
            legs: self.limits.legs.div_ceil(2),
            bytes: self.limits.bytes / 2,
        };
        let key = (node.clone(), index.clone());
        let lanes = self.lanes.lock();
        lanes.get(&key).is_some_and(|lane| lane.exceeds(half, 0))
    }

    /// Waits until everything that is in the lane of (`node`, `index`) now has been sent or given up.
    pub(crate) async fn barrier(self: &Arc<Self>, node: &NodeId, index: &NodeUid) {
        let leg = Leg::of_process(Vec::new(), "".into());
        // A lane that is released instead has nothing in it either.
        let _ = self.push(node, index, leg).await;
    }

    /// Legs that are queued or in flight.
    pub(crate) fn is_idle(&self) -> bool {
        let lanes = self.lanes.lock();
        lanes
            .values()
            .all(|lane| lane.settles && lane.waiting.is_empty())
    }

    async fn run(self: Arc<Self>, key: LaneKey, first: Job) {
        let mut job = first;
        loop {
            let end = self.send(&key, &job.leg).await;
            let unsettled = match &end {
                LegEnd::Unknown(taken) => {
                    Some((job.leg.task, taken.len(), Arc::clone(&job.leg.tag)))
                }
                _ => None,
            };
            self.end(&key, job, end);
            if let Some((task, position, tag)) = unsettled {
                self.settle(&key, task, position, &tag).await;
            }
            let mut lanes = self.lanes.lock();
            match lanes.get_mut(&key).and_then(Lane::next) {
                Some(next) => job = next,
                None => {
                    lanes.remove(&key);
                    return;
                }
            }
        }
    }

    fn end(&self, (node, _): &LaneKey, job: Job, end: LegEnd) {
        if let Some(task) = job.leg.task {
            self.open_tasks.update(task, |task| task.sent(node, &end));
            self.journal.ended(task, node, &end);
        }
        // The story that waited may have ended with its quorum; the task's poller goes on from what was noted.
        let _ = job.done.send(end);
    }

    async fn send(&self, key: &LaneKey, leg: &Leg) -> LegEnd {
        let mut tasks = Vec::with_capacity(leg.requests.len());
        if let Some(task) = leg.task
            && !self.open_tasks.begin(task, &key.0).await
        {
            return LegEnd::Missed(None);
        }
        for (position, request) in leg.requests.iter().enumerate() {
            let tag = request_tag(&leg.tag, position);
            if leg.resumed && request.tagged {
                match self.find(key, &tag).await {
                    Lookup::Found(task) => {
                        tasks.push(task.uid);
                        continue;
                    }
                    Lookup::Absent => {}
                    Lookup::Gone | Lookup::Unknown => return LegEnd::Unknown(tasks),
                }
            }
            if !self.cluster.may_write(&key.0) {
                return match leg.resumed {
                    true => LegEnd::Unknown(tasks),
                    false => LegEnd::Missed(None),
                };
            }
            fault::point(Fault::LegLeaves);
            let delivered = self.deliver(key, request, &tag).await;
            fault::point(Fault::LegAnswered);
            match delivered {
                Ok(answer) if answer.is_success() => match answer.json::<EnqueuedTask>() {
                    Ok(task) if self.cluster.is_itself(&key.0, task.task_uid).await => {
                        tasks.push(task.task_uid)
                    }
                    Ok(_) => return LegEnd::Missed(None),
                    Err(_) => return LegEnd::Refused(answer),
                },
                Ok(answer) => return LegEnd::Refused(answer),
                Err(Undelivered::Never(error)) => return LegEnd::Missed(error),
                Err(Undelivered::Unknown) => return LegEnd::Unknown(tasks),
            }
        }
        LegEnd::Enqueued(tasks)
    }

    /// Sends one request, and when nobody knows whether it arrived, finds out and sends it once more only if it did not.
    async fn deliver(
        &self,
        key: &LaneKey,
        request: &LegRequest,
        tag: &str,
    ) -> Result<Answer, Undelivered> {
        let mut was_resent = false;
        loop {
            let call = self.request(request, tag);
            let (error, may_have_arrived) = match self.cluster.call(&key.0, call).await {
                // It may be the answer of something on the way, and the node may have taken the request.
                Ok(answer) if answer.status.is_server_error() => (None, true),
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let may_have_arrived = error.retry == Retry::IfIdempotent;
                    (Some(error), may_have_arrived)
                }
            };
            let mut resends = error.is_some();
            if may_have_arrived && request.tagged {
                resends &= self.resends;
                match self.find(key, tag).await {
                    Lookup::Found(task) => {
                        return Ok(Answer {
                            status: http::StatusCode::ACCEPTED,
                            body: format!("{{\"taskUid\":{}}}", task.uid).into(),
                        });
                    }
                    Lookup::Absent => {}
                    Lookup::Gone | Lookup::Unknown => return Err(Undelivered::Unknown),
                }
            }
            if was_resent || !resends {
                return Err(Undelivered::Never(error));
            }
            was_resent = true;
        }
    }

    /// Looks for a request on the node, for as long as the node may still tell.
    async fn find(&self, (node, index): &LaneKey, tag: &str) -> Lookup {
        let gives_up =
            |lookup: &Lookup| matches!(lookup, Lookup::Gone) || !self.cluster.may_write(node);
        find_out(&self.cluster, node, index, tag, gives_up).await
    }

    /// Waits until the node tells what became of a request, and notes it. What comes behind it must not arrive before it; while the node
    /// is given up, that is missed instead.
    async fn settle(&self, key: &LaneKey, task: Option<TaskUid>, position: usize, tag: &str) {
        self.set_settles(key, true);
        let tag = request_tag(tag, position);
        let found = find_out(&self.cluster, &key.0, &key.1, &tag, |_| {
            if !self.cluster.may_write(&key.0) {
                self.release(key);
            }
            false
        })
        .await;
        let uid = match found {
            Lookup::Found(task) => Some(task.uid),
            Lookup::Absent | Lookup::Gone | Lookup::Unknown => None,
        };
        if let Some(task) = task {
            self.open_tasks
                .update(task, |task| task.settled(&key.0, position, uid));
        }
        self.set_settles(key, false);
    }

    fn set_settles(&self, key: &LaneKey, settles: bool) {
        if let Some(lane) = self.lanes.lock().get_mut(key) {
            lane.settles = settles;
        }
    }

    /// What waits in the lane of a node that has failed has not been sent, and will not be.
    fn release(&self, key: &LaneKey) {
        let released = self
            .lanes
            .lock()
            .get_mut(key)
            .map(|lane| {
                lane.bytes = 0;
                std::mem::take(&mut lane.waiting)
            })
            .unwrap_or_default();
        for job in released {
            self.end(key, job, LegEnd::Missed(None));
        }
    }

    fn request(&self, request: &LegRequest, tag: &str) -> Call {
        let mut path = request.path.clone();
        if request.tagged {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("customMetadata=");
            path.push_str(tag);
        }
        let call = Call::write(request.method.clone(), path, self.deadline());
        match &request.body {
            Some((content_type, body)) => call.body(*content_type, body.clone()),
            None => call,
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.write_timeout
    }
}

/// The tag of one request of a leg, by its place in the leg.
pub(crate) fn request_tag(leg: &str, position: usize) -> String {
    format!("{leg}-{position}")
}

/// What a node says about a tagged request.
pub(crate) enum Lookup {
    /// It arrived, as this task.
    Found(NodeTask),
    /// It never arrived.
    Absent,
    /// Nothing listens there: no request is under way any more, but one that had arrived may be in the node's queue.
    Gone,
    /// The node does not say.
    Unknown,
}

/// Asks a node about a tagged request until it answers, or until `gives_up` says so after an answer that settles nothing. A frozen
/// node finds requests in its sockets when it goes on, so it is asked once more a moment after its first denial.
pub(crate) async fn find_out(
    cluster: &Cluster,
    node: &NodeId,
    index: &NodeUid,
    tag: &str,
    mut gives_up: impl FnMut(&Lookup) -> bool,
) -> Lookup {
    let mut has_denied = false;
    loop {
        let lookup = find_by_tag(cluster, node, index, tag).await;
        match lookup {
            Lookup::Found(_) => return lookup,
            Lookup::Absent if has_denied => return lookup,
            Lookup::Absent => has_denied = true,
            Lookup::Gone | Lookup::Unknown => {
                has_denied = false;
                if gives_up(&lookup) {
                    return lookup;
                }
            }
        }
        tokio::time::sleep(LOOKUP_PAUSE).await;
    }
}

/// Asks a node whether the request tagged `tag` ever arrived.
async fn find_by_tag(cluster: &Cluster, node: &NodeId, index: &NodeUid, tag: &str) -> Lookup {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<NodeTask>,
        next: Option<u32>,
    }
    let mut from = None;
    loop {
        let mut path = format!("/tasks?limit={LOOKUP_PAGE}&indexUids={index}");
        if let Some(from) = from {
            path.push_str(&format!("&from={from}"));
        }
        let deadline = Instant::now() + LOOKUP_TIMEOUT;
        let answer = match cluster.call(node, Call::get(path, deadline)).await {
            Ok(answer) => answer,
            Err(error) if error.stage == Stage::Connect && error.is_unreachable() => {
                return Lookup::Gone;
            }
            Err(_) => return Lookup::Unknown,
        };
        let Ok(page) = answer.json::<Page>() else {
            return Lookup::Unknown;
        };
        let found = page
            .results
            .into_iter()
            .find(|task| task.custom_metadata.as_deref() == Some(tag));
        match (found, page.next) {
            (Some(task), _) => return Lookup::Found(task),
            (None, Some(next)) => from = Some(next),
            (None, None) => return Lookup::Absent,
        }
    }
}

const LOOKUP_PAGE: usize = 1000;
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
const LOOKUP_PAUSE: Duration = Duration::from_millis(100);
