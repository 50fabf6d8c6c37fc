//! One client of a history: it writes its own documents, remembers what it was told, and looks at them again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::StatusCode;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::time::Instant;

use super::{Accepted, Change, Event, State, Told};
use crate::client::{Client, ClientError, Response};

/// The index of every history.
pub(super) const INDEX: &str = "history";
/// Stands for the settings of the index among the documents. Its only writer is the first client.
pub(super) const SETTINGS: &str = "settings";
/// Documents of one client: few enough to be written often, enough that a document has few uncertain writes.
const DOCUMENTS: usize = 25;
/// A document with so many writes that nobody vouched for is left alone, and another one takes its place: what may have become of it
/// grows with the power of two.
const MOST_UNCERTAIN: usize = 7;
/// A client that was refused does not ask again at once: the plan of faults counts operations.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a client waits for its tasks before it goes on without looking; a fleet may be half down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the clients share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Counts beginnings and ends of requests.
    pub(super) clock: AtomicU64,
    /// Operations that have begun.
    pub(super) operations: AtomicUsize,
    /// Held by everybody who writes; alone by who deletes everything.
    everybody: RwLock<()>,
    record: Mutex<Record>,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) events: BTreeMap<String, Vec<Event>>,
    pub(super) accepted: Vec<Accepted>,
    /// Answers that no client should ever get.
    pub(super) surprises: Vec<String>,
    /// Tasks whose end is not known yet, with the events that hang on it.
    pub(super) pending: BTreeMap<u64, Vec<(String, usize)>>,
}

impl Shared {
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record
            .lock()
            .expect("nothing panics while it holds the record")
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}

impl Record {
    /// A write was not sent after all. Nothing can have happened to its document since but by a deletion of everything.
    fn forget(&mut self, document: &str, place: usize) {
        if let Some(events) = self.events.get_mut(document)
            && place + 1 == events.len()
        {
            events.pop();
        }
    }

    /// A task has ended.
    pub(super) fn settle(&mut self, task: u64, succeeded: bool) {
        for (document, place) in self.pending.remove(&task).unwrap_or_default() {
            let event = self
                .events
                .get_mut(&document)
                .and_then(|events| events.get_mut(place));
            if let (true, Some(Event::Wrote(_, told))) = (succeeded, event) {
                *told = Told::Succeeded;
            }
        }
    }
}

/// A document as its writers mean it.
pub(super) fn state_of(document: &Value) -> State {
    State {
        put: document["put"].as_u64(),
        patch: document["patch"].as_u64(),
    }
}

/// What the clients need to ask the index.
pub(super) fn basis() -> Value {
    json!({ "filterableAttributes": ["owner"] })
}

/// A version of the settings, as they are written.
fn settings(version: u64) -> Value {
    json!({ "synonyms": { "version": [version.to_string()] } })
}

/// The version that settings show.
pub(super) fn settings_of(settings: &Value) -> Option<State> {
    let version = settings["synonyms"]["version"][0].as_str()?;
    Change::Put(version.parse().ok()?).apply(None)
}

/// See the module.
pub(super) struct Session {
    number: usize,
    changes_index: bool,
    client: Client,
    random: StdRng,
    shared: Arc<Shared>,
    version: u64,
    /// How often the document of each place was replaced by another one.
    generations: [u32; DOCUMENTS],
    /// Own tasks whose end is not known.
    open: Vec<u64>,
}

impl Session {
    pub(super) fn new(number: usize, client: Client, random: StdRng, shared: Arc<Shared>) -> Self {
        Self {
            number,
            changes_index: false,
            client,
            random,
            shared,
            version: 0,
            generations: [0; DOCUMENTS],
            open: Vec::new(),
        }
    }

    /// Whether it also changes settings and makes the index anew; only one client may.
    pub(super) fn changing_index(self, changes_index: bool) -> Self {
        Self {
            changes_index,
            ..self
        }
    }

    /// Works until all clients together have begun so many operations.
    pub(super) async fn work(mut self, operations: usize) {
        while self.shared.operations.fetch_add(1, Ordering::Relaxed) < operations {
            match self.random.random_range(0..300) {
                0 if self.number == 0 => self.delete_all().await,
                1 if self.changes_index => self.make_anew().await,
                2..=12 if self.changes_index => self.change_settings().await,
                13..=19 if self.number == 0 => self.look_at_settings().await,
                0..=109 => self.write(false).await,
                110..=169 => self.write(true).await,
                170..=229 => self.delete().await,
                _ => self.look().await,
            }
        }
    }

    fn document(&mut self) -> String {
        let place = self.random.random_range(0..DOCUMENTS);
        let name = |generation| format!("c{}-{place}-{generation}", self.number);
        let is_uncertain = |event: &&Event| matches!(event, Event::Wrote(_, Told::Perhaps));
        let generation = &mut self.generations[place];
        let record = self.shared.record();
        let events = record.events.get(&name(*generation));
        let uncertain = events.map_or(0, |events| events.iter().filter(is_uncertain).count());
        if uncertain >= MOST_UNCERTAIN {
            *generation += 1;
        }
        name(*generation)
    }

