//! Before documents: the index, its twin, its primary key and its settings, as they are at this point of the index's sequence.

use miroir_core::settings::{self, Facts, UserSettings, overlay};
use serde_json::{Value, json};

use super::nodes::{Copy, NodeTrouble};
use super::{Repairing, Stopped};
use crate::cluster::defaults::NodeDefaults;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::Head;
use crate::request::indexes::{creation_requests, overlay_request, primary_key_requests};
use crate::request::settings::twin_request;

/// Brings the index on the destination in line, and returns the index at a position that both nodes have applied since. What is in line
/// already is left alone.
pub(super) async fn prepare(repairing: &Repairing<'_>) -> Result<Head, Stopped> {
    let defaults = repairing
        .app
        .node_defaults()
        .await
        .map_err(|_| Stopped::NoDefaults)?;
    let destination = repairing.destination();
    let head = repairing.fence().await?;
    let missing = missing(&destination, &head, &defaults).await?;
    if missing.is_nothing() {
        return Ok(head);
    }
    tracing::info!(node_id = %destination.node, index = %destination.index, "a node gets an index or settings that it missed");
    let turn = repairing.turn().await?;
    if missing.index {
        // Lexicon documents went with the index; in the turn, so that they are sent again behind its creation.
        let app = repairing.app;
        app.dictionary.distrust(&app.store, destination.node).await;
    }
    // What another operation has changed in between was sent in the same order.
    let requests = missing.requests(repairing.head(&turn)?, &defaults);
    let end = repairing.push(requests);
    drop(turn);
    let tasks = repairing.taken(end).await?;
    if destination.ended(&tasks).await? {
        repairing.fence().await
    } else {
        Err(Stopped::SettingsFailed)
    }
}

/// What a node lacks of an index.
pub(crate) struct Missing {
    pub(crate) index: bool,
    primary_key: bool,
    settings: bool,
}

impl Missing {
    pub(crate) fn is_nothing(&self) -> bool {
        !self.index && !self.primary_key && !self.settings
    }

    fn requests(&self, head: &Head, defaults: &NodeDefaults) -> Vec<LegRequest> {
        let mut requests = Vec::new();
        if self.index {
            requests.extend(creation_requests(head, defaults));
        }
        if let Some(key) = head.primary_key.as_deref().filter(|_| self.primary_key) {
            requests.extend(primary_key_requests(head, key, defaults));
        }
        let head = Head {
            settings: head.settings.complete(),
            ..head.clone()
        };
        requests.push(twin_request(&head));
        requests.push(overlay_request(&head, defaults));
        requests
    }
}

pub(crate) async fn missing(
    copy: &Copy<'_>,
    head: &Head,
    defaults: &NodeDefaults,
) -> Result<Missing, NodeTrouble> {
    let index = copy.part(&format!("/indexes/{}", head.node_uid)).await?;
    let twin = head.node_uid.twin();
    let twin_settings = copy.part(&format!("/indexes/{twin}/settings")).await?;
    let settings = copy
        .part(&format!("/indexes/{}/settings", head.node_uid))
        .await?;
    let key = index
        .as_ref()
        .and_then(|index| index["primaryKey"].as_str().map(str::to_owned));
    let expected = head.settings.complete();
    let facts = Facts {
        default_ranking_rules: &defaults.ranking_rules,
        primary_key: head.primary_key.as_deref(),
        shards: head.shards,
        total_order: true,
    };
    Ok(Missing {
        index: index.is_none() || twin_settings.is_none(),
        primary_key: key != head.primary_key,
        settings: !is_in_line(&overlay(&expected, &facts), settings.as_ref())
            || !is_in_line(&user_settings(&expected), twin_settings.as_ref()),
    })
}

fn user_settings(settings: &UserSettings) -> Value {
    json!(settings.as_object())
}

fn is_in_line(expected: &Value, observed: Option<&Value>) -> bool {
    observed.is_some_and(|observed| settings::is_in_line(expected, observed))
}
