//! `GET /_miroir/workers`: how the background loops of this process are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::cluster::worker::Status;
use crate::http::reply::Reply;

#[derive(Serialize)]
struct View {
    workers: BTreeMap<&'static str, Status>,
}

pub(crate) async fn workers(State(app): State<Arc<App>>) -> Reply {
    Reply::ok(&View {
        workers: app.workers.statuses(),
    })
}
