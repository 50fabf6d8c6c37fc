//! What a write of documents sends to its nodes, kept in a file until each of them has been sent its part: a process that is killed
//! in between goes on after its restart, and leaves no write that is half there.
//!
//! One file per write, beside the store: a line that says what each node is sent, the payload as the client sent it (once, however
//! many copies there are), then a line for each node whose part has come to an end without having arrived. Those are not sent again:
//! later writes may have passed. The file is not forced to disk, which protects from the end of the process and not from that of the
//! machine; a file that is not whole counts as none, and the nodes are only asked what they have.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Method;
use miroir_core::document::leg::{LegBody, Recipe};
use miroir_core::id::{NodeId, ShardSet, TaskUid};
use miroir_node::{Content, ContentType};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::cluster::lanes::{LegEnd, LegRequest};
use crate::http::reply::chain;
use crate::request::documents::RESERVED;

/// The writes that are on their way.
pub(crate) struct Journal {
    folder: PathBuf,
    open: Mutex<HashMap<TaskUid, Entry>>,
}

struct Entry {
    file: File,
    /// Legs that have not come to an end.
    legs: usize,
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Record {
    legs: Vec<RecordedLeg>,
    /// How the bodies of documents are made.
    recipe: Option<Recipe>,
    payload_bytes: usize,
}

#[derive(Serialize, Deserialize)]
struct RecordedLeg {
    node: NodeId,
    requests: Vec<RecordedRequest>,
}

#[derive(Serialize, Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    tagged: bool,
    body: RecordedBody,
}

#[derive(Serialize, Deserialize)]
enum RecordedBody {
    None,
    Json(String),
    NdJson(String),
    /// The next body that the recipe makes of the payload for these shards.
    Documents(ShardSet),
}

/// What a process before this one had not finished sending, by node.
pub(crate) type Unsent = BTreeMap<NodeId, Vec<LegRequest>>;

impl Journal {
    /// A journal beside the store.
    pub(crate) fn beside(store: &Path) -> Self {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".writes");
        Self {
            folder: folder.into(),
            open: Mutex::default(),
        }
    }

    /// Writes down what is about to leave. Without room for it the write goes on unprotected.
    pub(crate) fn begin<'l>(
        &self,
        task: TaskUid,
        legs: impl ExactSizeIterator<Item = (&'l NodeId, &'l [LegRequest])> + Clone,
    ) {
        let count = legs.len();
        let write = || -> io::Result<File> {
            // Documents are in it.
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)?;
            let mut file = File::create(self.path(task))?;
            let (record, payload) = Record::of(legs);
            let mut line = serde_json::to_vec(&record)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.write_all(&payload)?;
            Ok(file)
        };
        match write() {
            Ok(file) => {
                let entry = Entry { file, legs: count };
                self.open.lock().insert(task, entry);
            }
            Err(error) => {
                tracing::warn!(task_uid = task.0, error = %chain(&error), "a write cannot be written down before it is sent");
                // What there is of it counts as none.
                let _ = fs::remove_file(self.path(task));
            }
        }
    }

    /// A leg has come to its end; nothing else has left its lane since. With the last one the file goes.
    pub(crate) fn ended(&self, task: TaskUid, node: &NodeId, end: &LegEnd) {
        let mut open = self.open.lock();
        let Some(entry) = open.get_mut(&task) else {
            return;
        };
        entry.legs -= 1;
        if entry.legs == 0 {
            let entry = open.remove(&task);
            drop(open);
            let path = self.path(task);
            // A long file takes a while to go.
            tokio::task::spawn_blocking(move || {
                remove(&path);
                drop(entry);
            });
        } else if !matches!(end, LegEnd::Enqueued(_)) {
            let line = format!("{node}\n");
            if let Err(error) = entry.file.write_all(line.as_bytes()) {
                tracing::warn!(task_uid = task.0, node_id = %node, error = %chain(&error), "it cannot be written down that a node missed a write");
                // Better not sent again at all than behind a later write.
                remove(&self.path(task));
            }
        }
    }

    /// What is to be sent again of a task that another process left; none where nothing is known of it.
    pub(crate) fn unsent(&self, task: TaskUid) -> Unsent {
        match self.read(task) {
            Ok(unsent) => unsent,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Unsent::new(),
            Err(error) => {
                tracing::warn!(task_uid = task.0, error = %chain(&error), "what was to be sent of a write cannot be read back");
                Unsent::new()
            }
        }
    }

    fn read(&self, task: TaskUid) -> io::Result<Unsent> {
        let path = self.path(task);
        let whole = Bytes::from(fs::read(&path)?);
        let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the file is not whole");
        let end = whole.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(cut)?;
        let record: Record = serde_json::from_slice(&whole[..end])?;
        let payload_end = end + 1 + record.payload_bytes;
        if whole.len() < payload_end {
            return Err(cut());
        }
        let ended: BTreeSet<&[u8]> = whole[payload_end..].split(|byte| *byte == b'\n').collect();
        let mut unsent = record.requests(whole.slice(end + 1..payload_end))?;
        unsent.retain(|node, _| !ended.contains(node.as_str().as_bytes()));
        let file = OpenOptions::new().append(true).open(&path)?;
        let legs = unsent.len();
        if legs > 0 {
            self.open.lock().insert(task, Entry { file, legs });
        }
        Ok(unsent)
    }

    /// Removes what was left of tasks that have ended.
    pub(crate) fn keep_only(&self, unfinished: &BTreeSet<TaskUid>) {
        let Ok(files) = fs::read_dir(&self.folder) else {
            return;
        };
        for file in files.flatten() {
            let task = file.file_name().to_str().and_then(|name| name.parse().ok());
            if !task.is_some_and(|task| unfinished.contains(&TaskUid(task))) {
                remove(&file.path());
            }
        }
    }

    fn path(&self, task: TaskUid) -> PathBuf {
        self.folder.join(task.to_string())
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(file = %path.display(), error = %chain(&error), "what was written down of a write cannot be removed");
    }
}

