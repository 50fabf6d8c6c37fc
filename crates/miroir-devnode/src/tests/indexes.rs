//! Indexes: create, list, change, delete, swap.

use http::Method;
use serde_json::json;

use super::{Node, code};

#[tokio::test]
async fn life_of_an_index() {
    let node = Node::start();
    let task = node
        .succeeds(node.post("/indexes", json!({"uid": "b"})).await)
        .await;
    assert_eq!(task["details"], json!({"primaryKey": null}));
    let task = node
        .task(node.post("/indexes", json!({"uid": "b"})).await)
        .await;
    assert_eq!(task["error"]["message"], "Index `b` already exists.");
    let key = json!({"primaryKey": "id"});
    node.succeeds(node.json(Method::PATCH, "/indexes/b", key).await)
        .await;
    node.add("b", json!([{"id": 1}])).await;
    let task = node
        .json(Method::PATCH, "/indexes/b", json!({"primaryKey": "x"}))
        .await;
    let task = node.task(task).await;
    assert_eq!(
        task["error"]["message"],
        "Index `b`: Index already has a primary key: `id`."
    );
    node.succeeds(node.post("/indexes", json!({"uid": "a"})).await)
        .await;
    let (_, list) = node.get("/indexes").await;
    assert_eq!(
        (&list["results"][0]["uid"], &list["total"]),
        (&json!("a"), &json!(2))
    );
    let renamed = node
        .json(Method::PATCH, "/indexes/b", json!({"uid": "c"}))
        .await;
    let task = node.succeeds(renamed).await;
    assert_eq!(
        task["details"],
        json!({"primaryKey": null, "oldIndexUid": "b", "newIndexUid": "c"})
    );
    assert_eq!(node.get("/tasks/0").await.1["indexUid"], "c");
    let onto = node
        .json(Method::PATCH, "/indexes/c", json!({"uid": "a"}))
        .await;
    assert_eq!(
        node.task(onto).await["error"]["code"],
        "index_already_exists"
    );
    let task = node.succeeds(node.delete("/indexes/c").await).await;
    assert_eq!(task["details"], json!({"deletedDocuments": 1}));
    assert_eq!(
        code(&node.get("/indexes/c").await),
        (404, "index_not_found".to_owned())
    );
    // The folder goes away after the task has finished.
    let folder = node.directory.path().join("indexes");
    let begin = std::time::Instant::now();
    while std::fs::read_dir(&folder).unwrap().count() > 1 {
        assert!(begin.elapsed().as_secs() < 10, "the folder stays behind");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[tokio::test]
async fn swaps() {
    let node = Node::start();
    node.add("a", json!([{"id": 1}])).await;
    node.add("b", json!([{"id": 2}])).await;
    node.succeeds(
        node.post("/swap-indexes", json!([{"indexes": ["a", "b"]}]))
            .await,
    )
    .await;
    assert_eq!(node.get("/indexes/a/documents/2").await.0, 200);
    assert_eq!(node.get("/tasks/0").await.1["indexUid"], "b");
    let missing = node
        .post("/swap-indexes", json!([{"indexes": ["a", "z"]}]))
        .await;
    assert_eq!(
        node.task(missing).await["error"]["message"],
        "Index `z` not found."
    );
    let one = node
        .post("/swap-indexes", json!([{"indexes": ["m"]}]))
        .await;
    assert_eq!(code(&one), (400, "invalid_swap_indexes".to_owned()));
    let twice = node
        .post("/swap-indexes", json!([{"indexes": ["m", "m"]}]))
        .await;
    assert_eq!(
        code(&twice),
        (400, "invalid_swap_duplicate_index_found".to_owned())
    );
    let rename = json!([{"indexes": ["a", "c"], "rename": true}]);
    node.succeeds(node.post("/swap-indexes", rename).await)
        .await;
    assert_eq!(node.get("/indexes/a").await.0, 404);
    assert_eq!(node.get("/indexes/c/documents/2").await.0, 200);
}
