//! Tasks in every state, as on one server; what operators see of them; and replicas that disagree about one.

use miroir_testkit::client::Client;
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use miroir_testkit::process::Node;
use serde_json::{Value, json};

use crate::embedder::Embedder;
use crate::fixture::{documents, fill, node_view, start, stored, succeed, until};
use crate::hybrid::LOOPBACK;

async fn get(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await.expect("an answer");
    answer.json().expect("JSON")
}

/// An announced task's uid.
async fn sent(client: &Client, method: &str, path: &str, body: Option<Value>) -> u64 {
    let body = body.unwrap_or(Value::Null);
    let answer = match method {
        "DELETE" => client.delete(path).await,
        _ => client.post(path, &body).await,
    };
    let answer = answer.expect("an answer");
    answer
        .task_uid()
        .unwrap_or_else(|| panic!("{}", answer.text()))
}

/// Takes out what differs from run to run.
fn masked(mut view: Value) -> Value {
    let members = view.as_object_mut().into_iter().flatten();
    for (name, value) in members {
        match name.as_str() {
            "enqueuedAt" | "startedAt" | "finishedAt" | "duration" if value.is_string() => {
                *value = json!("<time>");
            }
            // A server batches; its numbers are its own.
            "batchUid" if value.is_number() => *value = json!("<batch>"),
            _ => {}
        }
    }
    view
}

/// Sends changes while the queues of the nodes are held up, and cancels them. Returns everything that a client saw.
async fn canceled(client: &Client, nodes: &[Client], embedder: &Embedder) -> Vec<Value> {
    let mut seen = Vec::new();
    fill(client, 30).await;
    let blocked = json!({ "uid": "blocked", "primaryKey": "id" });
    succeed(client, client.post("/indexes", &blocked).await).await;
    let settings = json!({ "embedders": { "mine": embedder.setting() } });
    let change = client.patch("/indexes/blocked/settings", &settings).await;
    succeed(client, change).await;
    embedder.set_open(false);
    let batch = Some(json!(documents(30)));
    let busy = sent(client, "POST", "/indexes/blocked/documents", batch).await;
    let view = async |uid: u64| masked(get(client, &format!("/tasks/{uid}")).await);
    until("the nodes are held up", async || {
        view(busy).await["status"] == "processing"
    })
    .await;
    for node in nodes {
        until("this node is held up", async || {
            get(node, "/tasks?statuses=processing").await["total"] != 0
        })
        .await;
    }
    seen.push(view(busy).await);

    let path = "/indexes/stories/documents";
    let waiting = [
        sent(
            client,
            "POST",
            path,
            Some(json!([{ "id": 1 }, { "id": 500 }])),
        )
        .await,
        sent(
            client,
            "POST",
            &format!("{path}/delete-batch"),
            Some(json!([2, 3])),
        )
        .await,
        sent(
            client,
            "POST",
            &format!("{path}/delete"),
            Some(json!({ "filter": "colour = red" })),
        )
        .await,
        sent(client, "DELETE", path, None).await,
    ];
    for uid in waiting {
        seen.push(view(uid).await);
    }
    for filter in [
        "statuses=processing",
        "statuses=enqueued",
        "statuses=processing,enqueued&limit=0",
        "batchUids=9000",
    ] {
        let page = get(client, &format!("/tasks?{filter}")).await;
        let listed: Vec<&Value> = page["results"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|task| &task["uid"])
            .collect();
        seen.push(json!({ "uids": listed, "total": page["total"] }));
    }
    let batches = get(client, "/batches?statuses=processing").await;
    seen.push(json!([
        batches["total"],
        batches["results"][0]["stats"]["status"],
        batches["results"][0]["finishedAt"]
    ]));

    let cancelation = sent(client, "POST", "/tasks/cancel?indexUids=stories", None).await;
    seen.push(view(cancelation).await);
    for node in nodes {
        until("the node knows of the cancelation", async || {
            get(node, "/tasks?types=taskCancelation").await["total"] != 0
        })
        .await;
    }
    embedder.set_open(true);
    for uid in waiting.into_iter().chain([busy, cancelation]) {
        client.wait_task(uid).await.expect("it ends");
        seen.push(view(uid).await);
    }
    let page = get(client, &format!("/tasks?canceledBy={cancelation}")).await;
    seen.push(page["total"].clone());
    let batch = get(client, &format!("/batches?uids={cancelation}")).await;
    let mut batch = batch["results"][0].clone();
    // The embedded node shows the counts alone.
    if let Some(details) = batch["details"].as_object_mut() {
        details.retain(|_, value| value.is_number());
    }
    seen.push(json!([
        batch["details"],
        batch["stats"]["status"],
        batch["stats"]["types"],
        batch["stats"]["indexUids"]
    ]));
    let stats = get(client, "/indexes/stories/stats").await;
    seen.push(stats["numberOfDocuments"].clone());
    seen
}