impl Record {
    /// The record of a write, and the payload that its documents are made from.
    fn of<'l>(legs: impl Iterator<Item = (&'l NodeId, &'l [LegRequest])> + Clone) -> (Self, Bytes) {
        let bodies = legs.clone().flat_map(|(_, requests)| requests);
        let documents = bodies.filter_map(LegRequest::documents).next();
        let payload = documents.map(|body| body.payload().clone());
        let payload = payload.unwrap_or_default();
        let record = Self {
            legs: legs
                .map(|(node, requests)| RecordedLeg {
                    node: node.clone(),
                    requests: requests.iter().map(RecordedRequest::of).collect(),
                })
                .collect(),
            recipe: documents.map(LegBody::recipe),
            payload_bytes: payload.len(),
        };
        (record, payload)
    }

    /// The requests again.
    fn requests(self, payload: Bytes) -> io::Result<Unsent> {
        let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
        let restored = self
            .recipe
            .map(|recipe| recipe.restore(payload, Some(RESERVED)))
            .transpose()
            .map_err(|error| invalid(error.message))?;
        let mut unsent = Unsent::new();
        for leg in self.legs {
            let mut bodies = None;
            let mut requests = Vec::with_capacity(leg.requests.len());
            for request in leg.requests {
                let body = match request.body {
                    RecordedBody::None => None,
                    RecordedBody::Json(text) => Some((ContentType::Json, text.into())),
                    RecordedBody::NdJson(text) => Some((ContentType::NdJson, text.into())),
                    RecordedBody::Documents(wanted) => {
                        let missing = || invalid("documents are missing".to_owned());
                        let restored = restored.as_ref().ok_or_else(missing)?;
                        let bodies = bodies.get_or_insert_with(|| restored.bodies(wanted));
                        let body = bodies.next().ok_or_else(missing)?;
                        Some((ContentType::of(&body), Content::from(body)))
                    }
                };
                requests.push(LegRequest {
                    method: request
                        .method
                        .parse::<Method>()
                        .map_err(|error| invalid(error.to_string()))?,
                    path: request.path,
                    body,
                    tagged: request.tagged,
                });
            }
            unsent.insert(leg.node, requests);
        }
        Ok(unsent)
    }
}

impl RecordedRequest {
    fn of(request: &LegRequest) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            method: request.method.to_string(),
            path: request.path.clone(),
            tagged: request.tagged,
            body: match &request.body {
                None => RecordedBody::None,
                Some((ContentType::Json, Content::Whole(body))) => RecordedBody::Json(text(body)),
                Some((ContentType::NdJson, Content::Whole(body))) => {
                    RecordedBody::NdJson(text(body))
                }
                Some((_, Content::Documents(body))) => {
                    RecordedBody::Documents(body.wanted().clone())
                }
            },
        }
    }
}
