//! Changes of settings: one version at a time, on every node, whatever happens to them on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{Fleet, degraded, fill, finish, page, search, start, succeed, until};

const SEARCHERS: usize = 4;

/// What `/_miroir/indexes/stories/settings/status` shows.
async fn status(fleet: &Fleet) -> Value {
    let path = "/_miroir/indexes/stories/settings/status";
    let answer = fleet.admin().get(path).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().expect("JSON")
}

/// Every node is known to have the committed settings.
async fn is_in_line(fleet: &Fleet) -> bool {
    let status = status(fleet).await;
    let nodes = status["nodes"].as_array().expect("nodes").iter();
    status["phase"] == "idle"
        && status["frozen"] == false
        && nodes
            .into_iter()
            .all(|node| node["state"] == "in_line" && node["version"] == status["version"])
}

/// What a node itself has of one setting of `stories`.
async fn on_node(fleet: &Fleet, position: usize, setting: &str) -> Value {
    let path = format!("/indexes/stories/settings/{setting}");
    let client = fleet.nodes()[position].client();
    client
        .get(&path)
        .await
        .expect("an answer")
        .json()
        .expect("JSON")
}

async fn change(client: &Client, settings: Value) -> Response {
    let answer = client.patch("/indexes/stories/settings", &settings).await;
    answer.expect("an answer")
}

fn version(response: &Response) -> u64 {
    let version = response.header("x-miroir-settings-version");
    version.expect("a version").parse().expect("a number")
}

/// `POST /indexes/stories/search` of everything, by somebody who wants settings at least this new.
async fn search_from(client: &Client, floor: &str) -> Response {
    let headers = [
        (
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/json"),
        ),
        (
            HeaderName::from_static("x-miroir-min-settings-version"),
            HeaderValue::from_str(floor).expect("a header"),
        ),
    ];
    let path = "/indexes/stories/search";
    let answer = client.send(Method::POST, path, &headers, "{}".into()).await;
    answer.expect("an answer")
}