    fn some_documents(&mut self, most: usize) -> Vec<String> {
        let count = self.random.random_range(1..=most);
        let mut documents: Vec<String> = (0..count).map(|_| self.document()).collect();
        documents.sort();
        documents.dedup();
        documents
    }

    async fn write(&mut self, patches: bool) {
        let documents = self.some_documents(5);
        let (field, kind): (_, fn(u64) -> Change) = if patches {
            ("patch", Change::Patch)
        } else {
            ("put", Change::Put)
        };
        self.version += 1;
        let version = self.version;
        let body: Vec<Value> = documents
            .iter()
            .map(|id| json!({ "id": id, "owner": self.number, field: version }))
            .collect();
        let path = format!("/indexes/{INDEX}/documents");
        let changes = documents
            .into_iter()
            .map(|id| (id, kind(version)))
            .collect();
        let (client, shared) = (self.client.clone(), Arc::clone(&self.shared));
        let _turn = shared.everybody.read().await;
        self.tell(changes, async {
            if patches {
                client.put(&path, &json!(body)).await
            } else {
                client.post(&path, &json!(body)).await
            }
        })
        .await;
    }

    async fn delete(&mut self) {
        let documents = self.some_documents(5);
        let path = format!("/indexes/{INDEX}/documents");
        let changes = documents
            .iter()
            .map(|id| (id.clone(), Change::Delete))
            .collect();
        let (client, shared) = (self.client.clone(), Arc::clone(&self.shared));
        let _turn = shared.everybody.read().await;
        self.tell(changes, async {
            match documents.as_slice() {
                [one] => client.delete(&format!("{path}/{one}")).await,
                several => {
                    let path = format!("{path}/delete-batch");
                    client.post(&path, &json!(several)).await
                }
            }
        })
        .await;
    }

    /// The only write to documents of others, so nobody else writes or reads before its task has ended. If that takes too long it stays a
    /// write that may have happened.
    async fn delete_all(&mut self) {
        let (client, shared) = (self.client.clone(), Arc::clone(&self.shared));
        let _alone = shared.everybody.write().await;
        let mut known: Vec<String> = shared.record().events.keys().cloned().collect();
        known.retain(|id| id != SETTINGS);
        let changes = known.into_iter().map(|id| (id, Change::Delete)).collect();
        let path = format!("/indexes/{INDEX}/documents");
        self.tell(changes, async { client.delete(&path).await })
            .await;
        self.settle_or_give_up().await;
    }

