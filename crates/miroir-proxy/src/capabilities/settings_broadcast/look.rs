//! Asking a node for the settings that it has, and telling it those that it should have.

use std::sync::Arc;

use miroir_core::id::{IndexUid, NodeId, NodeUid};
use miroir_core::settings::UserSettings;
use thiserror::Error;
use uuid::Uuid;

use crate::app::App;
use crate::cluster::lanes::{Leg, LegEnd};
use crate::cluster::repair::{Copy, NodeTrouble, missing};
use crate::cluster::sequencer::Head;
use crate::request::indexes::overlay_request;
use crate::request::settings::twin_request;

/// Why nothing can be said of a node's settings, or nothing be done about them.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Node(#[from] NodeTrouble),
    #[error("no node tells what a fresh index has")]
    NoDefaults,
    #[error("the index has gone")]
    IndexGone,
    #[error("the settings are about to change again")]
    Overtaken,
    #[error("the node did not take the settings")]
    NotTaken,
    #[error("the node cannot apply the settings")]
    NotApplied,
}

/// What a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// The settings that it should have.
    InLine,
    Different,
    /// Not even the index.
    NoIndex,
}

/// One index on one node.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) uid: &'a IndexUid,
    pub(super) index: &'a NodeUid,
    pub(super) node: &'a NodeId,
}

impl Place<'_> {
    fn copy(&self) -> Copy<'_> {
        Copy {
            app: self.app,
            node: self.node,
            index: self.index,
        }
    }

    /// The index as it will be when everything that is sequenced has been applied. Waits for no turn: whoever changes the name of
    /// an index holds its turn until the changes of its settings have been verified.
    pub(super) fn head(&self) -> Result<Head, Trouble> {
        let app = self.app;
        app.open_tasks
            .head(self.index, &app.catalog)
            .ok_or(Trouble::IndexGone)
    }

    /// Compares what the node shows with what it should have after everything that is sequenced. What differs is looked at again
    /// when the node has applied everything that it has been sent.
    pub(super) async fn look(&self) -> Result<Sight, Trouble> {
        let sight = self.compare(&self.head()?).await?;
        if sight == Sight::InLine {
            return Ok(sight);
        }
        let head = self.head()?;
        self.app.lanes.barrier(self.node, self.index).await;
        self.copy().caught_up().await?;
        let sight = self.compare(&head).await?;
        if sight != Sight::InLine && self.head()? != head {
            return Err(Trouble::Overtaken);
        }
        Ok(sight)
    }

    async fn compare(&self, head: &Head) -> Result<Sight, Trouble> {
        let defaults = self
            .app
            .node_defaults()
            .await
            .map_err(|_| Trouble::NoDefaults)?;
        let missing = missing(&self.copy(), head, &defaults).await?;
        Ok(match (missing.index, missing.is_nothing()) {
            (true, _) => Sight::NoIndex,
            (false, true) => Sight::InLine,
            (false, false) => Sight::Different,
        })
    }

    /// Tells the node the settings once more, in sequence, and waits until it has applied them. Not if others are on their way.
    pub(super) async fn send(&self, settings: &UserSettings) -> Result<(), Trouble> {
        let defaults = self
            .app
            .node_defaults()
            .await
            .map_err(|_| Trouble::NoDefaults)?;
        let turn = self.app.sequencers.turn(self.uid, &self.app.catalog).await;
        let head = turn
            .as_ref()
            .filter(|head| head.node_uid == *self.index)
            .ok_or(Trouble::IndexGone)?;
        if head.settings != *settings {
            return Err(Trouble::Overtaken);
        }
        let whole = Head {
            settings: head.settings.complete(),
            ..head.clone()
        };
        let leg = Leg {
            requests: vec![twin_request(&whole), overlay_request(&whole, &defaults)],
            tag: self
                .app
                .own_tag(&format!("settings-{}", Uuid::new_v4().simple())),
            task: None,
            resumed: false,
        };
        let end = self.app.lanes.push(self.node, self.index, leg);
        drop(turn);
        let Ok(LegEnd::Enqueued(tasks)) = end.await else {
            return Err(Trouble::NotTaken);
        };
        match self.copy().ended(&tasks).await? {
            true => Ok(()),
            false => Err(Trouble::NotApplied),
        }
    }
}
