//! Lanes: per (node, index) one queue and one request in flight, so that every copy sees the writes of an index in one order
//! (invariant 5) and a slow node delays only itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use miroir_core::id::{NodeId, NodeUid};
use miroir_node::{Answer, Call, ContentType, EnqueuedTask, NodeError, NodeTask, Retry};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::cluster::Cluster;

/// One request of a leg. It enqueues one node task.
#[derive(Debug, Clone)]
pub(crate) struct LegRequest {
    pub(crate) method: Method,
    /// Percent-encoded path and query, without the tag.
    pub(crate) path: String,
    pub(crate) body: Option<(ContentType, Bytes)>,
    /// The route takes `customMetadata`. With the leg's tag there, an unknown outcome can be looked up on the node; a request without
    /// it must be harmless to repeat.
    pub(crate) tagged: bool,
}

/// How a leg ended.
#[derive(Debug)]
pub(crate) enum LegEnd {
    /// Every request was taken; the node's task uids in the order of the requests.
    Enqueued(Vec<u32>),
    /// The node is up and says no.
    Refused(Answer),
    /// The node did not take it, or nobody knows.
    Missed(Option<NodeError>),
}

/// One node's part of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// Sent one after the other; the last one is the operation itself, those before it prepare the node.
    pub(crate) requests: Vec<LegRequest>,
    /// Unique among all writes of the cluster.
    pub(crate) tag: Arc<str>,
}

struct Job {
    leg: Leg,
    done: oneshot::Sender<LegEnd>,
}

type LaneKey = (NodeId, NodeUid);

/// All lanes of the process. A lane exists while it has work.
pub(crate) struct Lanes {
    cluster: Arc<Cluster>,
    write_timeout: Duration,
    /// Whether a write that is known not to have arrived is sent once more after a timeout.
    resends: bool,
    waiting: Mutex<HashMap<LaneKey, VecDeque<Job>>>,
}

impl Lanes {
    pub(crate) fn new(cluster: Arc<Cluster>, write_timeout: Duration, resends: bool) -> Self {
        Self {
            cluster,
            write_timeout,
            resends,
            waiting: Mutex::default(),
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
        let mut waiting = self.waiting.lock();
        match waiting.get_mut(&key) {
            Some(queue) => queue.push_back(job),
            None => {
                waiting.insert(key.clone(), VecDeque::new());
                tokio::spawn(Arc::clone(self).run(key, job));
            }
        }
        end
    }

    /// Legs that are queued or in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.lock().is_empty()
    }

    async fn run(self: Arc<Self>, key: LaneKey, first: Job) {
        let mut job = first;
        loop {
            let end = self.send(&key, job.leg).await;
            // The story that waited may have ended with its quorum; the task's poller learns the outcome from the store then.
            let _ = job.done.send(end);
            let mut waiting = self.waiting.lock();
            match waiting.get_mut(&key).and_then(VecDeque::pop_front) {
                Some(next) => job = next,
                None => {
                    waiting.remove(&key);
                    return;
                }
            }
        }
    }

    async fn send(&self, (node, index): &LaneKey, leg: Leg) -> LegEnd {
        let mut tasks = Vec::with_capacity(leg.requests.len());
        for (position, request) in leg.requests.iter().enumerate() {
            if !self.cluster.may_write(node) {
                return LegEnd::Missed(None);
            }
            match self
                .deliver(node, index, request, &request_tag(&leg.tag, position))
                .await
            {
                Ok(answer) if answer.is_success() => match answer.json::<EnqueuedTask>() {
                    Ok(task) => tasks.push(task.task_uid),
                    Err(_) => return LegEnd::Refused(answer),
                },
                Ok(answer) if answer.status.is_server_error() => return LegEnd::Missed(None),
                Ok(answer) => return LegEnd::Refused(answer),
                Err(error) => return LegEnd::Missed(Some(error)),
            }
        }
        LegEnd::Enqueued(tasks)
    }

    /// Sends one request, and when nobody knows whether it arrived, finds out and sends it once more only if it did not.
    async fn deliver(
        &self,
        node: &NodeId,
        index: &NodeUid,
        request: &LegRequest,
        tag: &str,
    ) -> Result<Answer, NodeError> {
        let error = match self.cluster.call(node, self.request(request, tag)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.retry == Retry::Safe {
            return self.cluster.call(node, self.request(request, tag)).await;
        }
        if !request.tagged {
            return self.cluster.call(node, self.request(request, tag)).await;
        }
        match find_by_tag(&self.cluster, node, index, tag, self.deadline()).await {
            Lookup::Found(task) => {
                let body = format!("{{\"taskUid\":{}}}", task.uid);
                Ok(Answer {
                    status: http::StatusCode::ACCEPTED,
                    content_type: None,
                    body: body.into(),
                })
            }
            Lookup::Absent if self.resends => {
                self.cluster.call(node, self.request(request, tag)).await
            }
            Lookup::Absent | Lookup::Unknown => Err(error),
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
    /// The node does not say.
    Unknown,
}

/// Asks a node whether the request tagged `tag` ever arrived.
pub(crate) async fn find_by_tag(
    cluster: &Cluster,
    node: &NodeId,
    index: &NodeUid,
    tag: &str,
    deadline: Instant,
) -> Lookup {
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
        let Ok(answer) = cluster.call(node, Call::get(path, deadline)).await else {
            return Lookup::Unknown;
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
