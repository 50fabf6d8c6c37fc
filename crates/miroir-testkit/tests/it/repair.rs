//! A copy that missed something becomes equal again, whatever is written or dies meanwhile, and nothing wrong is shown before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, ClusterBuilder};
use miroir_testkit::copies::{self, Content};
use serde_json::{Value, json};

use crate::fixture::{
    Fleet, degraded, documents, fill, page, search, start, succeed, unique_word, until,
    until_status,
};

const DOCUMENTS: usize = 300;

fn fleet() -> ClusterBuilder {
    Cluster::builder().nodes(3).rf(2).shards(16)
}

/// Waits until every node is well, no copy is stale, and all serve reads.
async fn until_whole(fleet: &Cluster) {
    until("no copy is stale", async || {
        let answer = fleet.admin().get("/_miroir/topology").await;
        let view = answer.expect("an answer").json().expect("JSON");
        let nodes = view["nodes"].as_array().expect("nodes");
        nodes
            .iter()
            .all(|node| node["status"] == "healthy" && node["stale_shards"] == 0)
    })
    .await;
    // A node that missed a change of settings serves when it is known to have it now.
    until("every node has the settings", async || {
        let path = "/_miroir/indexes/stories/settings/status";
        let answer = fleet.admin().get(path).await.expect("an answer");
        let view = answer.json().expect("JSON");
        let mut nodes = view["nodes"].as_array().into_iter().flatten();
        nodes.all(|node| node["state"] == "in_line")
    })
    .await;
}

/// The states of the stale copies of all indexes.
async fn states(fleet: &Cluster) -> BTreeSet<String> {
    let answer = fleet.admin().get("/_miroir/antientropy/status").await;
    let view = answer.expect("an answer").json().expect("JSON");
    let indexes = view["results"].as_array().expect("indexes").iter();
    indexes
        .flat_map(|index| index["stale"].as_array().expect("copies"))
        .map(|copy| copy["state"].as_str().expect("a state").to_owned())
        .collect()
}

/// All copies are equal, and are these documents.
async fn holds(fleet: &Cluster, index: &str, expected: &[Value]) {
    let copies = copies::read(fleet, index, "id").await.expect("answers");
    assert_eq!(copies.differences, Vec::<String>::new());
    let expected: Content = expected
        .iter()
        .map(|document| (document["id"].to_string(), document.clone()))
        .collect();
    assert_eq!(copies.content, expected);
}

async fn send(client: &Client, body: &Value) {
    succeed(client, client.put("/indexes/stories/documents", body).await).await;
}

#[tokio::test]
async fn a_replica_that_was_away_gets_what_it_missed() {
    let mut fleet = start(fleet()).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    fleet.node(0).kill().unwrap();

    // Everything that a node can miss: documents of every kind, settings, an index, an index without documents.
    let mut expected = documents(DOCUMENTS);
    let deleted: Vec<usize> = (0..DOCUMENTS).step_by(7).collect();
    let path = "/indexes/stories/documents/delete-batch";
    succeed(&client, client.post(path, &json!(deleted)).await).await;
    let changes: Vec<Value> = (0..DOCUMENTS)
        .step_by(5)
        .map(|id| json!({ "id": id, "colour": "violet" }))
        .collect();
    send(&client, &json!(changes)).await;
    let added: Vec<Value> = (0..20)
        .map(|number| json!({ "id": 1000 + number, "price": 1.50, "nested": { "b": [1, "x"], "a": null } }))
        .collect();
    send(&client, &json!(added)).await;
    for (id, document) in expected.iter_mut().enumerate() {
        if id % 5 == 0 {
            *document = match id % 7 {
                0 => json!({ "id": id, "colour": "violet" }),
                _ => {
                    let mut document = document.clone();
                    document["colour"] = json!("violet");
                    document
                }
            };
        }
    }
    let mut expected: Vec<Value> = expected
        .into_iter()
        .enumerate()
        .filter(|(id, _)| id % 7 != 0 || id % 5 == 0)
        .map(|(_, document)| document)
        .collect();
    expected.extend(added);
    let change = json!({ "sortableAttributes": ["price"], "synonyms": { "tale": ["story"] } });
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &change).await,
    )
    .await;
    let born = json!([{ "id": 1, "title": "born while one was away" }]);
    succeed(&client, client.post("/indexes/born/documents", &born).await).await;
    let empty = json!({ "uid": "empty", "primaryKey": "key" });
    succeed(&client, client.post("/indexes", &empty).await).await;

    fleet.node(0).restart().await.unwrap();
    until_whole(&fleet).await;
    holds(&fleet, "stories", &expected).await;
    holds(&fleet, "born", born.as_array().unwrap()).await;

    // The nodes that had everything go: what is left is what the other one was given.
    let question = json!({ "filter": "colour = violet", "sort": ["price:asc"], "limit": 1000 });
    let before = page(&search(&client, &question).await);
    for other in [1, 2] {
        fleet.node(other).kill().unwrap();
        until_status(&fleet, &format!("node-{other}"), "failed").await;
        let answer = search(&client, &question).await;
        assert_eq!(degraded(&answer), None);
        assert_eq!(page(&answer), before);
        let tale = json!({ "q": "tale" });
        assert_ne!(page(&search(&client, &tale).await)["estimatedTotalHits"], 0);
        fleet.node(other).restart().await.unwrap();
        until_status(&fleet, &format!("node-{other}"), "healthy").await;
    }
    let workers = fleet.admin().get("/_miroir/workers").await.unwrap();
    assert!(workers.json().unwrap()["workers"]["repair"]["passes"].as_u64() > Some(0));
}

