//! Keys and tenant tokens of a fleet: verified by Miroir, kept over restarts, unknown to the nodes, and nowhere in a log.
//!
//! What each key opens and how each token is refused is recorded from a real server; see `fleet_recordings`.

use std::collections::BTreeSet;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use miroir_core::access::key_value;
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::{ADMIN_KEY, Cluster, MASTER_KEY, NODE_MASTER_KEY};
use serde_json::{Value, json};

use crate::fixture::{fill, page, search, settings, start, succeed, unique_word};

/// The uid of the key that the tokens below were signed with.
const UID: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

/// Signed elsewhere with the value of the key [`UID`]: `{"stories": {"filter": "id = 5"}}`, HS256.
const ONLY_FIVE: &str = "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJhcGlLZXlVaWQiOiAiYWFhYWFhYWEtYWFhYS00YWFhLThhYWEtYWFhYWFhYWFhYWFhIiwgInNlYXJjaFJ1bGVzIjogeyJzdG9yaWVzIjogeyJmaWx0ZXIiOiAiaWQgPSA1In19fQ.gdcoLTcM0l4I_I3pUQ0GxKKkofuWCfC6fYllGOb9Ho4";

/// `{"stories": {"filter": "colour = green"}}`, HS512.
const ONLY_GREEN: &str = "eyJhbGciOiAiSFM1MTIiLCAidHlwIjogIkpXVCJ9.eyJhcGlLZXlVaWQiOiAiYWFhYWFhYWEtYWFhYS00YWFhLThhYWEtYWFhYWFhYWFhYWFhIiwgInNlYXJjaFJ1bGVzIjogeyJzdG9yaWVzIjogeyJmaWx0ZXIiOiAiY29sb3VyID0gZ3JlZW4ifX19.IQk4vIazjfszUxrY_fZmj4xB9LhTYDPyZHaJbwzAsOMtnDHXGBPyMm8UsaEsGaI7TbptDraUX0oddrpD5dxuYA";

async fn read(client: &Client, path: &str) -> Response {
    client.get(path).await.expect("an answer")
}

fn json_of(answer: &Response) -> Value {
    answer.json().expect("JSON")
}

fn code(answer: &Response) -> (u16, Value) {
    (answer.status.as_u16(), json_of(answer)["code"].clone())
}

async fn make_key(client: &Client, actions: &[&str], indexes: &[&str]) -> Value {
    let body = json!({ "uid": UID, "actions": actions, "indexes": indexes, "expiresAt": null });
    let made = client.post("/keys", &body).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.text());
    json_of(&made)
}

/// The canonical ids of a page of hits.
fn ids(answer: &Response) -> Vec<u64> {
    let page = page(answer);
    let hits = page["hits"].as_array().expect("hits").iter();
    hits.map(|hit| hit["id"].as_u64().expect("an id")).collect()
}

