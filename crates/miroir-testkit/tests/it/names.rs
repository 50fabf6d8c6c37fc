//! Swaps and renames: as on one server, at once for every reader, and carried out though the proxy dies.

use std::sync::atomic::{AtomicBool, Ordering};

use miroir_testkit::client::Client;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::embedder::Embedder;
use crate::fixture::{documents, start, succeed, until};
use crate::hybrid::LOOPBACK;

async fn get(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await.expect("an answer");
    answer.json().expect("JSON")
}

async fn sent(client: &Client, path: &str, body: &Value) -> u64 {
    let answer = client.post(path, body).await.expect("an answer");
    answer
        .task_uid()
        .unwrap_or_else(|| panic!("{}", answer.text()))
}

fn batch(ids: std::ops::Range<u64>, colour: &str) -> Value {
    json!(
        ids.map(|id| json!({ "id": id, "colour": colour }))
            .collect::<Vec<_>>()
    )
}

async fn create(client: &Client, uid: &str, ids: std::ops::Range<u64>, colour: &str) {
    let settings = json!({ "filterableAttributes": ["colour"] });
    let change = client
        .patch(&format!("/indexes/{uid}/settings"), &settings)
        .await;
    succeed(client, change).await;
    let path = format!("/indexes/{uid}/documents?primaryKey=id");
    succeed(client, client.post(&path, &batch(ids, colour)).await).await;
}

async fn colours(client: &Client, uid: &str) -> Value {
    let body = json!({ "facets": ["colour"], "limit": 0 });
    let answer = client.post(&format!("/indexes/{uid}/search"), &body).await;
    let page = answer.expect("an answer").json().expect("JSON");
    page["facetDistribution"]["colour"].clone()
}

#[tokio::test]
async fn names_change_as_on_one_server() {
    let mut pair = Pair::start().await;
    for (uid, key) in [
        ("live", json!("id")),
        ("next", json!("key")),
        ("empty", json!(null)),
    ] {
        pair.send("POST", "/indexes", json!({ "uid": uid, "primaryKey": key }));
    }
    pair.send(
        "PATCH",
        "/indexes/live/settings",
        json!({ "filterableAttributes": ["colour"], "distinctAttribute": "size" }),
    );
    pair.send(
        "PATCH",
        "/indexes/next/settings",
        json!({ "displayedAttributes": ["key"], "stopWords": ["the"] }),
    );
    pair.send("POST", "/indexes/live/documents", json!(documents(20)));
    pair.send(
        "POST",
        "/indexes/next/documents",
        json!([{ "key": "a" }, { "key": "b", "size": 1 }]),
    );
    let look = |pair: &mut Pair, with_tasks: bool| {
        for uid in ["live", "next", "empty", "other"] {
            pair.ask("GET", &format!("/indexes/{uid}"));
            pair.ask("GET", &format!("/indexes/{uid}/settings"));
            pair.ask("GET", &format!("/indexes/{uid}/stats"));
            pair.send(
                "POST",
                &format!("/indexes/{uid}/search"),
                json!({ "filter": "colour = red", "sort": [] }),
            );
            if with_tasks {
                pair.ask("GET", &format!("/tasks?indexUids={uid}"));
            }
        }
        pair.ask("GET", "/indexes");
    };
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["live", "next"] }]),
    );
    look(&mut pair, true);
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["live", "empty"] }, { "indexes": ["next", "other"], "rename": true }]),
    );
    look(&mut pair, true);
    pair.send("PATCH", "/indexes/other", json!({ "uid": "next" }));
    pair.send("PATCH", "/indexes/next", json!({ "uid": "next" }));
    pair.send("PATCH", "/indexes/nobody", json!({ "uid": "somebody" }));
    pair.send("PATCH", "/indexes/next", json!({ "uid": "live" }));
    // A name that is free again is another index's.
    pair.send(
        "POST",
        "/indexes/other/documents?primaryKey=id",
        json!([{ "id": 1, "colour": "red" }]),
    );
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["other", "next"] }]),
    );
    look(&mut pair, false);
    pair.send("POST", "/swap-indexes", json!([
        { "indexes": ["live", "empty"], "rename": true }, { "indexes": ["other", "next"], "rename": true },
    ]));
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["a", "b"] }, { "indexes": ["c", "d"], "rename": true }]),
    );
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["a b", "b"] }]),
    );
    pair.send(
        "POST",
        "/swap-indexes",
        json!([{ "indexes": ["a", "b", "c"] }]),
    );
    pair.ask("DELETE", "/indexes/other");
    pair.ask("DELETE", "/indexes/next");
    pair.send(
        "POST",
        "/indexes/next/documents?primaryKey=id",
        json!([{ "id": 7, "colour": "red" }]),
    );
    look(&mut pair, false);
    // The primary key of an empty index.
    pair.send("PATCH", "/indexes/next", json!({ "primaryKey": "colour" }));
    pair.ask("DELETE", "/indexes/next/documents");
    pair.send("PATCH", "/indexes/next", json!({ "primaryKey": "colour" }));
    pair.send(
        "POST",
        "/indexes/next/documents",
        json!([{ "id": 7, "colour": "red" }, { "id": 7, "colour": "blue" }]),
    );
    pair.send("PATCH", "/indexes/next", json!({ "primaryKey": "id" }));
    look(&mut pair, false);
    pair.compare().await;
}

