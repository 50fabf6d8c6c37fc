//! Telling receivers of finished tasks: one delivery per webhook at a time, so that a slow receiver holds nobody else up.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use miroir_core::id::TaskUid;
use miroir_core::wire::webhook::Webhook;
use miroir_store::table::TaskEnd;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::reach;
use crate::app::App;
use crate::cluster::worker::{Pace, Pass, Trouble, Worker};
use crate::http::reply::chain;
use crate::tasks;

/// Tasks in one call.
const MOST_TASKS: usize = 1_000;
/// What a server gives a receiver.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A task that ended without the bell is told of no later than this.
const CADENCE: Duration = Duration::from_secs(5);

/// The worker: sees to it that every webhook with something to be told of has a delivery under way.
pub(super) struct Deliveries {
    app: Arc<App>,
    under_way: UnderWay,
}

/// Webhooks that are being told, and whether there was more to tell in the meantime.
type UnderWay = Arc<Mutex<BTreeMap<Uuid, bool>>>;

impl Deliveries {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            under_way: Arc::default(),
        }
    }
}

impl Worker for Deliveries {
    const NAME: &'static str = "webhooks";

    fn cadence(&self) -> Duration {
        CADENCE
    }

    fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.app.webhooks.bell)
    }

    async fn pass(&mut self, _pace: &Pace) -> Result<Pass, Trouble> {
        for uuid in self.app.webhooks.all().keys() {
            let mut under_way = self.under_way.lock();
            if let Some(is_more) = under_way.get_mut(uuid) {
                *is_more = true;
                continue;
            }
            under_way.insert(*uuid, false);
            let place = Place {
                under_way: Arc::clone(&self.under_way),
                uuid: *uuid,
                bell: self.poke(),
            };
            self.app.spawn_worker(tell(Arc::clone(&self.app), place));
        }
        Ok(Pass::Idle)
    }
}

/// A delivery under way; dropped when it ends, however it does.
struct Place {
    under_way: UnderWay,
    uuid: Uuid,
    bell: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.under_way.lock().remove(&self.uuid) == Some(true) {
            self.bell.notify_one();
        }
    }
}

async fn tell(app: Arc<App>, place: Place) {
    if let Err(error) = deliver(&app, place.uuid).await {
        tracing::warn!(uuid = %place.uuid, error = %chain(&*error), "a webhook could not be told yet");
    }
}

/// Tells a webhook of everything that it has not been told of.
async fn deliver(app: &Arc<App>, uuid: Uuid) -> Result<(), Trouble> {
    loop {
        let untold = app.store.read(move |tx| {
            let rows = tx.webhooks().list()?;
            match rows.iter().find(|row| row.uuid == uuid) {
                Some(row) => tx.webhooks().ends_after(row.told_up_to, MOST_TASKS),
                None => Ok(Vec::new()),
            }
        });
        let ends = untold.await?;
        let Some(last) = ends.last().map(|end| end.number) else {
            return Ok(());
        };
        // A row ends a moment before readers see it; whoever is told may ask at once.
        let uids: Vec<TaskUid> = ends.iter().map(|end| end.task.uid).collect();
        app.open_tasks.until_none(&uids, |_| true).await;
        let Some(webhook) = app.webhooks.all().get(&uuid).cloned() else {
            return Ok(());
        };
        let body = compressed(app, &ends)?;
        call(app, uuid, &webhook, body).await;
        app.store
            .write(move |tx| tx.webhooks().told(uuid, last))
            .await?;
    }
}

/// One task per line, in the form of `GET /tasks/{uid}`.
fn compressed(app: &App, ends: &[TaskEnd]) -> Result<Bytes, Trouble> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for end in ends {
        serde_json::to_writer(&mut encoder, &tasks::view(app, &end.task)?)?;
        encoder.write_all(b"\n")?;
    }
    Ok(encoder.finish()?.into())
}

/// One call, as on a server: whoever does not take it has missed it, and the log says so.
async fn call(app: &App, uuid: Uuid, webhook: &Webhook, body: Bytes) {
    let request = match request(webhook, body) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(%uuid, %error, "a webhook cannot be called");
            return;
        }
    };
    let external = app.outside.external(reach(app, uuid)).await;
    match external.send(request, Instant::now() + CALL_TIMEOUT).await {
        Ok((status, _)) if status.is_success() => {}
        Ok((status, _)) => {
            tracing::error!(%uuid, %status, "a webhook did not take what it was told")
        }
        Err(error) => {
            tracing::error!(%uuid, error = %chain(&error), "a webhook could not be reached")
        }
    }
}

fn request(webhook: &Webhook, body: Bytes) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&webhook.url)
        .header(CONTENT_ENCODING, "gzip")
        .header(CONTENT_TYPE, "application/x-ndjson");
    for (name, value) in &webhook.headers {
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(true);
        request = request.header(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    request.body(Full::new(body))
}
