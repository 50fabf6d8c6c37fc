//! Exports of a fleet: everything arrives, from one copy of each shard, over a restart too, and keys stay secret. What may be asked is
//! recorded from a real server; see `fleet_recordings`.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use serde_json::{Value, json};

use crate::fixture::{documents, finish, start, succeed, until};

const LOOPBACK: &str = "127.0.0.0/8";

/// Every document with its vectors, by id.
async fn contents(client: &Client, index: &str) -> Value {
    let body = json!({ "limit": 10_000, "retrieveVectors": true, "sort": ["id:asc"] });
    let path = format!("/indexes/{index}/documents/fetch");
    let page = client.post(&path, &body).await.expect("an answer");
    page.json().expect("JSON")["results"].clone()
}

async fn get(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await.expect("an answer");
    answer.json().expect("JSON")
}

/// What everything that the target was sent came to.
async fn settled(client: &Client) {
    until("the target has worked everything off", async || {
        let open = get(client, "/tasks?statuses=enqueued,processing").await;
        open["total"] == 0
    })
    .await;
    let failed = get(client, "/tasks?statuses=failed").await;
    assert_eq!(failed["total"], 0, "{failed:#}");
}

/// An index whose documents have vectors, one without documents, and one that is not exported.
async fn fill(client: &Client) {
    let settings = json!({
        "sortableAttributes": ["id", "size"],
        "filterableAttributes": ["size", "colour"],
        "synonyms": { "tale": ["story"] },
        "embedders": { "own": { "source": "userProvided", "dimensions": 2 } },
    });
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(client, change).await;
    let mut all = documents(1_300);
    for (number, document) in all.iter_mut().enumerate() {
        document["_vectors"] = match number % 3 {
            0 => json!({ "own": [number, 1.5] }),
            1 => json!({ "own": { "embeddings": [[1, 2], [3, 4]], "regenerate": true } }),
            _ => json!({ "own": null, "unknown": [0.5] }),
        };
    }
    let added = client.post("/indexes/stories/documents", &json!(all)).await;
    succeed(client, added).await;
    for index in ["story-notes", "other"] {
        let change = json!({ "stopWords": ["a"] });
        let path = format!("/indexes/{index}/settings");
        succeed(client, client.patch(&path, &change).await).await;
    }
}

#[tokio::test]
async fn a_fleet_arrives_as_a_whole() {
    let source = Cluster::builder()
        .nodes(3)
        .rf(2)
        .config("security.allowed_ip_networks", json!([LOOPBACK]));
    let source = start(source).await;
    let target = start(Cluster::builder().nodes(2)).await;
    let (from, to) = (source.client(), target.client());
    fill(&from).await;

    let mut body = json!({
        "url": target.proxy_url(),
        "apiKey": MASTER_KEY,
        "payloadSize": "24 KiB",
        "indexes": { "stor*": {} },
    });
    let answer = from.post("/export", &body).await.expect("an answer");
    assert_eq!(answer.status, 200);
    let task = succeed(&from, Ok(answer)).await;
    let shown = |matched| json!({ "filter": null, "overrideSettings": false, "matched_documents": matched });
    assert_eq!(
        task["details"],
        json!({
            "url": target.proxy_url(),
            "apiKey": "clienXXXXXX...",
            "payloadSize": "24 KiB",
            "indexes": { "stories": shown(1_300), "story-notes": shown(0) },
        })
    );
    settled(&to).await;
    assert_eq!(
        contents(&to, "stories").await,
        contents(&from, "stories").await
    );
    for index in ["stories", "story-notes"] {
        let path = format!("/indexes/{index}/settings");
        assert_eq!(get(&to, &path).await, get(&from, &path).await);
        let path = format!("/indexes/{index}");
        let key = get(&from, &path).await["primaryKey"].clone();
        assert_eq!(get(&to, &path).await["primaryKey"], key);
    }
    let missing = to.get("/indexes/other").await.expect("an answer");
    assert_eq!(missing.status, 404);
    let adding = get(&to, "/tasks?types=documentAdditionOrUpdate").await;
    assert!(adding["total"].as_u64() > Some(3), "in several requests");

    // An index that is there keeps its settings, unless they are to be replaced.
    let change = json!({ "stopWords": ["the"], "typoTolerance": { "enabled": false } });
    let change = to.patch("/indexes/stories/settings", &change).await;
    succeed(&to, change).await;
    body["indexes"] = json!({ "stories": { "filter": ["size < 10"] } });
    let task = succeed(&from, from.post("/export", &body).await).await;
    let expected = documents(1_300);
    let small = |document: &&Value| document["size"].as_u64() < Some(10);
    let expected = expected.iter().filter(small).count();
    let matched = &task["details"]["indexes"]["stories"]["matched_documents"];
    assert_eq!(*matched, json!(expected));
    settled(&to).await;
    let kept = get(&to, "/indexes/stories/settings").await;
    assert_eq!(kept["stopWords"], json!(["the"]));
    body["indexes"] = json!({ "stories": { "filter": "size = 200", "overrideSettings": true } });
    succeed(&from, from.post("/export", &body).await).await;
    settled(&to).await;
    let path = "/indexes/stories/settings";
    assert_eq!(get(&to, path).await, get(&from, path).await);

    // What the other server refuses ends the task, in its words.
    body["apiKey"] = json!("wrong");
    let task = finish(&from, from.post("/export", &body).await).await;
    assert_eq!(
        (&task["status"], &task["error"]["message"]),
        (
            &json!("failed"),
            &json!(
                "Failed to export documents to remote server invalid_api_key (auth): The provided API key is invalid. <https://docs.meilisearch.com/errors#invalid_api_key>"
            )
        )
    );
    body["indexes"] = json!({ "stories": { "filter": "title = 1" } });
    let task = finish(&from, from.post("/export", &body).await).await;
    assert_eq!(task["error"]["code"], "invalid_document_filter");
    let message = task["error"]["message"].as_str().expect("a text");
    assert!(
        message.starts_with("Index `stories`: Attribute `title` is not filterable."),
        "{message}"
    );
    assert!(!message.contains("_miroir"), "{message}");
}