#[tokio::test]
async fn index_gets_another_name_and_a_key_in_one_request() {
    let mut pair = Pair::start().await;
    let masked = |pair: &mut Pair, method: &str, path: &str, body: Value| {
        // The key is set by a task of its own, which no client sees but which has a number.
        pair.step(json!({
            "method": method, "path": path, "body": body, "mask": ["taskUid", "uid"],
        }));
    };
    let both = |uid: &str, key: &str| json!({ "uid": uid, "primaryKey": key });
    let look = |pair: &mut Pair, uids: [&str; 2]| {
        for uid in uids {
            pair.ask("GET", &format!("/indexes/{uid}"));
            pair.ask("GET", &format!("/indexes/{uid}/stats"));
        }
    };
    masked(&mut pair, "POST", "/indexes", json!({ "uid": "a" }));
    masked(&mut pair, "POST", "/indexes", json!({ "uid": "taken" }));
    masked(&mut pair, "PATCH", "/indexes/a", both("b", "key"));
    look(&mut pair, ["a", "b"]);
    masked(&mut pair, "PATCH", "/indexes/b", both("b", "isbn"));
    masked(&mut pair, "PATCH", "/indexes/b", both("taken", "id"));
    look(&mut pair, ["taken", "b"]);
    let batch = json!([{ "isbn": 1, "key": 2 }]);
    masked(&mut pair, "POST", "/indexes/b/documents", batch);
    masked(&mut pair, "PATCH", "/indexes/b", both("d", "isbn"));
    masked(&mut pair, "PATCH", "/indexes/nobody", both("e", "key"));
    look(&mut pair, ["b", "d"]);
    pair.compare().await;
    // A key that cannot be changed any more: the task fails, and the name is new. The embedded node leaves the name alone.
    let client = pair.fleet().client();
    let answer = client.patch("/indexes/d", &both("c", "key")).await;
    let uid = answer.expect("an answer").task_uid().expect("a task");
    client.wait_task(uid).await.expect("an end");
    let task = get(&client, &format!("/tasks/{uid}")).await;
    assert_eq!(
        task["error"]["code"], "index_primary_key_already_exists",
        "{task}"
    );
    assert_eq!(get(&client, "/indexes/c").await["primaryKey"], "isbn");
}