#[tokio::test]
async fn no_answer_mixes_versions_silently_while_settings_change() {
    let fleet = start(Cluster::builder().nodes(4).replica_groups(2).shards(16)).await;
    let client = fleet.client();
    fill(&client, 10).await;
    // Every even document is found by its title, every odd one by its note.
    let documents: Vec<Value> = (0..200)
        .map(|id| match id % 2 {
            0 => json!({ "id": id, "title": "alpha", "note": "beta" }),
            _ => json!({ "id": id, "title": "beta", "note": "alpha" }),
        })
        .collect();
    let added = client
        .post("/indexes/stories/documents", &json!(documents))
        .await;
    succeed(&client, added).await;
    let attributes =
        |version: u64| ["title", "note"][usize::try_from(version % 2).expect("0 or 1")];
    let settle = async || {
        let next = status(&fleet).await["version"].as_u64().expect("a number") + 1;
        let change = change(
            &client,
            json!({ "searchableAttributes": [attributes(next)] }),
        )
        .await;
        succeed(&client, Ok(change)).await;
    };
    settle().await;

    let (stops, told) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let searchers: Vec<_> = (0..SEARCHERS)
        .map(|_| {
            let (client, stops, told) = (fleet.client(), Arc::clone(&stops), Arc::clone(&told));
            tokio::spawn(async move {
                let mut answers = 0;
                while !stops.load(Ordering::SeqCst) {
                    let answer = search(&client, &json!({ "q": "alpha", "limit": 1000 })).await;
                    assert_eq!(degraded(&answer), None);
                    if answer.header("x-miroir-settings-inconsistent").is_some() {
                        told.fetch_add(1, Ordering::SeqCst);
                        continue;
                    }
                    let parity = version(&answer) % 2;
                    let view = page(&answer);
                    let hits = view["hits"].as_array().expect("hits");
                    assert_eq!(hits.len(), 100, "version {}", version(&answer));
                    let others = hits
                        .iter()
                        .filter(|hit| hit["id"].as_u64().map(|id| id % 2) != Some(parity));
                    assert_eq!(others.count(), 0, "version {}", version(&answer));
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    for _ in 0..5 {
        settle().await;
    }
    stops.store(true, Ordering::SeqCst);
    for searcher in searchers {
        assert!(searcher.await.expect("no answer is mixed") > 0);
    }
    assert!(is_in_line(&fleet).await);
}

#[tokio::test]
async fn a_node_that_was_away_or_was_changed_is_brought_in_line() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 60).await;
    let before = status(&fleet).await["version"].as_u64().expect("a number");

    fleet.node(0).kill().unwrap();
    let synonyms = json!({ "synonyms": { "tale": ["story"] } });
    succeed(&client, Ok(change(&client, synonyms.clone()).await)).await;
    let found = search(&client, &json!({ "q": "tale", "limit": 1000 })).await;
    assert_eq!((degraded(&found), version(&found)), (None, before + 1));
    assert_eq!(page(&found)["hits"].as_array().map(Vec::len), Some(60));
    fleet.node(0).restart().await.unwrap();
    until("the node that was away has the synonyms", async || {
        is_in_line(&fleet).await
    })
    .await;
    assert_eq!(on_node(&fleet, 0, "synonyms").await, synonyms["synonyms"]);

    // Somebody changes a node behind the proxy's back.
    let node = fleet.nodes()[1].client();
    succeed(
        &node,
        node.delete("/indexes/stories/settings/synonyms").await,
    )
    .await;
    let looked = fleet
        .admin()
        .post("/_miroir/indexes/stories/settings/unfreeze", &json!({}))
        .await
        .unwrap();
    assert_eq!(looked.status, 200, "{}", looked.text());
    until("the node that was changed is put back", async || {
        on_node(&fleet, 1, "synonyms").await == synonyms["synonyms"] && is_in_line(&fleet).await
    })
    .await;
    let status = status(&fleet).await;
    assert_eq!(
        (&status["version"], &status["mismatches"]),
        (&json!(before + 1), &json!(1))
    );

    // The proxy dies while it proposes; the change comes to its end once.
    let accepted = change(&client, json!({ "synonyms": { "novel": ["story"] } })).await;
    fleet.kill_proxy().unwrap();
    fleet.restart_proxy().await.unwrap();
    let client = fleet.client();
    succeed(&client, Ok(accepted)).await;
    until("every node has the change", async || {
        is_in_line(&fleet).await
    })
    .await;
    assert_eq!(self::status(&fleet).await["version"], before + 2);
    for position in 0..3 {
        assert_eq!(
            on_node(&fleet, position, "synonyms").await,
            json!({ "novel": ["story"] })
        );
    }
}

/// A document that only one node has, and with which that node cannot apply a setting.
async fn settings_fail_on_one_node(strategy: &str) {
    let fleet = start(
        Cluster::builder()
            .nodes(2)
            .shards(8)
            .config("settings_broadcast.strategy", strategy)
            .config("settings_broadcast.max_repair_retries", 0),
    )
    .await;
    let client = fleet.client();
    fill(&client, 40).await;
    let bad = json!([{ "id": 7, "_geo": { "lat": "north" } }]);
    succeed(
        &client,
        client.post("/indexes/stories/documents", &bad).await,
    )
    .await;
    let before = status(&fleet).await["version"].clone();

    let wanted = json!({ "filterableAttributes": ["colour", "size", "_geo"] });
    let task = finish(&client, Ok(change(&client, wanted).await)).await;
    assert_eq!(task["status"], "failed", "{task:#}");
    assert_eq!(
        task["error"]["code"], "invalid_document_geo_field",
        "{task:#}"
    );
    until("every node is as before", async || is_in_line(&fleet).await).await;
    assert_eq!(status(&fleet).await["version"], before);
    for position in 0..2 {
        let filterable = on_node(&fleet, position, "filterable-attributes").await;
        assert!(!filterable.to_string().contains("_geo"), "{filterable}");
    }
    let found = search(&client, &json!({ "filter": "colour = red", "limit": 1000 })).await;
    assert_eq!(degraded(&found), None);
    // What comes next builds on what was committed. With that document a 1.50 server fails every change that indexes anew.
    let path = "/indexes/stories/documents/7";
    succeed(&client, client.delete(path).await).await;
    succeed(
        &client,
        Ok(change(&client, json!({ "stopWords": ["the"] })).await),
    )
    .await;
    assert!(is_in_line(&fleet).await);
}

#[tokio::test]
async fn settings_that_one_node_cannot_apply_are_undone_on_the_others() {
    settings_fail_on_one_node("two_phase").await;
}

#[tokio::test]
async fn settings_node_by_node_are_undone_when_one_cannot_apply_them() {
    settings_fail_on_one_node("sequential").await;
}

#[tokio::test]
async fn an_index_whose_nodes_are_not_put_back_takes_no_documents() {
    let fleet = start(
        Cluster::builder()
            .nodes(2)
            .shards(8)
            .config("settings_drift_check.auto_repair", false)
            .config("settings_drift_check.interval_s", 5),
    )
    .await;
    let client = fleet.client();
    fill(&client, 40).await;
    let node = fleet.nodes()[0].client();
    succeed(
        &node,
        node.delete("/indexes/stories/settings/sortable-attributes")
            .await,
    )
    .await;
    until("the freeze", async || {
        status(&fleet).await["frozen"] == true
    })
    .await;
    let write = async || {
        client
            .post("/indexes/stories/documents", &json!([{ "id": 1 }]))
            .await
            .unwrap()
    };
    let refused = write().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json().unwrap()["code"], "miroir_index_frozen");
    assert!(refused.header("retry-after").is_some());
    let committed = status(&fleet).await["version"].as_u64().unwrap();
    assert!(degraded(&search(&client, &json!({})).await).is_some());
    let stale = search_from(&client, &committed.to_string()).await;
    assert_eq!(
        stale.json().unwrap()["code"],
        "miroir_settings_version_stale"
    );

    let path = "/_miroir/indexes/stories/settings/unfreeze";
    let thawed = fleet
        .admin()
        .post(path, &json!({ "revert": true }))
        .await
        .unwrap();
    assert_eq!(thawed.status, 200, "{}", thawed.text());
    succeed(&client, Ok(write().await)).await;
    assert!(is_in_line(&fleet).await);

    // What a client may demand, and what it is told.
    assert_eq!(
        search_from(&client, &format!("stories={committed}"))
            .await
            .status,
        200
    );
    let ahead = search_from(&client, &format!("stories={}", committed + 1)).await;
    assert_eq!(ahead.status, 503, "{}", ahead.text());
    assert_eq!(search_from(&client, "other=9").await.status, 200);
    let malformed = search_from(&client, "newest").await;
    assert_eq!(malformed.json().unwrap()["code"], "miroir_invalid_header");
    let preview = fleet
        .admin()
        .post(
            "/_miroir/indexes/stories/settings/preview",
            &json!({ "stopWords": ["a"] }),
        )
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(
        preview["diff"],
        json!([{ "path": "stopWords", "from": null, "to": ["a"] }])
    );
    assert_eq!(preview["next_version"], committed + 1);
    assert_eq!(status(&fleet).await["version"], committed);
}

#[tokio::test]
async fn an_index_is_renamed_right_after_its_settings_were_changed() {
    let fleet = start(Cluster::builder().nodes(2).rf(2).shards(4)).await;
    let client = fleet.client();
    fill(&client, 10).await;
    let changed = change(&client, json!({ "stopWords": ["the"] })).await;
    let renamed = client
        .patch("/indexes/stories", &json!({ "uid": "tales" }))
        .await;
    succeed(&client, renamed).await;
    succeed(&client, Ok(changed)).await;
    let settings = client.get("/indexes/tales/settings/stop-words").await;
    assert_eq!(
        settings.expect("an answer").json().expect("JSON"),
        json!(["the"])
    );
}

#[tokio::test]
async fn a_renamed_index_says_that_it_was_changed() {
    let mut fleet = start(Cluster::builder().nodes(1).rf(1).shards(2)).await;
    let client = fleet.client();
    fill(&client, 1).await;
    let times = async |client: &Client, uid: &str| {
        let index = client.get(&format!("/indexes/{uid}")).await;
        let index = index.expect("an answer").json().expect("JSON");
        (index["createdAt"].clone(), index["updatedAt"].clone())
    };
    let before = times(&client, "stories").await;
    let name = json!({ "uid": "tales" });
    succeed(&client, client.patch("/indexes/stories", &name).await).await;
    let after = times(&client, "tales").await;
    assert_eq!(after.0, before.0);
    assert_ne!(after.1, before.1);
    fleet.restart_proxy().await.expect("it starts again");
    assert_eq!(times(&fleet.client(), "tales").await, after);
}