#[tokio::test]
async fn canceled_tasks_look_as_on_one_server() {
    let embedder = Embedder::start().await;
    let reference = Node::start_with_flags("reference", MASTER_KEY, &[LOOPBACK])
        .await
        .expect("it starts");
    let one = reference.client();
    let expected = canceled(&one, std::slice::from_ref(&one), &embedder).await;
    let builder = Cluster::builder()
        .nodes(3)
        .rf(2)
        .shards(16)
        .node_flag(LOOPBACK);
    let fleet = start(builder).await;
    let nodes: Vec<Client> = fleet.nodes().iter().map(Node::client).collect();
    let actual = canceled(&fleet.client(), &nodes, &embedder).await;
    for (expected, actual) in expected.iter().zip(&actual) {
        assert_eq!(actual, expected);
    }
}

#[tokio::test]
async fn task_that_nodes_work_on_is_deleted_when_it_ends() {
    let embedder = Embedder::start().await;
    let fleet = start(
        Cluster::builder()
            .nodes(2)
            .rf(2)
            .node_flag(LOOPBACK)
            .shards(8),
    )
    .await;
    let client = fleet.client();
    fill(&client, 10).await;
    let settings = json!({ "embedders": { "mine": embedder.setting() } });
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(&client, change).await;
    embedder.set_open(false);
    let path = "/indexes/stories/documents";
    let in_hand = sent(&client, "POST", path, Some(json!(documents(10)))).await;
    let behind = sent(&client, "DELETE", path, None).await;
    let query = format!("/tasks?uids={in_hand},{behind}");
    let deletion = sent(&client, "DELETE", &query, None).await;
    let view = async |uid: u64| get(&client, &format!("/tasks/{uid}")).await;
    assert_eq!(view(deletion).await["status"], "enqueued");
    embedder.set_open(true);
    client.wait_task(deletion).await.expect("an end");
    let ended = view(deletion).await;
    assert_eq!(ended["details"]["matchedTasks"], 2);
    assert_eq!(view(in_hand).await["code"], "task_not_found", "{ended}");
}

/// A cancelation that the proxy did not live to carry out is carried out by the next one.
#[tokio::test]
async fn cancelation_survives_the_proxy() {
    let embedder = Embedder::start().await;
    let builder = Cluster::builder()
        .nodes(2)
        .rf(2)
        .shards(8)
        .node_flag(LOOPBACK);
    let mut fleet = start(builder).await;
    let client = fleet.client();
    fill(&client, 10).await;
    let settings = json!({ "embedders": { "mine": embedder.setting() } });
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(&client, change).await;
    embedder.set_open(false);
    let path = "/indexes/stories/documents";
    let first = sent(&client, "POST", path, Some(json!([{ "id": 100 }]))).await;
    let second = sent(&client, "POST", path, Some(json!([{ "id": 200 }]))).await;
    let cancelation = sent(
        &client,
        "POST",
        &format!("/tasks/cancel?uids={second}"),
        None,
    )
    .await;
    fleet.kill_proxy().expect("it runs");
    embedder.set_open(true);
    fleet.restart_proxy().await.expect("it starts");
    let client = fleet.client();
    for uid in [first, second, cancelation] {
        client.wait_task(uid).await.expect("it ends");
    }
    let ended = get(&client, &format!("/tasks/{cancelation}")).await;
    let second = get(&client, &format!("/tasks/{second}")).await;
    let canceled = u64::from(second["status"] == "canceled");
    assert_eq!(ended["details"]["canceledTasks"], canceled, "{second:#}");
    let stats = get(&client, "/indexes/stories/stats").await;
    assert_eq!(stats["numberOfDocuments"], 12 - canceled);
}