#[tokio::test]
async fn no_search_sees_half_a_swap() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client();
    create(&client, "live", 0..40, "red").await;
    create(&client, "next", 100..107, "blue").await;
    let is_over = AtomicBool::new(false);
    let (red, blue) = (json!({ "red": 40 }), json!({ "blue": 7 }));
    let read = async || {
        let client = client.with_fresh_connections();
        let mut reads = 0;
        while !is_over.load(Ordering::Relaxed) {
            let seen = colours(&client, "live").await;
            assert!(seen == red || seen == blue, "{seen}");
            reads += 1;
        }
        assert!(reads > 20);
    };
    let swap = async || {
        for round in 1..=15 {
            let swap = json!([{ "indexes": ["live", "next"] }]);
            succeed(&client, client.post("/swap-indexes", &swap).await).await;
            let expected = if round % 2 == 1 { &blue } else { &red };
            assert_eq!(&colours(&client, "live").await, expected);
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(read(), read(), swap());
}

/// A queue of writes, swaps and writes again, for whose end nobody waits in between.
#[tokio::test]
async fn swap_keeps_its_place_among_writes() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client();
    create(&client, "live", 0..5, "red").await;
    create(&client, "next", 0..1, "blue").await;
    let swap = json!([{ "indexes": ["live", "next"] }]);
    let rename = json!([{ "indexes": ["next", "old"], "rename": true }]);
    let mut last = 0;
    for (path, body) in [
        ("/indexes/next/documents", batch(10..400, "blue")),
        ("/swap-indexes", swap.clone()),
        ("/indexes/live/documents", batch(1000..1010, "blue")),
        ("/indexes/next/documents", batch(2000..2003, "red")),
        ("/swap-indexes", rename),
        ("/indexes/old/documents", batch(3000..3001, "red")),
        (
            "/indexes/next/documents?primaryKey=id",
            batch(1..2, "green"),
        ),
    ] {
        last = sent(&client, path, &body).await;
    }
    for uid in 0..=last {
        assert_eq!(
            client.wait_task(uid).await.expect("it ends")["status"],
            "succeeded",
            "{uid}"
        );
    }
    assert_eq!(colours(&client, "live").await, json!({ "blue": 401 }));
    assert_eq!(colours(&client, "old").await, json!({ "red": 9 }));
    let next = get(&client, "/indexes/next/stats").await;
    assert_eq!(next["numberOfDocuments"], 1);
}

#[tokio::test]
async fn swap_that_waits_survives_the_proxy() {
    let embedder = Embedder::start().await;
    let builder = Cluster::builder()
        .nodes(2)
        .rf(2)
        .shards(8)
        .node_flag(LOOPBACK);
    let mut fleet = start(builder).await;
    let client = fleet.client();
    create(&client, "live", 0..5, "red").await;
    create(&client, "next", 0..1, "blue").await;
    let settings = json!({ "embedders": { "mine": embedder.setting() } });
    let change = client.patch("/indexes/next/settings", &settings).await;
    succeed(&client, change).await;
    embedder.set_open(false);
    let write = sent(&client, "/indexes/next/documents", &batch(1..9, "blue")).await;
    let swap = sent(
        &client,
        "/swap-indexes",
        &json!([{ "indexes": ["live", "next"] }]),
    )
    .await;
    let view = get(&client, &format!("/tasks/{swap}")).await;
    assert_eq!(view["status"], "enqueued", "{view:#}");
    // Readers see the old names until what was written before can be read.
    assert_eq!(colours(&client, "live").await, json!({ "red": 5 }));
    fleet.kill_proxy().expect("it runs");
    fleet.restart_proxy().await.expect("it starts");
    let client = fleet.client();
    assert_eq!(colours(&client, "live").await, json!({ "red": 5 }));
    embedder.set_open(true);
    for uid in [write, swap] {
        assert_eq!(
            client.wait_task(uid).await.expect("it ends")["status"],
            "succeeded"
        );
    }
    assert_eq!(colours(&client, "live").await, json!({ "blue": 9 }));
    assert_eq!(colours(&client, "next").await, json!({ "red": 5 }));
    fleet.restart_proxy().await.expect("it starts");
    let client = fleet.client();
    assert_eq!(colours(&client, "live").await, json!({ "blue": 9 }));
    let more = client
        .post("/indexes/live/documents", &batch(50..51, "blue"))
        .await;
    succeed(&client, more).await;
    until("the write is in the index of that name", async || {
        colours(&client, "live").await == json!({ "blue": 10 })
    })
    .await;
}
