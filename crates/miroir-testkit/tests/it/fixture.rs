//! What the tests of fleets share: starting one, filling it, asking it, waiting for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use miroir_testkit::client::{Client, ClientError, Response};
use miroir_testkit::cluster::{Cluster, ClusterBuilder, MASTER_KEY};
use miroir_testkit::process::Node;
use miroir_testkit::recording;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a fleet may take for what it surely does; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(180);

/// Fleets that run at once, however many tests do: each is several processes, and a starved process looks like a dead one.
static SLOTS: Semaphore = Semaphore::const_new(3);

/// A running fleet that counts against the limit of them.
pub(crate) struct Fleet {
    cluster: Cluster,
    _slot: SemaphorePermit<'static>,
}

impl Deref for Fleet {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl DerefMut for Fleet {
    fn deref_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }
}

/// Starts a fleet once there is room for it.
pub(crate) async fn start(builder: ClusterBuilder) -> Fleet {
    let slot = SLOTS.acquire().await.expect("never closed");
    let cluster = builder.start().await.expect("the fleet starts");
    Fleet {
        cluster,
        _slot: slot,
    }
}

/// One ordinary server that clients open with the same key as a fleet.
pub(crate) async fn reference() -> Node {
    Node::start("reference", MASTER_KEY)
        .await
        .expect("the reference starts")
}

/// Whether a node is a server of the newest version, and not the embedded one with its older engine.
pub(crate) async fn is_real(node: &Client) -> bool {
    let missing = recording::classes_to_skip(node).await;
    missing.expect("the node tells its version").is_empty()
}

/// Takes what is counted out of a page. Under a score threshold the older engine counts everything that matches, whatever its score,
/// where pages are numbered.
pub(crate) fn uncounted(mut page: Value) -> Value {
    for member in ["totalHits", "totalPages", "facetDistribution", "facetStats"] {
        page[member].take();
    }
    page
}

/// Documents with a unique word each, one of three colours, and numbers.
pub(crate) fn documents(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            json!({
                "id": number,
                "title": format!("story of {}", unique_word(number)),
                "colour": COLOURS[number % COLOURS.len()],
                "size": number * 37 % 101,
            })
        })
        .collect()
}

/// What `colour` may be.
pub(crate) const COLOURS: [&str; 3] = ["blue", "green", "red"];

/// A word that only document `number` has; none is the beginning of another.
pub(crate) fn unique_word(number: usize) -> String {
    let letter = |place: u32| {
        let digit = u8::try_from(number / 26_usize.pow(place) % 26).expect("below 26");
        char::from(b'a' + digit)
    };
    format!("q{}{}{}x", letter(2), letter(1), letter(0))
}

/// Settings under which [`unique_word`] is unique: words that differ in one letter are different words.
pub(crate) fn settings() -> Value {
    json!({
        "filterableAttributes": ["colour", "size"],
        "sortableAttributes": ["size"],
        "typoTolerance": { "enabled": false },
    })
}

/// Creates the index `stories` with [`settings`] and [`documents`].
pub(crate) async fn fill(client: &Client, count: usize) {
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &index).await).await;
    let change = client.patch("/indexes/stories/settings", &settings()).await;
    succeed(client, change).await;
    let added = client
        .post("/indexes/stories/documents", &json!(documents(count)))
        .await;
    succeed(client, added).await;
}

/// Waits for the task that an answer announces, and returns its view.
pub(crate) async fn finish(client: &Client, answer: Result<Response, ClientError>) -> Value {
    let answer = answer.expect("an answer");
    let uid = answer
        .task_uid()
        .unwrap_or_else(|| panic!("{} announces no task: {}", answer.status, answer.text()));
    client.wait_task(uid).await.expect("the task ends")
}

/// Waits for the task that an answer announces; it must succeed.
pub(crate) async fn succeed(client: &Client, answer: Result<Response, ClientError>) -> Value {
    let task = finish(client, answer).await;
    assert_eq!(task["status"], "succeeded", "{task:#}");
    task
}

