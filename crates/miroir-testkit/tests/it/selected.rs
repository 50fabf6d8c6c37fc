//! Writes that concern what a filter selects: deletions, and edits by a function. Tasks, texts and what is left as on one server.

use miroir_testkit::cluster::Cluster;
use miroir_testkit::process::Node;
use miroir_testkit::recording::{self, Recording};
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::dictionary::{complete, hidden_on};
use crate::fixture::{documents, start, succeed};

const DELETE: &str = "/indexes/stories/documents/delete";
const EDIT: &str = "/indexes/stories/documents/edit";

fn fill(pair: &mut Pair) {
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "stories", "primaryKey": "id" }),
    );
    let settings =
        json!({ "filterableAttributes": ["colour", "size"], "sortableAttributes": ["size"] });
    pair.send("PATCH", "/indexes/stories/settings", settings);
    pair.send("POST", "/indexes/stories/documents", json!(documents(90)));
}

/// What is left, without the order of documents, which differs.
fn ask_what_is_left(pair: &mut Pair) {
    let search = json!({ "facets": ["colour", "size"], "limit": 100, "sort": ["size:asc"] });
    pair.send("POST", "/indexes/stories/search", search);
    pair.step(json!({ "method": "GET", "path": "/indexes/stories/documents?limit=100", "unordered": "results" }));
}

fn ask_for_deletions(pair: &mut Pair) {
    let mut delete = |filter: Value| pair.send("POST", DELETE, json!({ "filter": filter }));
    delete(json!("colour = blue AND size > 90"));
    delete(json!([["colour = green", "size = 3"], "size < 20"]));
    delete(json!("colour = nobody"));
    // The primary key is filterable on the nodes only.
    delete(json!("id = 7"));
    delete(json!(["colour = red", "id IN [1, 2, 3]"]));
    delete(json!("_miroir_shard EXISTS"));
    delete(json!(
        "_miroir_shard = '\u{22b0}\u{22b0}\u{22b1}' OR colour = red"
    ));
    delete(json!("nothing = 1"));
    delete(json!("colour = 'the id of nobody'"));
    delete(json!("_geoRadius(200, 1, 1)"));
    delete(json!("colour ="));
    delete(json!([]));
    delete(json!(""));
    delete(json!(null));
    delete(json!(12));
    pair.send("POST", DELETE, json!({}));
    pair.send(
        "POST",
        DELETE,
        json!({ "filter": "colour = red", "limit": 1 }),
    );
    let missing = "/indexes/nobody/documents/delete";
    pair.send("POST", missing, json!({ "filter": "a = 1" }));
    pair.send("POST", missing, json!({ "filter": "a =" }));
    pair.send(
        "POST",
        "/indexes/no%20body/documents/delete",
        json!({ "filter": "a = 1" }),
    );
    let tagged = format!("{DELETE}?customMetadata=mine");
    pair.send("POST", &tagged, json!({ "filter": "size > 80" }));
    pair.send(
        "POST",
        &format!("{DELETE}?limit=1"),
        json!({ "filter": "size > 80" }),
    );
}

#[tokio::test]
async fn deletions_by_filter_are_those_of_one_server() {
    let mut pair = Pair::start_with(|fleet| fleet.nodes(4).replica_groups(2).rf(2)).await;
    fill(&mut pair);
    ask_for_deletions(&mut pair);
    ask_what_is_left(&mut pair);
    pair.compare().await;
}

/// Lexicon documents match filters that no client means them with.
#[tokio::test]
async fn deletion_by_filter_leaves_the_lexicon_alone() {
    let mut pair =
        Pair::start_with(|fleet| fleet.config("exact_dictionary.indexes", json!(["*"]))).await;
    fill(&mut pair);
    pair.compare().await;
    complete(pair.fleet(), "stories").await;
    pair.send("POST", DELETE, json!({ "filter": "NOT colour = green" }));
    ask_what_is_left(&mut pair);
    pair.compare().await;
    for node in pair.fleet().nodes() {
        assert!(hidden_on(node, "stories").await > 0);
    }
}

