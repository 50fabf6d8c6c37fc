//! A store that cannot be used: the process says what is wrong and what to do, or answers 503 until it can be used again, and loses
//! nothing either way.

use miroir_testkit::client::Response;
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{Fleet, fill, finish, node_view, page, search, start, succeed, until};

/// A fleet whose proxy has been stopped.
async fn stopped() -> Fleet {
    let mut fleet = start(Cluster::builder().nodes(1).shards(8)).await;
    fill(&fleet.client(), 20).await;
    assert!(fleet.stop_proxy().await.expect("it stops").success());
    fleet
}

/// The proxy does not start, and says why.
async fn refuses(fleet: &mut Fleet, expected: &[&str]) {
    fleet.proxy().respawn().expect("it can be spawned");
    let end = fleet
        .proxy()
        .wait_end()
        .await
        .expect("a child can be asked");
    let log = fleet.proxy().log_end();
    assert_eq!(end.and_then(|end| end.code()), Some(1), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    for text in expected {
        assert!(log.contains(text), "no `{text}` in:\n{log}");
    }
}

/// The same, of a store that it names and leaves as it is.
async fn refuses_the_store(fleet: &mut Fleet, expected: &[&str]) {
    let store = fleet.store();
    let before = std::fs::read(&store).expect("the store is there");
    let name = store.to_str().expect("a path in UTF-8").to_owned();
    let expected: Vec<&str> = expected.iter().copied().chain([name.as_str()]).collect();
    refuses(fleet, &expected).await;
    let after = std::fs::read(&store).expect("the store is there");
    assert!(after == before, "the file was changed");
}

/// The proxy starts and has everything that was there before.
async fn has_lost_nothing(fleet: &mut Fleet) {
    fleet.restart_proxy().await.expect("it starts");
    let client = fleet.client().with_fresh_connections();
    let tasks = client
        .get("/tasks")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(tasks["total"], 3, "{tasks}");
    let found = page(&search(&client, &json!({ "limit": 0 })).await);
    assert_eq!(found["estimatedTotalHits"], 20);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let mut fleet = stopped().await;
    let store = fleet.store();
    let change = |sql: &str| {
        let store = rusqlite::Connection::open(&store).unwrap();
        store.execute_batch(sql).unwrap();
    };
    change(
        "INSERT INTO schema_versions (version, name, checksum, applied_at, binary_version)
         VALUES (999, 'from the future', x'00', 0, '9.9.9')",
    );
    let remedy = "restore a backup made before the upgrade";
    refuses_the_store(&mut fleet, &["schema_version_ahead", "999", remedy]).await;
    change("DELETE FROM schema_versions WHERE version = 999");
    has_lost_nothing(&mut fleet).await;
}

#[tokio::test]
async fn a_damaged_store_is_never_replaced() {
    let mut fleet = stopped().await;
    let store = fleet.store();
    let whole = std::fs::read(&store).unwrap();
    let mut damaged = whole.clone();
    damaged[4096 * 3..4096 * 12].fill(0xA5);
    std::fs::write(&store, damaged).unwrap();
    refuses_the_store(&mut fleet, &["damaged", "restore the last backup"]).await;
    std::fs::write(&store, whole).unwrap();
    has_lost_nothing(&mut fleet).await;
}

#[tokio::test]
async fn a_store_in_a_place_that_cannot_be_written() {
    // Nobody can make a file there, root included.
    let mut fleet = stopped().await;
    let own = fleet.store();
    fleet
        .configure("task_store.path", "/sys/kernel/store.db")
        .unwrap();
    refuses(
        &mut fleet,
        &["/sys/kernel", "write access", "task_store.path"],
    )
    .await;
    fleet
        .configure("task_store.path", own.to_str().unwrap())
        .unwrap();
    has_lost_nothing(&mut fleet).await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 20).await;
    let before = page(&search(&client, &json!({ "limit": 100 })).await);

    fleet.proxy().limit_files(Some(1024)).unwrap();
    let documents = "/indexes/stories/documents";
    let settings = json!({ "synonyms": { "tale": ["story"] } });
    for _ in 0..3 {
        let refused = client.post(documents, &json!([{ "id": 1000 }])).await;
        assert_refused(&refused.unwrap());
        assert_refused(&client.delete(&format!("{documents}/3")).await.unwrap());
        let change = client.patch("/indexes/stories/settings", &settings).await;
        assert_refused(&change.unwrap());
        let created = client.post("/indexes", &json!({ "uid": "other" })).await;
        assert_refused(&created.unwrap());
    }
    // The nodes have nothing to do with it: however often they are looked at, they are well, and reads go on.
    let (mut probes, mut seen) = (0, u64::MAX);
    until("the nodes have been probed many times", async || {
        let last = node_view(&fleet, "node-0").await["last_seen_ms"].as_u64();
        probes += usize::from(last.is_some_and(|last| last < seen));
        seen = last.unwrap_or(u64::MAX);
        probes > 12
    })
    .await;
    for node in ["node-0", "node-1"] {
        assert_eq!(node_view(&fleet, node).await["status"], "healthy");
    }
    assert_eq!(
        page(&search(&client, &json!({ "limit": 100 })).await),
        before
    );
    let task = client.get("/tasks/0").await.unwrap();
    assert_eq!(task.json().unwrap()["status"], "succeeded");

    // Space is all that was missing.
    fleet.proxy().limit_files(None).unwrap();
    succeed(
        &client,
        client.post(documents, &json!([{ "id": 2000 }])).await,
    )
    .await;
    let change = json!({ "stopWords": ["of"] });
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &change).await,
    )
    .await;
    let view = client.get("/indexes/stories/settings").await.unwrap();
    assert_eq!(
        view.json().unwrap()["synonyms"],
        json!({}),
        "it was refused"
    );
    holds_what_was_accepted(&fleet).await;
    fleet.restart_proxy().await.unwrap();
    holds_what_was_accepted(&fleet).await;
}