#[tokio::test]
async fn keys_outlive_a_restart_and_leave_no_trace() {
    let fleet = Cluster::builder().nodes(2);
    let mut fleet = start(fleet.config("log.level", "trace")).await;
    let master = fleet.client();
    fill(&master, 30).await;

    let fresh = json_of(&read(&master, "/keys").await);
    let fresh = fresh["results"].as_array().expect("keys").clone();
    let names: Vec<_> = fresh.iter().map(|key| key["name"].clone()).collect();
    assert_eq!(
        names,
        [
            "Default Search API Key",
            "Default Admin API Key",
            "Default Read-Only Admin API Key",
            "Default Chat API Key"
        ]
    );
    for key in &fresh {
        let uid = key["uid"].as_str().and_then(|uid| uid.parse().ok());
        let value = key_value(MASTER_KEY.as_bytes(), uid.expect("a uid"));
        assert_eq!(key["key"], value.to_string(), "as on any server");
    }
    let deleted = fresh[3]["uid"].as_str().expect("a uid");
    let gone = master.delete(&format!("/keys/{deleted}")).await;
    assert_eq!(gone.expect("an answer").status, 204);
    let made = make_key(&master, &["search"], &["stories"]).await;
    let value = made["key"].as_str().expect("a value").to_owned();

    let before = json_of(&read(&master, "/keys").await);
    fleet.restart_proxy().await.expect("it starts again");
    let master = fleet.client();
    assert_eq!(json_of(&read(&master, "/keys").await), before);
    let holder = master.with_key(Some(&value));
    let body = json!({ "q": unique_word(7), "filter": "colour = green" });
    assert_eq!(ids(&search(&holder, &body).await), [7]);
    let forbidden = read(&holder, "/indexes").await;
    assert_eq!(code(&forbidden), (403, json!("invalid_api_key")));

    // The client's keys open no node, and the node's key nothing of Miroir.
    for key in [MASTER_KEY, value.as_str()] {
        let answer = read(&fleet.nodes()[0].client().with_key(Some(key)), "/indexes").await;
        assert_eq!(code(&answer), (403, json!("invalid_api_key")));
    }
    for path in ["/indexes", "/_miroir/topology"] {
        let answer = read(&master.with_key(Some(NODE_MASTER_KEY)), path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
    let tenant = master.with_key(Some(ONLY_GREEN));
    assert_eq!(search(&tenant, &body).await.status, 200);
    let wrong = master.with_key(Some("a-key-that-nobody-has"));
    assert_eq!(search(&wrong, &body).await.status, 403);

    fleet.stop_proxy().await.expect("it ends");
    let log = fleet.proxy().log();
    assert!(log.contains("\"trace\""), "the log is at trace level");
    let word = unique_word(7);
    let secrets = [
        MASTER_KEY,
        NODE_MASTER_KEY,
        ADMIN_KEY,
        value.as_str(),
        ONLY_GREEN,
        "a-key-that-nobody-has",
        word.as_str(),
        "colour = green",
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn without_a_master_key_everything_is_open_but_keys() {
    let fleet = start(Cluster::builder().config("master_key", Value::Null)).await;
    let nobody = fleet.client().with_key(None);
    fill(&nobody, 5).await;
    assert_eq!(
        search(&nobody, &json!({ "q": unique_word(3) }))
            .await
            .status,
        200
    );
    let with_any = nobody.with_key(Some("anything"));
    assert_eq!(read(&with_any, "/indexes").await.status, 200);
    for client in [&nobody, &with_any] {
        let refused = (401, json!("missing_master_key"));
        assert_eq!(code(&read(client, "/keys").await), refused);
    }
    let admin = read(&nobody, "/_miroir/topology").await;
    assert_eq!(code(&admin), (401, json!("miroir_invalid_auth")));
    assert_eq!(read(&fleet.admin(), "/_miroir/topology").await.status, 200);
}

#[tokio::test]
async fn a_tokens_filter_narrows_a_search_to_its_shards() {
    let fleet = start(Cluster::builder().nodes(4).shards(16).tapped()).await;
    let master = fleet.client();
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    succeed(&master, master.post("/indexes", &index).await).await;
    let mut rules = settings();
    rules["filterableAttributes"] = json!(["id", "colour"]);
    let change = master.patch("/indexes/stories/settings", &rules).await;
    succeed(&master, change).await;
    let added = master
        .post(
            "/indexes/stories/documents",
            &json!(crate::fixture::documents(40)),
        )
        .await;
    succeed(&master, added).await;
    make_key(&master, &["search"], &["*"]).await;
    let tenant = master.with_key(Some(ONLY_FIVE));
    let asked = || -> BTreeSet<String> {
        let searches = fleet.searches().take();
        searches.into_iter().map(|asked| asked.node).collect()
    };
    asked();

    assert_eq!(ids(&search(&tenant, &json!({})).await), [5]);
    assert_eq!(asked().len(), 1, "only the owner of the id is asked");
    let both = json!({ "filter": "colour = green OR colour = blue OR colour = red" });
    assert_eq!(ids(&search(&tenant, &both).await), [5]);
    let other = json!({ "filter": "id = 6" });
    assert!(ids(&search(&tenant, &other).await).is_empty());
    asked();

    let queries = json!({ "queries": [{ "indexUid": "stories" }, { "indexUid": "stories", "filter": "id = 6" }] });
    let several = tenant.post("/multi-search", &queries).await;
    let several = page(&several.expect("an answer"));
    assert_eq!(several["results"][0]["hits"][0]["id"], 5);
    assert_eq!(several["results"][0]["estimatedTotalHits"], 1);
    assert_eq!(several["results"][1]["hits"], json!([]));
    assert_eq!(asked().len(), 1);

    // The plan is the tenant's own; the admin key opens the plan, and no search.
    let explain = tenant.post("/indexes/stories/explain", &json!({})).await;
    let plan = json_of(&explain.expect("an answer"));
    assert_eq!(plan["plan"]["narrowed"], true, "{plan:#}");
    let elsewhere = tenant.post("/indexes/others/explain", &json!({})).await;
    let refused = (403, json!("invalid_api_key"));
    assert_eq!(code(&elsewhere.expect("an answer")), refused);
    let nobody = master.with_key(None);
    let headers = [
        (
            HeaderName::from_static("x-admin-key"),
            HeaderValue::from_static(ADMIN_KEY),
        ),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    for (path, status) in [("explain", 200), ("search", 401)] {
        let path = format!("/indexes/stories/{path}");
        let answer = nobody.send(Method::POST, &path, &headers, "{}".into());
        assert_eq!(answer.await.expect("an answer").status, status, "{path}");
    }
}
