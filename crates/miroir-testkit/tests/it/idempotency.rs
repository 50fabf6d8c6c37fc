//! What is asked twice is done once: keyed writes, and identical searches at the same time.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::{HeaderName, HeaderValue, Method};
use miroir_testkit::client::{Client, Response};
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{Fleet, fill, page, search, start, succeed, unique_word};

/// A write with a key.
async fn keyed(client: &Client, method: Method, path: &str, key: &str, body: &Value) -> Response {
    let header = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).expect("a header");
        (HeaderName::from_static(name), value)
    };
    let headers = [
        header("content-type", "application/json"),
        header("idempotency-key", key),
    ];
    let answer = client
        .send(method, path, &headers, body.to_string().into())
        .await;
    answer.expect("an answer")
}

async fn add(fleet: &Fleet, key: &str, body: &Value) -> Response {
    keyed(
        &fleet.client(),
        Method::POST,
        "/indexes/stories/documents",
        key,
        body,
    )
    .await
}

#[tokio::test]
async fn a_keyed_write_makes_one_task_however_often_it_is_sent() {
    let mut fleet = start(Cluster::builder().nodes(2).rf(2).shards(8)).await;
    let client = fleet.client();
    fill(&client, 20).await;
    let body = json!([{ "id": 100, "colour": "violet" }]);
    let answers = join_all((0..20).map(|_| add(&fleet, "a", &body))).await;
    let uids: BTreeSet<_> = answers.iter().map(Response::task_uid).collect();
    assert_eq!(uids.len(), 1, "{uids:?}");
    assert!(answers.iter().all(|answer| answer.status == 202));
    let replays = answers
        .iter()
        .filter(|answer| answer.header("x-miroir-idempotent-replay").is_some());
    assert_eq!(replays.count(), 19);
    let bodies: BTreeSet<String> = answers.iter().map(Response::text).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let task = succeed(&client, Ok(answers[0].clone())).await;

    let other = add(&fleet, "a", &json!([{ "id": 101 }])).await;
    assert_eq!(other.status, 409, "{}", other.text());
    assert_eq!(
        other.json().unwrap()["code"],
        "miroir_idempotency_key_reused"
    );
    let settings = json!({ "stopWords": ["the"] });
    let path = "/indexes/stories/settings";
    let first = keyed(&client, Method::PATCH, path, "b", &settings).await;
    let again = keyed(&client, Method::PATCH, path, "b", &settings).await;
    assert_eq!(first.task_uid(), again.task_uid());
    succeed(&client, Ok(first)).await;
    // What was refused leaves its key free, and reads do not look at it.
    let refused = keyed(&client, Method::PATCH, path, "c", &json!({ "nothing": 1 })).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let accepted = keyed(&client, Method::PATCH, path, "c", &settings).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text());
    let malformed = add(&fleet, "two words", &body).await;
    assert_eq!(malformed.json().unwrap()["code"], "miroir_invalid_header");
    let read = keyed(
        &client,
        Method::POST,
        "/indexes/stories/search",
        "a",
        &json!({ "limit": 1 }),
    )
    .await;
    assert_eq!(read.status, 200, "{}", read.text());

    // A crash after the task leaves the key with it.
    let last = json!([{ "id": 102, "colour": "violet" }]);
    let written = add(&fleet, "d", &last).await;
    fleet.kill_proxy().unwrap();
    fleet.restart_proxy().await.unwrap();
    let again = add(&fleet, "d", &last).await;
    assert_eq!(written.task_uid(), again.task_uid());
    succeed(&fleet.client(), Ok(again)).await;
    let shown = client
        .get(&format!("/tasks/{}", task["uid"]))
        .await
        .unwrap();
    assert_eq!(shown.json().unwrap()["status"], "succeeded");
}

#[tokio::test]
async fn identical_searches_at_the_same_time_share_one_scatter() {
    let fleet = start(Cluster::builder().nodes(2).shards(8).tapped()).await;
    let client = fleet.client();
    fill(&client, 60).await;
    let question = json!({ "q": unique_word(3), "facets": ["colour"] });
    search(&client, &question).await;
    drop(fleet.searches().take());
    let answers = join_all((0..200).map(|_| search(&client, &question))).await;
    let asked = fleet.searches().take().len();
    assert!(
        asked <= 60,
        "{asked} searches of nodes for 200 identical ones"
    );
    let pages: BTreeSet<String> = answers
        .iter()
        .map(|answer| page(answer).to_string())
        .collect();
    assert_eq!(pages.len(), 1);

    // Whoever has seen a write succeed finds it, whatever others are waiting for.
    for round in 0..20 {
        let id = 1000 + round;
        let word = unique_word(id);
        let question = json!({ "q": word });
        let others: Vec<_> = (0..8)
            .map(|_| {
                let (client, question) = (client.clone(), question.clone());
                tokio::spawn(async move {
                    for _ in 0..5 {
                        search(&client, &question).await;
                    }
                })
            })
            .collect();
        let body = json!([{ "id": id, "title": word }]);
        succeed(
            &client,
            client.post("/indexes/stories/documents", &body).await,
        )
        .await;
        let found = page(&search(&client, &question).await);
        assert_eq!(
            found["hits"].as_array().map(Vec::len),
            Some(1),
            "round {round}"
        );
        for other in others {
            other.await.unwrap();
        }
    }
}
