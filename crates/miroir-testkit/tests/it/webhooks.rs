//! Webhooks of a fleet: who is told of which tasks, over restarts too. What may be registered is recorded from a real server; see
//! `fleet_recordings`.

use std::collections::BTreeSet;

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, NODE_MASTER_KEY};
use serde_json::{Value, json};

use crate::fixture::{documents, fill, finish, start, succeed, until};
use crate::receiver::Receiver;

const SECRET: &str = "Bearer a-secret-of-the-receiver";

async fn register(client: &Client, url: &str) -> String {
    let body = json!({ "url": url, "headers": { "Authorization": SECRET, "X-Fleet": "é" } });
    let made = client.post("/webhooks", &body).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(!made.text().contains(SECRET), "{}", made.text());
    let view = made.json().expect("JSON");
    view["uuid"].as_str().expect("a uuid").to_owned()
}

/// Every task of the fleet, by uid.
async fn all_tasks(client: &Client) -> Vec<Value> {
    let answer = client.get("/tasks?limit=1000&reverse=true").await;
    let list = answer.expect("an answer").json().expect("JSON");
    list["results"].as_array().expect("tasks").clone()
}

#[tokio::test]
async fn receivers_are_told_of_every_finished_task() {
    let receiver = Receiver::start().await;
    let fleet = Cluster::builder()
        .nodes(2)
        .config("security.allowed_ip_networks", json!(["127.0.0.0/8"]));
    let fleet = start(fleet).await;
    let client = fleet.client();
    succeed(
        &client,
        client.post("/indexes", &json!({ "uid": "before" })).await,
    )
    .await;
    let first = register(&client, &receiver.url("/first?a=b")).await;
    register(&client, &receiver.url("/second")).await;
    fill(&client, 20).await;
    let failed = finish(&client, client.delete("/indexes/nothing").await).await;
    assert_eq!(failed["status"], "failed");
    succeed(&client, client.delete("/indexes/before").await).await;

    let expected: Vec<Value> = all_tasks(&client).await.split_off(1);
    for path in ["/first?a=b", "/second"] {
        until("everything has been told", async || {
            receiver.tasks(path).len() >= expected.len()
        })
        .await;
        let told: Vec<Value> = receiver.tasks(path).into_values().collect();
        assert_eq!(told, expected, "{path}");
    }
    let calls = receiver.calls();
    for call in &calls {
        let header = |name: &str| call.headers.get(name).map(String::as_str);
        assert_eq!(header("content-type"), Some("application/x-ndjson"));
        assert_eq!(header("content-encoding"), Some("gzip"));
        assert_eq!(header("authorization"), Some(SECRET));
        assert_eq!(header("x-fleet"), Some("é"));
    }
    let told = calls.iter().map(|call| call.tasks.len()).sum::<usize>();
    assert_eq!(told, 2 * expected.len(), "each once");

    // Who is not registered any more is told of nothing more, and nodes know no webhook.
    let gone = client.delete(&format!("/webhooks/{first}")).await;
    assert_eq!(gone.expect("an answer").status, 204);
    let more = json!(documents(1));
    let more = client.post("/indexes/stories/documents", &more).await;
    let last = succeed(&client, more).await;
    let uid = last["uid"].as_u64().expect("a uid");
    until("the other is told", async || {
        receiver.tasks("/second").contains_key(&uid)
    })
    .await;
    assert!(!receiver.tasks("/first?a=b").contains_key(&uid));
    for node in fleet.nodes() {
        let node = node.client().with_key(Some(NODE_MASTER_KEY));
        if let Ok(list) = node.get("/webhooks").await.expect("an answer").json() {
            assert!(!list.to_string().contains("127.0.0.1"), "{list}");
        }
    }
}

#[tokio::test]
async fn a_restart_loses_nothing_that_a_receiver_is_to_be_told() {
    let receiver = Receiver::start().await;
    let fleet = Cluster::builder().config("task_webhook.url", receiver.url("/own"));
    let fleet = fleet.config(
        "task_webhook.authorization_header",
        "Bearer 0123456789abcdef",
    );
    let fleet = fleet.config("security.allowed_ip_networks", json!(["127.0.0.1/32"]));
    let mut fleet = start(fleet).await;
    let client = fleet.client();
    register(&client, &receiver.url("/made")).await;
    receiver.be_silent(true);
    fill(&client, 10).await;
    until("somebody waits for an answer", async || {
        !receiver.calls().is_empty()
    })
    .await;
    fleet.restart_proxy().await.expect("it starts again");
    receiver.be_silent(false);
    let client = fleet.client();
    let expected: BTreeSet<u64> = all_tasks(&client)
        .await
        .iter()
        .filter_map(|task| task["uid"].as_u64())
        .collect();
    for path in ["/own", "/made"] {
        until("everything has been told", async || {
            let told: BTreeSet<u64> = receiver.tasks(path).into_keys().collect();
            told == expected
        })
        .await;
    }
    let list = client.get("/webhooks").await.expect("an answer");
    let list = list.json().expect("JSON");
    let own = json!({
        "uuid": "00000000-0000-0000-0000-000000000000",
        "isEditable": false,
        "url": receiver.url("/own"),
        "headers": { "Authorization": "Bearer 01XXXX..." },
    });
    assert_eq!(list["results"][0], own);
    assert_eq!(list["results"][1]["isEditable"], true);
    let path = "/webhooks/00000000-0000-0000-0000-000000000000";
    let refused = client.delete(path).await.expect("an answer");
    assert_eq!(refused.json().expect("JSON")["code"], "immutable_webhook");
}

#[tokio::test]
async fn clients_cannot_point_webhooks_at_private_addresses() {
    let receiver = Receiver::start().await;
    let fleet = Cluster::builder().config("task_webhook.url", receiver.url("/own"));
    let mut fleet = start(fleet).await;
    let client = fleet.client();
    register(&client, &receiver.url("/literal")).await;
    let by_name = receiver.url("/by-name").replace("127.0.0.1", "localhost");
    register(&client, &by_name).await;
    let task = succeed(
        &client,
        client.post("/indexes", &json!({ "uid": "a" })).await,
    )
    .await;
    let uid = task["uid"].as_u64().expect("a uid");
    until("the process's own is told", async || {
        receiver.tasks("/own").contains_key(&uid)
    })
    .await;
    until("both others are refused", async || {
        let log = fleet.proxy().log();
        log.lines()
            .filter(|line| line.contains("Rejected IP"))
            .count()
            >= 2
    })
    .await;
    assert!(receiver.calls().iter().all(|call| call.path == "/own"));
    assert!(!fleet.proxy().log().contains(SECRET));
}