/// 20 documents from the beginning and the one that was written last; no index but theirs.
async fn holds_what_was_accepted(fleet: &Fleet) {
    let client = fleet.client().with_fresh_connections();
    let found = page(&search(&client, &json!({ "limit": 100 })).await);
    let ids: Vec<u64> = found["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .filter_map(|hit| hit["id"].as_u64())
        .collect();
    assert_eq!(ids, (0..20).chain([2000]).collect::<Vec<_>>());
    let indexes = client
        .get("/indexes")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!(indexes["total"], 1, "{indexes}");
}

fn assert_refused(answer: &Response) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let body: Value = answer.json().expect("JSON");
    assert_eq!(body["code"], "miroir_store_unavailable", "{body}");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn an_end_that_cannot_be_written_is_written_later() {
    let mut fleet = start(Cluster::builder().nodes(1).shards(8)).await;
    let client = fleet.client().with_fresh_connections();
    fill(&client, 20).await;
    fleet.node(0).freeze().unwrap();
    let write = {
        let client = client.clone();
        tokio::spawn(async move {
            let body = json!([{ "id": 1000 }]);
            client.post("/indexes/stories/documents", &body).await
        })
    };
    until("its task is durable", async || {
        let open = client.get("/tasks?statuses=enqueued").await.unwrap();
        open.json().unwrap()["total"] == 1
    })
    .await;
    fleet.proxy().limit_files(Some(1024)).unwrap();
    fleet.node(0).thaw().unwrap();
    let written = write.await.unwrap().unwrap();
    assert_eq!(written.status, 202, "{}", written.text());
    until("the node has it", async || {
        let path = "/indexes/stories/documents/1000";
        fleet.nodes()[0]
            .client()
            .get(path)
            .await
            .is_ok_and(|answer| answer.status == 200)
    })
    .await;
    let uid = written.task_uid().unwrap();
    let task = client
        .get(&format!("/tasks/{uid}"))
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(task["finishedAt"], Value::Null, "{task}");
    fleet.proxy().limit_files(None).unwrap();
    let task = finish(&client, Ok(written)).await;
    assert_eq!(task["status"], "succeeded", "{task}");
}