#[tokio::test]
async fn an_index_that_was_born_while_a_node_was_away_is_whole_when_it_is_back() {
    let mut fleet = start(fleet()).await;
    let client = fleet.client();
    fill(&client, 10).await;
    fleet.node(2).kill().unwrap();
    until_status(&fleet, "node-2", "failed").await;
    // Some of these documents are on shards of which the node has no copy: nothing but the index itself is missed.
    for number in 0..8 {
        let path = format!("/indexes/born-{number}/documents");
        let body = json!([{ "id": number, "title": "a tale" }]);
        succeed(&client, client.post(&path, &body).await).await;
    }
    fleet.node(2).restart().await.unwrap();
    until_whole(&fleet).await;
    for number in 0..8 {
        for _ in 0..6 {
            let path = format!("/indexes/born-{number}/search");
            let answer = client.post(&path, &json!({ "q": "tale" })).await.unwrap();
            assert_eq!(degraded(&answer), None);
            assert_eq!(page(&answer)["estimatedTotalHits"], 1);
        }
    }
}

#[tokio::test]
async fn an_index_that_has_gone_leaves_no_stale_copies() {
    let mut fleet = start(
        fleet()
            .config("scatter.node_timeout_ms", 1000)
            .config("scatter.node_write_timeout_ms", 1000),
    )
    .await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 10).await;
    for round in 0..2 {
        // Nobody knows whether it has these when the index goes.
        fleet.node(0).freeze().unwrap();
        let documents = "/indexes/stories/documents";
        let body = json!(documents_of(round));
        let written = client.post(documents, &body).await.expect("an answer");
        let deleted = client.delete("/indexes/stories").await;
        if round == 1 {
            fleet.kill_proxy().unwrap();
            fleet.proxy().respawn().unwrap();
        }
        fleet.node(0).thaw().unwrap();
        fleet.proxy().wait_ready().await.unwrap();
        for task in [Some(written), deleted.ok()].into_iter().flatten() {
            let uid = task.task_uid().expect("it is accepted");
            client.wait_task(uid).await.expect("it ends");
        }
        until_whole(&fleet).await;
        fill(&client, 10).await;
    }
}

#[tokio::test]
async fn a_node_that_was_away_does_not_keep_what_was_deleted() {
    let mut fleet = start(fleet()).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 10).await;
    let foreign = json!({ "uid": "foreign__2" });
    let node = fleet.nodes()[0].client();
    succeed(&node, node.post("/indexes", &foreign).await).await;
    for _ in 0..2 {
        fleet.node(0).kill().unwrap();
        until_status(&fleet, "node-0", "failed").await;
        succeed(&client, client.delete("/indexes/stories").await).await;
        fill(&client, 10).await;
        fleet.node(0).restart().await.unwrap();
        until("the node has what the others have", async || {
            let mut names = Vec::new();
            for position in 0..2 {
                let list = fleet.nodes()[position].client().get("/indexes").await;
                let list = list.unwrap().json().unwrap();
                let listed = list["results"].as_array().unwrap().iter();
                let listed = listed.map(|index| index["uid"].as_str().unwrap().to_owned());
                let is_of_clients = |uid: &String| uid.starts_with("stories");
                names.push(listed.filter(is_of_clients).collect::<BTreeSet<_>>());
            }
            names[0] == names[1]
        })
        .await;
        until_whole(&fleet).await;
    }
    let left = node.get("/indexes/foreign__2").await.unwrap();
    assert_eq!(left.status, 200, "it is not the fleet's");
}