#[tokio::test]
async fn operators_see_what_became_of_a_task_on_each_node() {
    let fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let (client, admin) = (fleet.client(), fleet.admin());
    fill(&client, 20).await;
    let view = get(&admin, "/_miroir/tasks/mtask-002").await;
    assert_eq!(view, get(&admin, "/_miroir/tasks/2").await);
    assert_eq!(view["miroir_task_id"], "mtask-2");
    assert_eq!(
        (&view["type"], &view["origin"]),
        (&json!("documentAdditionOrUpdate"), &json!("client"))
    );
    let parts = view["node_tasks"].as_array().expect("a list");
    let nodes: Vec<&str> = parts
        .iter()
        .filter_map(|part| part["node"].as_str())
        .collect();
    assert_eq!(nodes, ["node-0", "node-1"]);
    for part in parts {
        assert_eq!(
            (&part["status"], &part["stale"]),
            (&json!("succeeded"), &json!(false)),
            "{part:#}"
        );
        assert!(
            part["node_task_uid"].is_number()
                && part["shards"]
                    .as_array()
                    .is_some_and(|shards| !shards.is_empty())
        );
    }
    let page = get(&admin, "/_miroir/tasks?types=settingsUpdate&limit=1").await;
    assert_eq!(
        (&page["total"], &page["results"][0]["miroir_task_id"]),
        (&json!(1), &json!("mtask-1"))
    );
    assert_eq!(
        get(&admin, "/_miroir/tasks/mtask-900").await["code"],
        "miroir_not_found"
    );
    let late = admin
        .post("/_miroir/tasks/2/cancel", &Value::Null)
        .await
        .expect("an answer");
    assert_eq!(
        (late.status.as_u16(), &late.json().expect("JSON")["code"]),
        (409, &json!("miroir_conflict"))
    );
    assert_eq!(
        client
            .get("/tasks/mtask-2")
            .await
            .expect("an answer")
            .status,
        400
    );
    let workers = get(&admin, "/_miroir/workers").await;
    assert!(workers.to_string().contains("task_retention"), "{workers}");
}

/// One node cannot do what the others can: the task follows those that did it, and the node is healed.
#[tokio::test]
async fn write_that_one_copy_fails_leaves_no_copy_behind() {
    let fleet = start(Cluster::builder().nodes(3).rf(3).shards(8)).await;
    let (client, admin) = (fleet.client(), fleet.admin());
    fill(&client, 20).await;
    // Somebody else has changed the settings of the index on one node, which looks at `_geo` now.
    let node = fleet.nodes()[1].client();
    let setting = "/indexes/stories/settings/filterable-attributes";
    let mut attributes = get(&node, setting).await;
    attributes
        .as_array_mut()
        .expect("a list")
        .push(json!("_geo"));
    succeed(&node, node.put(setting, &attributes).await).await;
    let poison = json!([{ "id": 900, "title": "late", "_geo": "nowhere" }]);
    let added = client.post("/indexes/stories/documents", &poison).await;
    let task = succeed(&client, added).await;
    assert_eq!(task["details"]["indexedDocuments"], 1);
    let view = get(&admin, &format!("/_miroir/tasks/{}", task["uid"])).await;
    let parts = view["node_tasks"].as_array().expect("a list");
    let failed: Vec<&Value> = parts
        .iter()
        .filter(|part| part["status"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{view:#}");
    assert_eq!(failed[0]["node"], "node-1");
    assert!(failed[0]["error"]["code"].is_string());
    for _ in 0..20 {
        let found = client
            .post("/indexes/stories/search", &json!({ "q": "late" }))
            .await
            .expect("an answer");
        assert_eq!(found.json().expect("JSON")["estimatedTotalHits"], 1);
    }
    until("the copy is healed", async || {
        node_view(&fleet, "node-1").await["stale_shards"] == 0
    })
    .await;
    let held = stored(&fleet.nodes()[0]).await;
    assert_eq!(held.len(), 21);
    for node in fleet.nodes() {
        assert_eq!(stored(node).await, held);
    }
}