/// `POST /indexes/stories/search`
pub(crate) async fn search(client: &Client, body: &Value) -> Response {
    client
        .post("/indexes/stories/search", body)
        .await
        .expect("an answer")
}

/// The body of a success without what changes from one request to the next.
pub(crate) fn page(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    let mut body = response.json().expect("JSON");
    if let Some(members) = body.as_object_mut() {
        members.remove("requestUid");
        members.remove("processingTimeMs");
    }
    body
}

/// What a response says is missing from it.
pub(crate) fn degraded(response: &Response) -> Option<&str> {
    response.header("x-miroir-degraded")
}

/// Asks again and again until the answer is yes.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A node as `/_miroir/topology` shows it.
pub(crate) async fn node_view(cluster: &Cluster, id: &str) -> Value {
    let answer = cluster.admin().get("/_miroir/topology").await;
    let view = answer.expect("an answer").json().expect("JSON");
    let nodes = view["nodes"].as_array().expect("nodes");
    let node = nodes.iter().find(|node| node["id"] == id);
    node.expect("the node is listed").clone()
}

/// Waits until `/_miroir/topology` shows a status for a node.
pub(crate) async fn until_status(cluster: &Cluster, id: &str, status: &str) {
    until(&format!("{id} is {status}"), async || {
        node_view(cluster, id).await["status"] == status
    })
    .await;
}

/// The owners of each shard of `stories`, group by group, as `/_miroir/shards` shows them.
pub(crate) async fn owners(cluster: &Cluster) -> Vec<Vec<BTreeSet<String>>> {
    let answer = cluster.admin().get("/_miroir/shards?index=stories").await;
    let view = answer.expect("an answer").json().expect("JSON");
    let names = |group: &Value| -> BTreeSet<String> {
        let owners = group["owners"].as_array().expect("owners").iter();
        owners
            .map(|owner| owner["node"].as_str().expect("an id").to_owned())
            .collect()
    };
    let table = view["table"].as_array().expect("a table");
    table
        .iter()
        .map(|shard| {
            let groups = shard["groups"].as_array().expect("groups");
            groups.iter().map(names).collect()
        })
        .collect()
}

/// The shards that a node owns a copy of.
pub(crate) async fn shards_of(cluster: &Cluster, id: &str) -> BTreeSet<usize> {
    let table = owners(cluster).await;
    let owned = table.iter().enumerate();
    owned
        .filter(|(_, groups)| groups.iter().any(|owners| owners.contains(id)))
        .map(|(shard, _)| shard)
        .collect()
}

/// What the node itself has of `stories`: the ids and the shard that each document is marked with.
pub(crate) async fn stored(node: &Node) -> BTreeMap<u64, usize> {
    let body = json!({ "fields": ["id", "_miroir_shard"], "limit": 100_000 });
    let answer = node
        .client()
        .post("/indexes/stories/documents/fetch", &body)
        .await;
    let view = answer.expect("an answer").json().expect("JSON");
    let documents = view["results"].as_array().expect("documents");
    documents
        .iter()
        .map(|document| {
            let marker = document["_miroir_shard"].as_str().expect("a marker");
            (document["id"].as_u64().expect("an id"), shard(marker))
        })
        .collect()
}

/// The number behind a marker: three digits to the base of 16, the first of which is U+22B0.
pub(crate) fn shard(marker: &str) -> usize {
    assert_eq!(marker.chars().count(), 3, "{marker}");
    marker.chars().fold(0, |number, digit| {
        let digit = u32::from(digit)
            .checked_sub(0x22B0)
            .filter(|digit| *digit < 16);
        number * 16 + digit.unwrap_or_else(|| panic!("no marker: {marker}")) as usize
    })
}

/// The value of `X-Miroir-Degraded` for reads that lack these shards.
pub(crate) fn lacking(shards: &BTreeSet<usize>) -> String {
    let names: Vec<String> = shards.iter().map(ToString::to_string).collect();
    format!("shards={}", names.join(","))
}