fn documents_of(round: usize) -> Vec<Value> {
    (0..20)
        .map(|id| json!({ "id": id, "round": round }))
        .collect()
}

/// Asks until told to stop; every answer must be that of an undisturbed fleet.
fn watcher(client: Client, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    tokio::spawn(async move {
        let question = json!({ "filter": "colour = red", "limit": 1000, "facets": ["colour"] });
        let expected = page(&search(&client, &question).await);
        let mut asked = 0;
        while !stop.load(Ordering::Relaxed) {
            let answer = search(&client, &question).await;
            assert_eq!(degraded(&answer), None);
            assert_eq!(page(&answer), expected);
            let id = asked % DOCUMENTS;
            let path = format!("/indexes/stories/documents/{id}");
            let document = client.get(&path).await.expect("an answer");
            assert_eq!(document.status, 200, "{}", document.text());
            let word = json!({ "q": unique_word(id) });
            let hits = page(&search(&client, &word).await);
            assert_eq!(hits["hits"][0]["id"], id, "{hits}");
            asked += 1;
        }
        asked
    })
}

#[tokio::test]
async fn a_lost_disk_shows_nothing_wrong_and_heals() {
    let mut fleet = start(fleet()).await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watcher(client.clone(), Arc::clone(&stop));
    for round in 0..2 {
        // The second time nobody notices that it was away: it is back before the next probe.
        fleet.node(0).kill().unwrap();
        if round == 0 {
            until_status(&fleet, "node-0", "failed").await;
        }
        fleet.node(0).restart_empty().await.unwrap();
        until("the loss is noticed", async || {
            !states(&fleet).await.is_empty()
        })
        .await;
        until_whole(&fleet).await;
        holds(&fleet, "stories", &documents(DOCUMENTS)).await;
    }
    // While the proxy is away, too.
    stop.store(true, Ordering::Relaxed);
    assert!(watcher.await.unwrap() > 0);
    fleet.kill_proxy().unwrap();
    fleet.node(1).restart_empty().await.unwrap();
    fleet.restart_proxy().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = self::watcher(client.with_fresh_connections(), Arc::clone(&stop));
    until_whole(&fleet).await;
    stop.store(true, Ordering::Relaxed);
    watcher.await.unwrap();
    holds(&fleet, "stories", &documents(DOCUMENTS)).await;
}

/// Writes single documents until told to stop; returns what they must be in the end.
fn writer(
    client: Client,
    first: usize,
    stop: Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Vec<Value>> {
    tokio::spawn(async move {
        let mut last: Vec<Option<Value>> = vec![None; 10];
        let mut uids = Vec::new();
        let mut number = 0_usize;
        while !stop.load(Ordering::Relaxed) {
            let place = number % last.len();
            let id = first + place;
            let answer = if number % 7 == 6 {
                last[place] = None;
                let path = format!("/indexes/stories/documents/{id}");
                client.delete(&path).await
            } else if number.is_multiple_of(3) {
                let mut document = last[place].take().unwrap_or_else(|| json!({ "id": id }));
                document["patched"] = json!(number);
                last[place] = Some(document);
                let body = json!([{ "id": id, "patched": number }]);
                client.put("/indexes/stories/documents", &body).await
            } else {
                let document = json!({ "id": id, "number": number });
                last[place] = Some(document.clone());
                client
                    .post("/indexes/stories/documents", &json!([document]))
                    .await
            };
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, 202, "{}", answer.text());
            uids.push(answer.task_uid().expect("a task"));
            number += 1;
        }
        for uid in uids {
            let task = client.wait_task(uid).await.expect("it ends");
            assert_eq!(task["status"], "succeeded", "{task}");
        }
        last.into_iter().flatten().collect()
    })
}

async fn away_for_a_change(fleet: &mut Fleet, client: &Client) -> Vec<Value> {
    fleet.node(0).kill().expect("it is killed");
    let changes: Vec<Value> = (0..DOCUMENTS)
        .map(|id| json!({ "id": id, "colour": "violet" }))
        .collect();
    let path = "/indexes/stories/documents";
    succeed(client, client.post(path, &json!(changes)).await).await;
    changes
}