/// Whether the primary key may be filtered on is decided by the settings before the deletion, though nobody waits for them.
#[tokio::test]
async fn deletion_meets_the_settings_that_were_sent_before_it() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    client.post("/indexes", &index).await.expect("an answer");
    let batch = json!(documents(30));
    client
        .post("/indexes/stories/documents", &batch)
        .await
        .expect("an answer");
    for (attributes, deleted) in [
        (json!(["id"]), json!("succeeded")),
        (json!([]), json!("failed")),
    ] {
        let path = "/indexes/stories/settings/filterable-attributes";
        client.put(path, &attributes).await.expect("an answer");
        let answer = client
            .post(DELETE, &json!({ "filter": "id < 10" }))
            .await
            .expect("an answer");
        let uid = answer.task_uid().expect("a task");
        assert_eq!(
            client.wait_task(uid).await.expect("it ends")["status"],
            deleted
        );
    }
    let stats = client
        .get("/indexes/stories/stats")
        .await
        .expect("an answer");
    assert_eq!(stats.json().expect("JSON")["numberOfDocuments"], 20);
}

/// Switches the experimental feature on at the nodes: what clients never switched is left as their operator wants it.
async fn switch_on(node: &Node) -> bool {
    let feature = json!({ "editDocumentsByFunction": true });
    let answer = node
        .client()
        .patch("/experimental-features", &feature)
        .await;
    answer
        .expect("an answer")
        .text()
        .contains("\"editDocumentsByFunction\":true")
}

/// The recording with the switch as its first step, which a fleet is not asked for. It needs a real server.
#[tokio::test]
async fn editions_are_those_of_one_server() {
    let path = recording::folder().join("editions.json");
    let mut recorded = Recording::load(&path).expect("the recording can be read");
    recorded
        .exchanges
        .retain(|exchange| exchange.request.name != "switch on");
    let fleet = start(
        Cluster::builder()
            .nodes(4)
            .replica_groups(2)
            .rf(2)
            .shards(16),
    )
    .await;
    let skip = recording::classes_to_skip(&fleet.nodes()[0].client())
        .await
        .expect("a version");
    if !skip.is_empty() {
        return;
    }
    for node in fleet.nodes() {
        assert!(switch_on(node).await);
    }
    recording::replay(&recorded, &fleet.client(), &skip)
        .await
        .expect("every step is answered")
        .assert_equal();
    // The function neither sees what Miroir adds nor loses it: every copy still knows its shard.
    let client = fleet.client();
    let body = json!({ "function": "doc = #{ id: doc.id, members: doc.keys().len() };" });
    succeed(&client, client.post(EDIT, &body).await).await;
    let found = client
        .post("/indexes/stories/search", &json!({ "limit": 100 }))
        .await;
    let found = found.expect("an answer").json().expect("JSON");
    assert!(
        found["hits"]
            .as_array()
            .expect("hits")
            .iter()
            .all(|hit| hit.get("_miroir_shard").is_none())
    );
    let stats = client
        .get("/indexes/stories/stats")
        .await
        .expect("an answer");
    assert_eq!(
        stats.json().expect("JSON")["numberOfDocuments"],
        found["estimatedTotalHits"]
    );
    let returns = client
        .post(EDIT, &json!({ "function": "if doc.a { return; }" }))
        .await;
    assert_eq!(
        returns.expect("an answer").json().expect("JSON")["code"],
        "miroir_capability_disabled"
    );
}

#[tokio::test]
async fn editions_are_refused_while_the_nodes_have_them_off() {
    let mut pair = Pair::start().await;
    pair.send("POST", EDIT, json!({ "function": "doc.a = 1" }));
    pair.send("POST", EDIT, json!({}));
    pair.send("POST", EDIT, json!({ "function": 1 }));
    pair.send(
        "POST",
        "/indexes/a%20b/documents/edit",
        json!({ "function": "x" }),
    );
    pair.compare().await;
}
