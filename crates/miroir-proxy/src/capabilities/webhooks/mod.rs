//! Webhooks: whoever is registered is told of every finished task, in the form and with the headers of a server, by Miroir itself.
//! Nodes know of none.
//!
//! The order in which tasks end is durable, and so is how far each receiver has been told: a restart loses nothing and repeats at
//! most the call that it cut off. As on a server, one call is made, and a receiver that does not take it is not asked again.

mod deliver;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use miroir_core::error::ApiError;
use miroir_core::wire::webhook::{Webhook, WebhookPatch};
use miroir_node::Reach;
use miroir_store::table::WebhookRow;
use miroir_store::{Store, StoreError};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use crate::app::App;
use crate::clock;
use crate::cluster::worker;
use crate::config::{Config, TaskWebhook};
use crate::http::reply::Failure;
use crate::seal::{Purpose, Seal};

/// Webhooks that clients may have made.
const MOST_WEBHOOKS: usize = 20;

/// The webhooks of this fleet.
pub(crate) struct Webhooks {
    seal: Seal,
    /// With the webhook of the process, whose uuid is nil.
    all: ArcSwap<BTreeMap<Uuid, Webhook>>,
    /// Changes are made one after the other.
    changing: Mutex<()>,
    /// Rings when a task has ended.
    pub(crate) bell: Arc<Notify>,
}

/// Starts the deliveries.
pub(crate) fn start(app: &Arc<App>) {
    app.spawn_worker(worker::drive(
        Arc::clone(app),
        deliver::Deliveries::new(Arc::clone(app)),
    ));
}

impl Webhooks {
    /// Reads what is stored. The webhook of the process is kept with the others, so that it misses nothing either.
    pub(crate) async fn open(config: &Config, store: &Store) -> Result<Self, StoreError> {
        let seal = Seal::of(store, Purpose::WebhookHeaders).await?;
        let webhooks = Self {
            seal,
            all: ArcSwap::default(),
            changing: Mutex::new(()),
            bell: Arc::default(),
        };
        let own = own(&config.task_webhook);
        let row = own.map(|webhook| webhooks.row(Uuid::nil(), &webhook));
        store
            .write(move |tx| {
                let is_known = tx.webhooks().list()?.iter().any(|row| row.uuid.is_nil());
                match row {
                    Some(row) if is_known => tx.webhooks().update(&row),
                    Some(row) => tx.webhooks().insert(&row),
                    None => tx.webhooks().delete(Uuid::nil()).map(drop),
                }
            })
            .await?;
        let rows = store.read(|tx| tx.webhooks().list()).await?;
        let all = rows.into_iter().map(|row| {
            let headers = open_headers(&webhooks.seal, &row);
            let headers = headers.unwrap_or_else(|| {
                tracing::warn!(uuid = %row.uuid, "a webhook's headers cannot be read; it is called without");
                BTreeMap::new()
            });
            (row.uuid, Webhook { url: row.url, headers })
        });
        let all = all.collect();
        webhooks.all.store(Arc::new(all));
        Ok(webhooks)
    }

    /// By uuid, the webhook of the process first.
    pub(crate) fn all(&self) -> Arc<BTreeMap<Uuid, Webhook>> {
        self.all.load_full()
    }

    fn row(&self, uuid: Uuid, webhook: &Webhook) -> WebhookRow {
        let headers = serde_json::to_vec(&webhook.headers).expect("texts serialise");
        WebhookRow {
            uuid,
            url: webhook.url.clone(),
            headers_sealed: self.seal.close(uuid, &headers),
            told_up_to: 0,
            created_at: clock::now_ms(),
        }
    }

    fn replace(&self, change: impl FnOnce(&mut BTreeMap<Uuid, Webhook>)) {
        let mut all = BTreeMap::clone(&self.all.load());
        change(&mut all);
        self.all.store(Arc::new(all));
    }
}

fn open_headers(seal: &Seal, row: &WebhookRow) -> Option<BTreeMap<String, String>> {
    let text = seal.open(row.uuid, &row.headers_sealed)?;
    serde_json::from_slice(&text).ok()
}

/// Where a webhook may lead: that of the process wherever its operator wants.
fn reach(app: &App, uuid: Uuid) -> Reach {
    match uuid.is_nil() {
        true => Reach::Everywhere,
        false => app.outside.to_clients(),
    }
}

/// `POST /webhooks`
pub(crate) async fn create(app: &App, wanted: WebhookPatch) -> Result<(Uuid, Webhook), Failure> {
    let webhooks = &app.webhooks;
    let uuid = Uuid::new_v4();
    let _turn = webhooks.changing.lock().await;
    let known = webhooks.all();
    // A server counts headers first, then webhooks, and looks at the URL last.
    rules::count_headers(uuid, &wanted)?;
    if known.keys().filter(|uuid| !uuid.is_nil()).count() >= MOST_WEBHOOKS {
        return Err(ApiError::too_many_webhooks().into());
    }
    let webhook = wanted.create(uuid)?;
    rules::check(uuid, &webhook)?;
    let row = webhooks.row(uuid, &webhook);
    app.store
        .write(move |tx| tx.webhooks().insert(&row))
        .await?;
    webhooks.replace(|all| drop(all.insert(uuid, webhook.clone())));
    Ok((uuid, webhook))
}

/// `PATCH /webhooks/{uuid}`
pub(crate) async fn update(app: &App, uuid: Uuid, patch: WebhookPatch) -> Result<Webhook, Failure> {
    if uuid.is_nil() {
        return Err(ApiError::immutable_webhook(uuid).into());
    }
    let webhooks = &app.webhooks;
    let _turn = webhooks.changing.lock().await;
    let known = webhooks.all().get(&uuid).cloned();
    let known = known.ok_or_else(|| ApiError::webhook_not_found(uuid))?;
    let webhook = patch.apply(uuid, known)?;
    rules::check(uuid, &webhook)?;
    let row = webhooks.row(uuid, &webhook);
    app.store
        .write(move |tx| tx.webhooks().update(&row))
        .await?;
    webhooks.replace(|all| drop(all.insert(uuid, webhook.clone())));
    Ok(webhook)
}

/// `DELETE /webhooks/{uuid}`
pub(crate) async fn delete(app: &App, uuid: Uuid) -> Result<(), Failure> {
    if uuid.is_nil() {
        return Err(ApiError::immutable_webhook(uuid).into());
    }
    let webhooks = &app.webhooks;
    let _turn = webhooks.changing.lock().await;
    if !app
        .store
        .write(move |tx| tx.webhooks().delete(uuid))
        .await?
    {
        return Err(ApiError::webhook_not_found(uuid).into());
    }
    webhooks.replace(|all| drop(all.remove(&uuid)));
    Ok(())
}

/// The webhook that the process was started with.
fn own(config: &TaskWebhook) -> Option<Webhook> {
    let url = config.url.as_ref()?.to_string();
    let authorization = config.authorization_header.as_ref();
    let header =
        |secret: &crate::config::Secret| ("Authorization".to_owned(), secret.expose().to_owned());
    Some(Webhook {
        url,
        headers: authorization.map(header).into_iter().collect(),
    })
}