    /// The index goes away with everything in it, and comes again.
    async fn make_anew(&mut self) {
        let (client, shared) = (self.client.clone(), Arc::clone(&self.shared));
        let _alone = shared.everybody.write().await;
        let known: Vec<String> = shared.record().events.keys().cloned().collect();
        let changes = known.into_iter().map(|id| (id, Change::Delete)).collect();
        let index = format!("/indexes/{INDEX}");
        self.tell(changes, async { client.delete(&index).await })
            .await;
        self.settle_or_give_up().await;
        let path = format!("{index}/settings");
        loop {
            let shown = client.get(&path).await.and_then(|answer| answer.json());
            let basis = basis();
            if shown
                .is_ok_and(|shown| shown["filterableAttributes"] == basis["filterableAttributes"])
            {
                return;
            }
            // Nobody else does anything meanwhile, and faults end after so many operations.
            shared.operations.fetch_add(1, Ordering::Relaxed);
            let body = json!({ "uid": INDEX, "primaryKey": "id" });
            // Whatever becomes of these: they change nothing that is there already.
            let _ = client.post("/indexes", &body).await;
            let _ = client.patch(&path, &basis).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn change_settings(&mut self) {
        self.version += 1;
        let change = settings(self.version);
        let path = format!("/indexes/{INDEX}/settings");
        let changes = vec![(SETTINGS.to_owned(), Change::Put(self.version))];
        let (client, shared) = (self.client.clone(), Arc::clone(&self.shared));
        let _turn = shared.everybody.read().await;
        self.tell(changes, async { client.patch(&path, &change).await })
            .await;
    }

    async fn look_at_settings(&mut self) {
        if !self.settle().await {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let _turn = shared.everybody.read().await;
        let path = format!("/indexes/{INDEX}/settings");
        let Ok(answer) = self.client.get(&path).await else {
            return;
        };
        match (answer.status, answer.json()) {
            (StatusCode::OK, Ok(shown)) => self.saw(SETTINGS.to_owned(), settings_of(&shown)),
            (StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE, _) => {}
            _ => self.surprised(&answer),
        }
    }

    /// Sends a write and records it.
    async fn tell(
        &mut self,
        changes: Vec<(String, Change)>,
        request: impl Future<Output = Result<Response, ClientError>>,
    ) {
        // Recorded before it is sent: whatever the answer, it may have happened.
        let places: Vec<(String, usize)> = {
            let mut record = self.shared.record();
            let note = |(document, change): (String, Change)| {
                let events = record.events.entry(document.clone()).or_default();
                events.push(Event::Wrote(change, Told::Perhaps));
                (document, events.len() - 1)
            };
            changes.into_iter().map(note).collect()
        };
        let began = self.shared.tick();
        let answer = request.await;
        let ended = self.shared.tick();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                if error.never_left() {
                    let mut record = self.shared.record();
                    for (document, place) in places {
                        record.forget(&document, place);
                    }
                }
                tokio::time::sleep(PAUSE).await;
                return;
            }
        };
        if answer.status != StatusCode::ACCEPTED {
            tokio::time::sleep(PAUSE).await;
        }
        let mut record = self.shared.record();
        match answer.task_uid() {
            Some(task) if answer.status == StatusCode::ACCEPTED => {
                record.accepted.push(Accepted { task, began, ended });
                record.pending.insert(task, places);
                self.open.push(task);
            }
            _ if answer.status == StatusCode::SERVICE_UNAVAILABLE => {}
            _ => {
                let text = format!("a write is answered {}: {}", answer.status, answer.text());
                record.surprises.push(text);
            }
        }
    }

    /// Reads own documents, once all own tasks have ended.
    async fn look(&mut self) {
        if !self.settle().await {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let _turn = shared.everybody.read().await;
        if self.random.random_bool(0.5) {
            let document = self.document();
            let path = format!("/indexes/{INDEX}/documents/{document}");
            let Ok(answer) = self.client.get(&path).await else {
                return;
            };
            match (answer.status, answer.json()) {
                (StatusCode::OK, Ok(body)) => self.saw(document, Some(state_of(&body))),
                (StatusCode::NOT_FOUND, _) => self.saw(document, None),
                (StatusCode::SERVICE_UNAVAILABLE, _) => {}
                _ => self.surprised(&answer),
            }
            return;
        }
        let query = json!({ "filter": format!("owner = {}", self.number), "limit": 1000 });
        let path = format!("/indexes/{INDEX}/search");
        let Ok(answer) = self.client.post(&path, &query).await else {
            return;
        };
        match (answer.status, answer.json()) {
            (StatusCode::OK, Ok(_)) if answer.header("x-miroir-degraded").is_some() => {}
            (StatusCode::OK, Ok(body)) => {
                let mut found: BTreeMap<String, State> = BTreeMap::new();
                for hit in body["hits"].as_array().into_iter().flatten() {
                    let id = hit["id"].as_str().unwrap_or_default();
                    if found.insert(id.to_owned(), state_of(hit)).is_some() {
                        self.surprised(&answer);
                    }
                }
                let prefix = format!("c{}-", self.number);
                let known: Vec<String> = {
                    let record = self.shared.record();
                    let known = record.events.keys();
                    known
                        .filter(|id| id.starts_with(&prefix))
                        .cloned()
                        .collect()
                };
                for document in known {
                    let state = found.remove(&document);
                    self.saw(document, state);
                }
                if !found.is_empty() {
                    self.surprised(&answer);
                }
            }
            (StatusCode::SERVICE_UNAVAILABLE, _) => {}
            // A deletion of the index that nobody vouches for may happen late, and then a write makes it again, without settings.
            (StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST, Ok(body))
                if body["code"] == "index_not_found" || body["code"] == "invalid_search_filter" => {
            }
            _ => self.surprised(&answer),
        }
    }

    fn saw(&self, document: String, state: Option<State>) {
        let mut record = self.shared.record();
        let events = record.events.entry(document).or_default();
        events.push(Event::Saw(state));
    }

    fn surprised(&self, answer: &Response) {
        let text = format!("a read is answered {}: {}", answer.status, answer.text());
        self.shared.record().surprises.push(text);
    }

    /// Tasks whose ends do not come in time may have happened or not, whatever becomes of them later: others have gone on.
    async fn settle_or_give_up(&mut self) {
        if !self.settle().await {
            self.open.clear();
        }
    }

    /// Waits for the ends of own tasks, for a while; whether all are known.
    async fn settle(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while let Some(task) = self.open.last().copied() {
            match ended(&self.client, task).await {
                Some(succeeded) => {
                    self.shared.record().settle(task, succeeded);
                    self.open.pop();
                }
                None if Instant::now() >= deadline => return false,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        true
    }
}

/// Whether a task has succeeded; `None` while it has not ended or cannot be read.
pub(super) async fn ended(client: &Client, task: u64) -> Option<bool> {
    let answer = client.get(&format!("/tasks/{task}")).await.ok()?;
    match answer.json().ok()?["status"].as_str()? {
        "succeeded" => Some(true),
        "failed" | "canceled" => Some(false),
        _ => None,
    }
}
