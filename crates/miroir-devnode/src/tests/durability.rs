//! What is left after a stop, a crash, and a torn write.

use std::io::Write;

use serde_json::json;

use super::Node;
use crate::queue::state::Change;
use crate::queue::task::Task;
use miroir_core::wire::task::TaskStatus;

#[tokio::test]
async fn a_restart_keeps_everything() {
    let node = Node::start();
    node.add("a", json!([{"id": 1, "title": "hello"}])).await;
    node.configure("a", json!({"stopWords": ["the"]})).await;
    let before = node.get("/tasks").await;
    let index = node.get("/indexes/a").await;
    let node = node.restart();
    assert_eq!(node.get("/tasks").await, before);
    assert_eq!(node.get("/indexes/a").await, index);
    assert_eq!(
        node.search("a", json!({"q": "hello"})).await["estimatedTotalHits"],
        1
    );
    let task = node.add("a", json!([{"id": 2}])).await;
    assert_eq!((&task["uid"], &task["batchUid"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn tasks_that_were_in_progress_run_again() {
    let node = Node::start();
    node.add("a", json!([{"id": 1}])).await;
    // What a crash in the middle of a batch leaves: the row says processing, the payload is there.
    let payload = node.app().queue.store_payload(b"{\"id\":2}\n").unwrap();
    let mut task = Task::clone(&node.app().queue.state().tasks[&0]);
    task.uid = 1;
    task.batch = Some(1);
    task.status = TaskStatus::Processing;
    task.finished_at = None;
    if let crate::queue::task::Content::DocumentWrite {
        payload: stored, ..
    } = &mut task.content
    {
        *stored = payload;
    }
    node.app()
        .queue
        .commit(vec![Change::PutTask(task.into())], true)
        .unwrap();
    let node = node.restart();
    node.settle();
    assert_eq!(node.get("/tasks/1").await.1["status"], "succeeded");
    assert_eq!(node.get("/indexes/a/documents/2").await.0, 200);
}

#[tokio::test]
async fn a_torn_line_is_cut_off() {
    let node = Node::start();
    node.add("a", json!([{"id": 1}])).await;
    let journal = node.directory.path().join("state.journal");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(journal)
        .unwrap();
    file.write_all(b"[{\"PutTask\":{\"uid\":9").unwrap();
    let node = node.restart();
    assert_eq!(node.get("/tasks").await.1["total"], 1);
    node.add("a", json!([{"id": 2}])).await;
    let node = node.restart();
    assert_eq!(node.get("/indexes/a/stats").await.1["numberOfDocuments"], 2);
}
