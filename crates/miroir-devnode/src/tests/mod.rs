//! The node as its clients see it: requests against the router in process, on a folder of its own.

mod documents;
mod durability;
mod indexes;
mod node;
mod search;
mod settings;
mod tasks;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::http::{Method, StatusCode};
use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::app::{App, DEFAULT_PAYLOAD_LIMIT, Options};

/// A node on a folder that goes away with it.
struct Node {
    directory: TempDir,
    master_key: Option<String>,
    /// None only while it restarts.
    app: Option<Arc<App>>,
    worker: Option<JoinHandle<()>>,
}

impl Node {
    fn start() -> Self {
        Self::with_key(None)
    }

    fn with_key(master_key: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let master_key = master_key.map(str::to_owned);
        let (app, worker) = open(&directory, master_key.clone());
        Self {
            directory,
            master_key,
            app: Some(app),
            worker: Some(worker),
        }
    }

    fn app(&self) -> &Arc<App> {
        self.app.as_ref().unwrap()
    }

    fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.queue.end();
        }
        if let Some(worker) = self.worker.take() {
            worker.join().unwrap();
        }
    }

    /// Stops the node and starts it again on the same folder.
    fn restart(mut self) -> Self {
        self.stop();
        let (app, worker) = open(&self.directory, self.master_key.clone());
        self.app = Some(app);
        self.worker = Some(worker);
        self
    }

    /// One request; the body of the answer is null when it is empty.
    async fn send(&self, request: Request) -> (StatusCode, Value) {
        let service = crate::http::service(Arc::clone(self.app()));
        let response = service.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).unwrap(),
        };
        (status, body)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(request(Method::GET, path, None, Body::empty()))
            .await
    }

    async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.send(request(Method::DELETE, path, None, Body::empty()))
            .await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let body = Body::from(body.to_string());
        self.send(request(method, path, Some("application/json"), body))
            .await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.json(Method::POST, path, body).await
    }

    /// A body of any type.
    async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, Value) {
        self.send(request(method, path, Some(content_type), body.into()))
            .await
    }

    /// The finished task of an answer to a write.
    async fn task(&self, (status, summary): (StatusCode, Value)) -> Value {
        assert!(status.is_success(), "{status} {summary}");
        self.settle();
        self.get(&format!("/tasks/{}", summary["taskUid"])).await.1
    }

    /// As [`Node::task`], for a task that must succeed.
    async fn succeeds(&self, answer: (StatusCode, Value)) -> Value {
        let task = self.task(answer).await;
        assert_eq!(task["status"], "succeeded", "{task}");
        task
    }

    /// Waits until there is nothing left to do.
    fn settle(&self) {
        let start = Instant::now();
        while !self.app().queue.state().open.is_empty() {
            assert!(start.elapsed() < Duration::from_secs(30), "tasks hang");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    async fn add(&self, index: &str, documents: Value) -> Value {
        let path = format!("/indexes/{index}/documents");
        self.succeeds(self.post(&path, documents).await).await
    }

    async fn configure(&self, index: &str, settings: Value) -> Value {
        let path = format!("/indexes/{index}/settings");
        self.succeeds(self.json(Method::PATCH, &path, settings).await)
            .await
    }

    async fn search(&self, index: &str, query: Value) -> Value {
        let (status, answer) = self.post(&format!("/indexes/{index}/search"), query).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

fn open(directory: &TempDir, master_key: Option<String>) -> (Arc<App>, JoinHandle<()>) {
    App::open(Options {
        directory: directory.path(),
        master_key,
        payload_limit: DEFAULT_PAYLOAD_LIMIT,
        indexing_threads: 1,
        indexing_memory: None,
    })
    .unwrap()
}

fn request(method: Method, path: &str, content_type: Option<&str>, body: Body) -> Request {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request.body(body).unwrap()
}

/// The ids of the hits of an answer.
fn ids(answer: &Value) -> Vec<Value> {
    let hits = answer["hits"].as_array().or(answer["results"].as_array());
    hits.unwrap().iter().map(|hit| hit["id"].clone()).collect()
}

/// The code of an error answer, after a check that it is one.
fn code((status, body): &(StatusCode, Value)) -> (u16, String) {
    assert!(body["message"].is_string(), "{body}");
    let link = format!(
        "https://docs.meilisearch.com/errors#{}",
        body["code"].as_str().unwrap()
    );
    assert_eq!(body["link"], json!(link));
    (status.as_u16(), body["code"].as_str().unwrap().to_owned())
}