#[tokio::test]
async fn an_export_survives_a_restart_and_can_be_canceled() {
    let source = Cluster::builder().config("security.allowed_ip_networks", json!([LOOPBACK]));
    let mut source = start(source).await;
    let mut target = start(Cluster::builder()).await;
    let from = source.client();
    let added = json!(documents(30));
    succeed(&from, from.post("/indexes/stories/documents", &added).await).await;
    let url = target.proxy_url();
    target.kill_proxy().expect("it ends");

    let body = json!({ "url": url, "apiKey": MASTER_KEY });
    let export = from.post("/export", &body).await.expect("an answer");
    let uid = export.task_uid().expect("a task");
    until("the export is being worked on", async || {
        get(&from, &format!("/tasks/{uid}")).await["status"] == "processing"
    })
    .await;
    let listed = get(&from, "/tasks?statuses=processing&types=export").await;
    assert_eq!(
        listed["results"][0]["details"]["indexes"]["*"]["filter"],
        Value::Null
    );
    source.restart_proxy().await.expect("it starts again");
    for file in std::fs::read_dir(source.store().parent().expect("a folder")).expect("readable") {
        let path = file.expect("readable").path();
        if path.to_string_lossy().contains(".db") {
            let bytes = std::fs::read(&path).expect("readable");
            let is_there = bytes
                .windows(MASTER_KEY.len())
                .any(|part| part == MASTER_KEY.as_bytes());
            assert!(!is_there, "the key lies open in {}", path.display());
        }
    }
    target.restart_proxy().await.expect("it starts again");
    let (from, to) = (source.client(), target.client());
    let task = from.wait_task(uid).await.expect("the task ends");
    assert_eq!(task["status"], "succeeded", "{task:#}");
    settled(&to).await;
    assert_eq!(
        get(&to, "/indexes/stories/stats").await["numberOfDocuments"],
        30
    );

    target.kill_proxy().expect("it ends");
    let export = from.post("/export", &body).await.expect("an answer");
    let uid = export.task_uid().expect("a task");
    let cancel = from
        .post(&format!("/tasks/cancel?uids={uid}"), &json!({}))
        .await;
    let cancel = succeed(&from, cancel).await;
    assert_eq!(cancel["details"]["canceledTasks"], 1);
    let task = get(&from, &format!("/tasks/{uid}")).await;
    assert_eq!(
        (&task["status"], &task["canceledBy"]),
        (&json!("canceled"), &cancel["uid"])
    );
    assert!(!source.proxy().log().contains(MASTER_KEY));
}

#[tokio::test]
async fn clients_cannot_export_to_private_addresses() {
    let source = start(Cluster::builder()).await;
    let from = source.client();
    succeed(&from, from.post("/indexes", &json!({ "uid": "a" })).await).await;
    let body = json!({ "url": "http://127.0.0.1:9" });
    let task = finish(&from, from.post("/export", &body).await).await;
    let message = task["error"]["message"].as_str().expect("a text");
    assert!(message.contains("Rejected IP"), "{message}");
}