#[tokio::test]
async fn what_is_written_during_a_repair_is_neither_lost_nor_overwritten() {
    let mut fleet = start(
        fleet()
            .config("rebalancer.migration_batch_size", 50)
            .config("rebalancer.cutover_hold_ms", 5000),
    )
    .await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let mut expected = away_for_a_change(&mut fleet, &client).await;
    let stop = Arc::new(AtomicBool::new(false));
    // Two of them write documents that are being repaired, two write new ones.
    let writers: Vec<_> = [0, 100, 1000, 1100]
        .map(|first| (first, writer(client.clone(), first, Arc::clone(&stop))))
        .into_iter()
        .collect();
    fleet.node(0).restart().await.unwrap();
    until_whole(&fleet).await;
    stop.store(true, Ordering::Relaxed);
    for (first, writer) in writers {
        let written = writer.await.unwrap();
        expected.retain(|document| {
            let id = document["id"].as_u64().unwrap() as usize;
            !(first..first + 10).contains(&id)
        });
        // A partial update of a document that was there before keeps what it had.
        expected.extend(written.into_iter().map(|mut document| {
            if first < DOCUMENTS && document.get("number").is_none() {
                document["colour"] = json!("violet");
            }
            document
        }));
    }
    let actual = copies::read(&fleet, "stories", "id").await.unwrap();
    assert_eq!(actual.differences, Vec::<String>::new());
    assert_eq!(actual.content.len(), expected.len());
    for document in expected {
        let id = document["id"].to_string();
        let found = &actual.content[&id];
        assert_eq!(found["number"], document["number"], "{found} {document}");
        assert_eq!(found["patched"], document["patched"], "{found} {document}");
    }
}

#[tokio::test]
async fn a_repair_goes_on_after_the_proxy_or_a_node_dies_in_it() {
    // Slow enough to be met in the middle.
    let mut fleet = start(
        fleet()
            .config("rebalancer.migration_batch_size", 10)
            .config("rebalancer.throttle_factor", 2),
    )
    .await;
    let client = fleet.client();
    fill(&client, DOCUMENTS).await;
    let expected = away_for_a_change(&mut fleet, &client).await;
    fleet.node(0).restart().await.unwrap();
    let repairing = async |fleet: &Fleet| {
        until("a repair is under way", async || {
            states(fleet).await.contains("repairing")
        })
        .await;
    };
    repairing(&fleet).await;
    fleet.kill_proxy().unwrap();
    fleet.restart_proxy().await.unwrap();
    repairing(&fleet).await;
    // The one that is repaired.
    fleet.node(0).kill().unwrap();
    until_status(&fleet, "node-0", "failed").await;
    fleet.node(0).restart().await.unwrap();
    repairing(&fleet).await;
    // One that is copied from.
    fleet.node(1).kill().unwrap();
    until_status(&fleet, "node-1", "failed").await;
    fleet.node(1).restart().await.unwrap();
    until_whole(&fleet).await;
    holds(&fleet, "stories", &expected).await;
    let answer = search(&client, &json!({ "limit": 1000 })).await;
    assert_eq!(page(&answer)["hits"].as_array().unwrap().len(), DOCUMENTS);
}

#[tokio::test]
async fn vectors_are_repaired_with_their_flags() {
    let mut fleet = start(fleet()).await;
    let client = fleet.client();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(&client, client.post("/indexes", &index).await).await;
    let change = json!({ "embedders": { "own": { "source": "userProvided", "dimensions": 2 } } });
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &change).await,
    )
    .await;
    let vectors = |first: f64| -> Vec<Value> {
        let own = |id: usize| json!({ "id": id, "_vectors": { "own": [first, id] } });
        (0..30).map(own).collect()
    };
    send(&client, &json!(vectors(0.25))).await;
    fleet.node(0).kill().unwrap();
    send(&client, &json!(vectors(0.5))).await;
    fleet.node(0).restart().await.unwrap();
    until_whole(&fleet).await;
    let copies = copies::read(&fleet, "stories", "id").await.unwrap();
    assert_eq!(copies.differences, Vec::<String>::new());
    for (id, document) in copies.content {
        let own = &document["_vectors"]["own"];
        assert_eq!(own["regenerate"], false, "{id}: {document}");
        assert_eq!(own["embeddings"][0][0], 0.5, "{id}: {document}");
    }
}
