//! Writing and reading documents.

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::{Node, code, ids, request};

#[tokio::test]
async fn numbers_take_the_form_a_server_gives_them_and_members_keep_their_order() {
    let node = Node::start();
    let body = r#"[{"z":1.50,"id":7,"big":12345678901234567890123,"e":1e5,"nested":{"b":[1.0, 2],"a":"\u00e9"}}]"#;
    node.succeeds(
        node.raw(
            Method::POST,
            "/indexes/a/documents",
            "application/json",
            body,
        )
        .await,
    )
    .await;
    let service = crate::http::service(std::sync::Arc::clone(node.app()));
    let answer = tower::ServiceExt::oneshot(
        service,
        request(Method::GET, "/indexes/a/documents/7", None, Body::empty()),
    )
    .await
    .unwrap();
    let bytes = http_body_util::BodyExt::collect(answer.into_body())
        .await
        .unwrap()
        .to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    for part in [
        r#""z":1.5,"#,
        r#""big":1.2345678901234568e+22"#,
        r#""e":100000.0"#,
        r#""nested":{"b":[1.0,2],"a":"é"}"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn every_format() {
    let node = Node::start();
    let path = "/indexes/a/documents";
    let ndjson = "{\"id\":1}\n{\"id\":2} {\"id\":3}";
    let task = node
        .succeeds(
            node.raw(Method::POST, path, "application/x-ndjson", ndjson)
                .await,
        )
        .await;
    assert_eq!(
        task["details"],
        json!({"receivedDocuments": 3, "indexedDocuments": 3})
    );
    let csv = "id:number,name,ok:boolean\n4,x,true\n5,,\n";
    let task = node
        .raw(Method::POST, path, "text/csv; charset=utf-8", csv)
        .await;
    node.succeeds(task).await;
    let (_, five) = node.get("/indexes/a/documents/5").await;
    assert_eq!(five, json!({"id": 5, "name": null, "ok": null}));
    node.succeeds(node.post(path, json!({"id": 6})).await).await;
    node.succeeds(node.post(path, json!([])).await).await;
    let (_, list) = node.get("/indexes/a/documents?limit=2&offset=3").await;
    assert_eq!(list["total"], 6);
    assert_eq!(ids(&list), [4, 5]);
}

#[tokio::test]
async fn refusals_come_with_the_servers_codes() {
    let node = Node::start();
    let path = "/indexes/a/documents";
    let post = |kind: &'static str, body: &'static str| node.raw(Method::POST, path, kind, body);
    let cases = [
        (post("text/plain", "x").await, 415, "invalid_content_type"),
        (post("application/json", "").await, 400, "missing_payload"),
        (
            post("application/json", "[{]").await,
            400,
            "malformed_payload",
        ),
        (
            post("application/json", "[1,2]").await,
            400,
            "malformed_payload",
        ),
        (
            post("text/csv", "id\n1,2\n").await,
            400,
            "malformed_payload",
        ),
        (
            node.get("/indexes/a/documents").await,
            404,
            "index_not_found",
        ),
        (
            node.get("/indexes/a%20b/documents").await,
            400,
            "invalid_index_uid",
        ),
    ];
    for (answer, status, name) in cases {
        assert_eq!(code(&answer), (status, name.to_owned()), "{}", answer.1);
    }
    let (status, body) = node
        .send(request(Method::POST, path, None, Body::from("[]")))
        .await;
    assert_eq!(
        (status.as_u16(), &body["code"]),
        (415, &json!("missing_content_type"))
    );
}

#[tokio::test]
async fn bad_ids_fail_the_task_and_leave_the_index() {
    let node = Node::start();
    let task = node
        .task(
            node.post("/indexes/a/documents", json!([{"id": 1}, {"id": "a b"}]))
                .await,
        )
        .await;
    assert_eq!(task["status"], "failed");
    assert_eq!(task["error"]["code"], "invalid_document_id");
    assert_eq!(
        task["details"],
        json!({"receivedDocuments": 2, "indexedDocuments": 0})
    );
    let (status, index) = node.get("/indexes/a").await;
    assert_eq!((status.as_u16(), &index["primaryKey"]), (200, &json!(null)));
    let task = node
        .task(
            node.post("/indexes/a/documents", json!([{"name": "x"}]))
                .await,
        )
        .await;
    assert_eq!(
        task["error"]["code"],
        "index_primary_key_no_candidate_found"
    );
    let task = node
        .task(
            node.post("/indexes/a/documents?primaryKey=key", json!([{"key": "k"}]))
                .await,
        )
        .await;
    assert_eq!(task["status"], "succeeded");
    let task = node
        .task(
            node.post(
                "/indexes/a/documents?primaryKey=other",
                json!([{"other": 1}]),
            )
            .await,
        )
        .await;
    assert_eq!(
        task["error"]["message"],
        "Index already has a primary key: `key`."
    );
}

#[tokio::test]
async fn replace_update_and_skip() {
    let node = Node::start();
    node.add("a", json!([{"id": 1, "x": 1, "y": 1}])).await;
    let path = "/indexes/a/documents";
    node.succeeds(
        node.json(Method::PUT, path, json!([{"id": 1, "x": 2}]))
            .await,
    )
    .await;
    assert_eq!(
        node.get("/indexes/a/documents/1").await.1,
        json!({"id": 1, "x": 2, "y": 1})
    );
    let skipping = "/indexes/a/documents?skipCreation=true";
    let task = node
        .post(skipping, json!([{"id": 1, "x": 3}, {"id": 2}]))
        .await;
    let task = node.succeeds(task).await;
    assert_eq!(task["details"]["indexedDocuments"], 2);
    assert_eq!(
        node.get("/indexes/a/documents/1").await.1,
        json!({"id": 1, "x": 3})
    );
    assert_eq!(node.get("/indexes/a/documents/2").await.0, 404);
}

#[tokio::test]
async fn every_way_to_delete() {
    let node = Node::start();
    let documents: Vec<_> = (0..10).map(|id| json!({"id": id, "n": id})).collect();
    node.add("a", json!(documents)).await;
    node.configure("a", json!({"filterableAttributes": ["n"]}))
        .await;
    let task = node
        .succeeds(node.delete("/indexes/a/documents/0").await)
        .await;
    let counts = json!({"providedIds": 1, "deletedDocuments": 1, "originalFilter": null});
    assert_eq!(task["details"], counts);
    let batch = node
        .post("/indexes/a/documents/delete-batch", json!([1, "2", "x"]))
        .await;
    let task = node.succeeds(batch).await;
    assert_eq!(task["details"]["providedIds"], 3);
    assert_eq!(task["details"]["deletedDocuments"], 2);
    let filter = json!({"filter": "n = 3"});
    let task = node
        .succeeds(node.post("/indexes/a/documents/delete", filter).await)
        .await;
    assert_eq!(task["details"]["originalFilter"], "\"n = 3\"");
    assert_eq!(task["details"]["deletedDocuments"], 1);
    let wrong = node
        .post("/indexes/a/documents/delete", json!({"filter": "zz = 3"}))
        .await;
    let task = node.task(wrong).await;
    assert_eq!(task["error"]["code"], "invalid_document_filter");
    let syntax = node
        .post("/indexes/a/documents/delete", json!({"filter": "= ="}))
        .await;
    assert_eq!(code(&syntax), (400, "invalid_document_filter".to_owned()));
    let empty = node
        .post("/indexes/a/documents/delete", json!({"filter": []}))
        .await;
    assert_eq!(empty.1["message"], "Sending an empty filter is forbidden.");
    let task = node
        .succeeds(node.delete("/indexes/a/documents").await)
        .await;
    assert_eq!(task["details"], json!({"deletedDocuments": 6}));
    let task = node
        .task(node.delete("/indexes/none/documents").await)
        .await;
    assert_eq!(task["error"]["message"], "Index `none` not found.");
}

#[tokio::test]
async fn fetch_by_ids_filter_fields_and_sort() {
    let node = Node::start();
    let documents = json!([
        {"id": 1, "v": "b", "w": 1}, {"id": 2, "v": 3}, {"id": 3, "v": "A"}, {"id": 4},
        {"id": 5, "v": null}, {"id": 6, "v": [9, "z"]},
    ]);
    node.add("a", documents).await;
    let settings = json!({"filterableAttributes": ["w"], "sortableAttributes": ["v"]});
    node.configure("a", settings).await;
    let fetch = |body| node.post("/indexes/a/documents/fetch", body);
    assert_eq!(
        ids(&fetch(json!({"sort": ["v:asc"]})).await.1),
        [2, 6, 3, 1, 4]
    );
    assert_eq!(
        ids(&fetch(json!({"sort": ["v:desc"]})).await.1),
        [6, 2, 1, 3, 4]
    );
    let (_, answer) = fetch(json!({"ids": [3, "1", 99], "fields": ["id"]})).await;
    assert_eq!(answer["results"], json!([{"id": 1}, {"id": 3}]));
    let (_, answer) = fetch(json!({"filter": "w = 1"})).await;
    assert_eq!(
        (ids(&answer), &answer["total"]),
        (vec![json!(1)], &json!(1))
    );
    let wrong = fetch(json!({"ids": [1.5]})).await;
    assert_eq!(code(&wrong), (400, "invalid_document_ids".to_owned()));
    let wrong = fetch(json!({"sort": ["w:asc"]})).await;
    assert_eq!(code(&wrong), (400, "invalid_document_sort".to_owned()));
}
