//! Members, documents and fields come in one order, whichever copy answers: that of one server.

use std::collections::BTreeMap;

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::{Fleet, degraded, reference, start, succeed, until_status};

const READS: usize = 24;

/// Batches in whose documents the names come in ever other orders; the first decides the primary key.
fn batches() -> Vec<(&'static str, String)> {
    let document = |number: usize| {
        let title = format!("\"title\":\"story {}\"", number % 7);
        let id = format!("\"id\":{number}");
        let nested = format!("\"place\":{{\"z\":{number},\"a\":1}}");
        let own = format!("\"extra{}\":null", number % 5);
        match number % 3 {
            0 => format!("{{{title},{id},{nested}}}"),
            1 => format!("{{{own},{nested},{id}}}"),
            _ => format!("{{{id},\"size\":{},{own},{title}}}", number * 37 % 101),
        }
    };
    let batch = |range: std::ops::Range<usize>| {
        let documents: Vec<String> = range.map(document).collect();
        format!("[{}]", documents.join(","))
    };
    vec![
        ("POST", batch(0..10)),
        ("POST", batch(10..90)),
        // The payload fails as a whole: its names are not numbered.
        (
            "POST",
            r#"[{"id":5,"never":1},{"id":"bad id","later":2}]"#.to_owned(),
        ),
        (
            "PUT",
            r#"[{"zz":1,"id":3,"aa":2},{"later":1,"id":4}]"#.to_owned(),
        ),
        ("PUT", r#"{"aa":9,"mm":1,"id":8}"#.to_owned()),
    ]
}

async fn fill(client: &Client) {
    for (method, batch) in batches() {
        let sent = send(client, method, "/indexes/stories/documents", batch).await;
        let task = sent.task_uid().expect("a task");
        client.wait_task(task).await.expect("the task ends");
    }
    let settings = json!({ "sortableAttributes": ["size"], "filterableAttributes": ["title"] });
    let change = client.patch("/indexes/stories/settings", &settings).await;
    succeed(client, change).await;
}

async fn send(client: &Client, method: &str, path: &str, body: String) -> Response {
    let json = HeaderValue::from_static("application/json");
    let headers = [(CONTENT_TYPE, json)];
    let method = method.parse().expect("a method");
    let sent = client.send(method, path, &headers, body.into()).await;
    sent.expect("an answer")
}

/// What is asked: bodies of a search and of a list.
fn requests() -> Vec<(&'static str, Value)> {
    let highlight =
        json!({ "q": "story", "limit": 50, "attributesToHighlight": ["*"], "sort": ["size:desc"] });
    vec![
        ("search", json!({ "limit": 100 })),
        ("search", highlight),
        (
            "search",
            json!({ "attributesToRetrieve": ["title", "zz", "extra1"], "limit": 100 }),
        ),
        ("documents/fetch", json!({ "limit": 100 })),
        ("documents/fetch", json!({ "offset": 31, "limit": 17 })),
        (
            "documents/fetch",
            json!({ "offset": 3, "limit": 9, "fields": ["zz", "title"] }),
        ),
        (
            "documents/fetch",
            json!({ "sort": ["size:desc"], "offset": 5, "limit": 20 }),
        ),
        (
            "documents/fetch",
            json!({ "filter": "title = 'story 3'", "limit": 5, "offset": 2 }),
        ),
        ("documents/fetch", json!({ "ids": [8, 4, "3", 77, 1000] })),
    ]
}

/// The answer's text without what changes from one request to the next.
async fn ask(client: &Client, route: &str, body: &Value) -> String {
    let answer = client
        .post(&format!("/indexes/stories/{route}"), body)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let end = text.find(",\"query\":").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The documents of an answer, by id, as texts.
async fn documents(client: &Client) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    for id in 0..90 {
        let path = format!("/indexes/stories/documents/{id}");
        found.insert(id, client.get(&path).await.expect("an answer").text());
    }
    found
}

async fn answers(fleet: &Fleet) -> Vec<String> {
    let client = fleet.client();
    let mut answers = Vec::new();
    for (route, body) in requests() {
        let first = ask(&client, route, &body).await;
        for _ in 0..READS {
            assert_eq!(ask(&client, route, &body).await, first, "{route} {body}");
        }
        answers.push(first);
    }
    answers
}

/// Replaces what a node has of the index by the same documents, met in another order with their members in another order.
async fn rebuild(fleet: &Fleet, position: usize) {
    let node = fleet.nodes()[position].client();
    let all = json!({ "limit": 1000 });
    let answer = node.post("/indexes/stories/documents/fetch", &all).await;
    let view = answer.expect("an answer").json().expect("JSON");
    let mut documents: Vec<BTreeMap<String, Value>> =
        serde_json::from_value(view["results"].clone()).expect("documents");
    documents.reverse();
    let answer = node.get("/indexes/stories/settings").await;
    let settings = answer.expect("an answer").json().expect("JSON");
    succeed(&node, node.delete("/indexes/stories").await).await;
    let index = json!({ "uid": "stories" });
    succeed(&node, node.post("/indexes", &index).await).await;
    succeed(
        &node,
        node.patch("/indexes/stories/settings", &settings).await,
    )
    .await;
    let body = serde_json::to_string(&documents).expect("JSON");
    let path = "/indexes/stories/documents?primaryKey=id";
    let sent = send(&node, "POST", path, body).await;
    let task = sent.task_uid().expect("a task");
    assert_eq!(
        node.wait_task(task).await.expect("the task ends")["status"],
        "succeeded"
    );
}

#[tokio::test]
async fn the_same_request_gives_the_same_bytes_whichever_copy_answers() {
    let builder = Cluster::builder().nodes(4).replica_groups(2).rf(2);
    let mut fleet = start(builder.shards(16)).await;
    fill(&fleet.client()).await;
    let server = reference().await;
    fill(&server.client()).await;

    let shown = documents(&fleet.client()).await;
    assert_eq!(shown, documents(&server.client()).await);
    assert_eq!(
        shown[&4],
        r#"{"id":4,"place":{"z":4,"a":1},"extra4":null,"later":1}"#
    );
    // Without a sort of its own a server has another order of documents, but of sorted ones the same.
    let sorted = json!({ "q": "story", "sort": ["size:asc"], "filter": "title != 'story 1'", "attributesToHighlight": ["title", "place"], "limit": 7, "attributesToRetrieve": ["*"] });
    let client = fleet.client();
    assert_eq!(
        ask(&client, "search", &sorted).await,
        ask(&server.client(), "search", &sorted).await
    );
    let before = answers(&fleet).await;

    rebuild(&fleet, 0).await;
    rebuild(&fleet, 3).await;
    assert_eq!(answers(&fleet).await, before);
    assert_eq!(documents(&fleet.client()).await, shown);

    fleet.restart_proxy().await.expect("the proxy restarts");
    assert_eq!(answers(&fleet).await, before);
    let client = fleet.client();
    let more = r#"[{"yy":1,"id":200,"title":"story 0"}]"#.to_owned();
    let sent = send(&client, "POST", "/indexes/stories/documents", more).await;
    client
        .wait_task(sent.task_uid().expect("a task"))
        .await
        .expect("the task ends");
    let added = client
        .get("/indexes/stories/documents/200")
        .await
        .expect("an answer");
    assert_eq!(added.text(), r#"{"title":"story 0","id":200,"yy":1}"#);
}

#[tokio::test]
async fn every_page_of_a_list_is_cut_out_of_one_order() {
    let fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client();
    fill(&client).await;
    let pages = async |body: &Value, length: usize| {
        let mut ids = Vec::new();
        for offset in (0..100).step_by(length) {
            let mut body = body.clone();
            body["offset"] = json!(offset);
            body["limit"] = json!(length);
            let answer = client
                .post("/indexes/stories/documents/fetch", &body)
                .await
                .expect("an answer");
            let page = answer.json().expect("JSON");
            assert_eq!(page["total"], 90);
            let documents = page["results"].as_array().expect("documents").clone();
            ids.extend(documents.into_iter().map(|document| document["id"].clone()));
        }
        ids
    };
    let bodies = [
        json!({}),
        json!({ "filter": "id >= 0" }),
        json!({ "sort": ["size:desc"], "fields": ["id"] }),
    ];
    let settings = json!({ "filterableAttributes": ["id"] });
    succeed(
        &client,
        client.patch("/indexes/stories/settings", &settings).await,
    )
    .await;
    for body in bodies {
        let whole = pages(&body, 100).await;
        assert_eq!(whole.len(), 90, "{body}");
        for length in [1, 7, 30] {
            assert_eq!(pages(&body, length).await, whole, "{body}");
        }
    }
}

#[tokio::test]
async fn fields_and_counts_are_those_of_one_server() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(2).shards(16)).await;
    let client = fleet.client();
    fill(&client).await;
    let server = reference().await;
    fill(&server.client()).await;
    let settings = json!({
        "displayedAttributes": ["title", "place.z", "extra1"],
        "distinctAttribute": "size",
        "filterableAttributes": [{ "attributePatterns": ["place*"], "features": { "facetSearch": false, "filter": { "equality": true, "comparison": false } } }],
        "rankingRules": ["words", "size:desc"],
        "faceting": { "sortFacetValuesBy": { "title": "count" } },
        "localizedAttributes": [{ "attributePatterns": ["t*"], "locales": ["jpn"] }],
    });
    for client in [&client, &server.client()] {
        let change = client.patch("/indexes/stories/settings", &settings).await;
        succeed(client, change).await;
    }
    let bodies = [
        json!({}),
        json!({ "limit": 3, "offset": 2 }),
        json!({ "filter": { "attributePatterns": ["place*", "*e"], "displayed": true } }),
        json!({ "filter": { "filterable": false, "searchable": true }, "limit": 100 }),
        json!({ "filter": { "distinct": true } }),
        json!({ "filter": { "x": 1 } }),
    ];
    for body in bodies {
        let of_fleet = client.post("/indexes/stories/fields", &body).await;
        let of_server = server.client().post("/indexes/stories/fields", &body).await;
        assert_eq!(
            of_fleet.expect("an answer").text(),
            of_server.expect("an answer").text(),
            "{body}"
        );
    }
    let missing = client.post("/indexes/no%20such/fields", &json!({})).await;
    assert_eq!(missing.expect("an answer").status, 404);

    let stats = async |client: &Client| {
        let answer = client.get("/indexes/stories/stats").await;
        let answer = answer.expect("an answer");
        let header = degraded(&answer).map(str::to_owned);
        let stats = answer.json().expect("JSON");
        let exact = json!([
            stats["numberOfDocuments"],
            stats["fieldDistribution"],
            stats["isIndexing"]
        ]);
        (exact, header)
    };
    let (expected, _) = stats(&server.client()).await;
    assert_eq!(stats(&client).await, (expected.clone(), None));

    // With a node gone the copies that are left are uneven, and those that another node answers for are taken out.
    fleet.node(1).kill().expect("the node ends");
    until_status(&fleet, "node-1", "failed").await;
    assert_eq!(stats(&client).await, (expected, None));
}

#[tokio::test]
async fn documents_with_ids_that_were_counted_up_are_listed_as_on_one_server() {
    let mut pair = Pair::start().await;
    let settings = json!({ "filterableAttributes": ["colour"] });
    pair.send("PATCH", "/indexes/stories/settings", settings);
    let path = "/indexes/stories/documents";
    pair.send(
        "POST",
        &format!("{path}?primaryKey=id"),
        json!(crate::fixture::documents(50)),
    );
    pair.ask("GET", path);
    pair.ask("GET", &format!("{path}?offset=17&limit=9&fields=title"));
    pair.ask("GET", &format!("{path}?offset=45&limit=9"));
    let fetch = format!("{path}/fetch");
    for body in [
        json!({ "limit": 0 }),
        json!({ "filter": "colour = red", "limit": 7, "offset": 2 }),
        json!({ "ids": [30, 4, "13", 777], "fields": ["id"] }),
        json!({ "ids": [30, 4, "13", 777], "offset": 1, "limit": 1 }),
    ] {
        pair.send("POST", &fetch, body);
    }
    pair.compare().await;
}
