//! Experimental features of a fleet: switched on every node, kept on nodes that lost them, refused where a fleet has none.

use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{documents, fill, is_real, search, start, succeed, until};

#[tokio::test]
async fn features_are_switched_on_every_node_and_stay_so() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let body = json!({ "q": "", "filter": "colour CONTAINS ree" });
    let off = search(&client, &body).await;
    assert_eq!(off.json().expect("JSON")["code"], "feature_not_enabled");

    let wanted = json!({ "containsFilter": true, "network": false, "metrics": null });
    let on = client
        .patch("/experimental-features", &wanted)
        .await
        .expect("an answer");
    assert_eq!(on.status, 200, "{}", on.text());
    let shown = client
        .get("/experimental-features")
        .await
        .expect("an answer");
    assert_eq!(shown.body, on.body);
    assert_eq!(shown.json().expect("JSON")["containsFilter"], true);
    assert_eq!(
        search(&client, &body).await.json().expect("JSON")["estimatedTotalHits"],
        7
    );

    let has_it = async |node: &miroir_testkit::process::Node| {
        let answer = node.client().get("/experimental-features").await;
        let view = answer.ok().and_then(|answer| answer.json().ok());
        view.is_some_and(|view: Value| view["containsFilter"] == json!(true))
    };
    for node in fleet.nodes() {
        assert!(has_it(node).await);
    }
    fleet
        .node(1)
        .restart_empty()
        .await
        .expect("it starts again");
    let node = &fleet.nodes()[1];
    until("the node has it again", async || has_it(node).await).await;

    fleet.restart_proxy().await.expect("it starts again");
    let client = fleet.client();
    let shown = client
        .get("/experimental-features")
        .await
        .expect("an answer");
    assert_eq!(shown.body, on.body);
    let refused = client
        .patch("/experimental-features", &json!({ "network": true }))
        .await;
    let refused = refused.expect("an answer").json().expect("JSON");
    assert_eq!(refused["code"], "feature_not_enabled");
    let off = client
        .patch(
            "/experimental-features",
            &json!({ "containsFilter": false }),
        )
        .await;
    assert_eq!(
        off.expect("an answer").json().expect("JSON")["containsFilter"],
        false
    );
    let answer = search(&client, &body).await;
    assert_eq!(answer.json().expect("JSON")["code"], "feature_not_enabled");
}

#[tokio::test]
async fn documents_of_tasks_and_templates_of_requests_are_served() {
    let fleet = start(Cluster::builder().nodes(3).rf(2)).await;
    let client = fleet.client();
    let switches = json!({ "getTaskDocumentsRoute": true, "renderRoute": true });
    let switched = client.patch("/experimental-features", &switches).await;
    let switched = switched.expect("an answer");
    if !is_real(&fleet.nodes()[0].client()).await {
        // The embedded node has neither.
        assert_eq!(
            switched.json().expect("JSON")["code"],
            "feature_not_enabled"
        );
        return;
    }
    assert_eq!(switched.status, 200, "{}", switched.text());
    let refusal = async |path: &str| {
        let answer = client.get(path).await.expect("an answer");
        let body = answer.json().expect("JSON");
        (body["code"].clone(), body["message"].clone())
    };
    let (code, message) = refusal("/tasks/999/documents").await;
    assert_eq!(
        (code, message),
        (json!("task_not_found"), json!("Task `999` not found."))
    );
    assert_eq!(refusal("/tasks/x/documents").await.0, "invalid_task_uids");
    let many = documents(5_000);
    let added = client
        .post("/indexes/stories/documents", &json!(many))
        .await;
    let added = added.expect("an answer");
    let path = format!("/tasks/{}/documents", added.task_uid().expect("a task"));
    let kept = client.get(&path).await.expect("an answer");
    assert_eq!(kept.status, 200, "{}", kept.text());
    assert_eq!(kept.header("content-type"), Some("application/x-ndjson"));
    let mut told: Vec<Value> = serde_json::Deserializer::from_slice(&kept.body)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("documents, one after the other");
    told.sort_by_key(|document| document["id"].as_u64());
    assert_eq!(told, many);
    succeed(&client, Ok(added)).await;
    assert_eq!(refusal(&path).await.0, "task_file_not_found");

    let body = json!({
        "template": { "kind": "inlineDocumentTemplate", "inline": "rendered on {{doc.id}}" },
        "input": { "kind": "inlineDocument", "inline": { "id": "this" } },
    });
    let rendered = client.post("/render-template", &body).await;
    let rendered = rendered.expect("an answer").json().expect("JSON");
    assert_eq!(rendered["rendered"], "rendered on this");
    let of_an_index = json!({
        "template": { "kind": "inlineDocumentTemplate", "inline": "{{doc.id}}" },
        "input": { "kind": "indexDocument", "indexUid": "stories", "id": "1" },
    });
    let refused = client.post("/render-template", &of_an_index).await;
    let refused = refused.expect("an answer").json().expect("JSON");
    assert_eq!(refused["code"], "miroir_capability_disabled");
}

#[tokio::test]
async fn a_template_takes_the_right_to_settings_and_the_right_to_documents() {
    let fleet = start(Cluster::builder().nodes(1).rf(1).shards(2)).await;
    let client = fleet.client();
    let rights = ["settings.get", "documents.get"];
    for (actions, is_let_in) in [
        (&rights[..1], false),
        (&rights[1..], false),
        (&rights[..], true),
    ] {
        let key = json!({ "actions": actions, "indexes": ["*"], "expiresAt": null });
        let key = client.post("/keys", &key).await.expect("an answer");
        let key = key.json().expect("JSON")["key"].clone();
        let client = client.with_key(key.as_str());
        let answer = client.post("/render-template", &json!({})).await;
        let code = answer.expect("an answer").json().expect("JSON")["code"].clone();
        let expected = match is_let_in {
            true => "feature_not_enabled",
            false => "invalid_api_key",
        };
        assert_eq!(code, expected, "{actions:?}");
    }
}
