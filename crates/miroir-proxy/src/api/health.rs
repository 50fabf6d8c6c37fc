//! `GET /` and `GET /health`: the process is alive. They never wait for a node.

use crate::http::reply::Reply;

pub(crate) async fn root() -> Reply {
    Reply::ok(&serde_json::json!({"status": "Meilisearch is running"}))
}

pub(crate) async fn health() -> Reply {
    Reply::ok(&serde_json::json!({"status": "available"}))
}
