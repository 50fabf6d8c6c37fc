//! Tasks: lists, filters, cancelation, deletion, batches.

use serde_json::json;

use super::{Node, code};

#[tokio::test]
async fn lists_and_filters() {
    let node = Node::start();
    for id in 0..5 {
        let path = format!("/indexes/a/documents?customMetadata=m{id}");
        node.succeeds(node.post(&path, json!([{"id": id}])).await)
            .await;
    }
    node.task(node.delete("/indexes/none").await).await;
    let uids = async |query: &str| {
        let (_, page) = node.get(&format!("/tasks?{query}")).await;
        let results = page["results"].as_array().unwrap();
        let uids: Vec<u64> = results
            .iter()
            .map(|task| task["uid"].as_u64().unwrap())
            .collect();
        (uids, page["total"].as_u64().unwrap(), page["next"].as_u64())
    };
    assert_eq!(uids("").await, (vec![5, 4, 3, 2, 1, 0], 6, None));
    assert_eq!(uids("limit=2&from=4").await, (vec![4, 3], 6, Some(2)));
    assert_eq!(uids("limit=0").await, (vec![], 6, Some(5)));
    assert_eq!(uids("reverse=true&from=3").await, (vec![3, 4, 5], 6, None));
    assert_eq!(uids("statuses=failed").await, (vec![5], 1, None));
    assert_eq!(
        uids("types=DOCUMENTADDITIONORUPDATE&uids=1,2,5").await,
        (vec![2, 1], 2, None)
    );
    assert_eq!(uids("indexUids=none").await, (vec![5], 1, None));
    assert_eq!(uids("afterEnqueuedAt=2999-01-01").await, (vec![], 0, None));
    assert_eq!(node.get("/tasks/3").await.1["customMetadata"], "m3");
    assert_eq!(
        code(&node.get("/tasks/x").await),
        (400, "invalid_task_uids".to_owned())
    );
    assert_eq!(
        code(&node.get("/tasks/99").await),
        (404, "task_not_found".to_owned())
    );
    assert_eq!(
        code(&node.get("/tasks?nope=1").await),
        (400, "bad_request".to_owned())
    );
    let (_, batches) = node.get("/batches?limit=1").await;
    assert_eq!(
        (&batches["total"], &batches["next"]),
        (&json!(6), &json!(4))
    );
    assert_eq!(node.get("/batches/0").await.1["stats"]["totalNbTasks"], 1);
}

#[tokio::test]
async fn cancelation_and_deletion() {
    let node = Node::start();
    node.add("a", json!([{"id": 1}])).await;
    let (status, body) = node.post("/tasks/cancel?uids=0,7", json!(null)).await;
    assert_eq!(status, 200);
    let task = node.task((status, body)).await;
    assert_eq!(
        task["details"],
        json!({"matchedTasks": 1, "canceledTasks": 0, "originalFilter": "?uids=0,7"})
    );
    let (status, body) = node.delete("/tasks?statuses=succeeded").await;
    assert_eq!(status, 200);
    let task = node.task((status, body)).await;
    assert_eq!(task["details"]["deletedTasks"], 2);
    assert_eq!(node.get("/tasks/0").await.0, 404);
    let none = node.delete("/tasks").await;
    assert_eq!(code(&none), (400, "missing_task_filters".to_owned()));
    let node = node.restart();
    let task = node.add("a", json!([{"id": 2}])).await;
    assert_eq!(task["uid"], 3);
}

#[tokio::test]
async fn a_task_that_waits_can_be_canceled() {
    let node = Node::start();
    let documents: Vec<_> = (0..20_000)
        .map(|id| json!({"id": id, "t": format!("word{id} other")}))
        .collect();
    let first = node.post("/indexes/a/documents", json!(documents)).await;
    let second = node.post("/indexes/b/documents", json!([{"id": 1}])).await;
    let cancelation = node.post("/tasks/cancel?uids=0,1", json!(null)).await;
    let cancelation = node.task(cancelation).await;
    assert_eq!(cancelation["details"]["matchedTasks"], 2);
    let (_, second) = node.get(&format!("/tasks/{}", second.1["taskUid"])).await;
    assert_eq!(second["status"], "canceled");
    assert_eq!(
        (&second["canceledBy"], &second["batchUid"]),
        (&json!(2), &cancelation["batchUid"])
    );
    assert_eq!(second["details"]["indexedDocuments"], 0);
    let (_, first) = node.get(&format!("/tasks/{}", first.1["taskUid"])).await;
    assert!(["canceled", "succeeded"].contains(&first["status"].as_str().unwrap()));
}
