//! Why a call to a node brought no answer.

use std::error::Error as StdError;
use std::fmt;

use miroir_core::id::NodeId;

/// How far the call had come. Everything before [`Stage::Wait`] is certain not to have reached the node's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for one of the node's connection slots.
    Queue,
    Connect,
    /// The request is on its way or the node is working on it: whether it took effect is unknown.
    Wait,
    /// The head of the answer has arrived, its body has not.
    Read,
}

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The node has not seen the request.
    Safe,
    /// The node may have acted on the request.
    IfIdempotent,
}

/// A call that brought no answer.
#[derive(Debug)]
pub struct NodeError {
    pub node: NodeId,
    pub stage: Stage,
    pub retry: Retry,
    pub timed_out: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl NodeError {
    pub(crate) fn timeout(node: &NodeId, stage: Stage) -> Self {
        Self {
            node: node.clone(),
            stage,
            retry: retry_at(stage),
            timed_out: true,
            source: None,
        }
    }

    pub(crate) fn failed(
        node: &NodeId,
        stage: Stage,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            node: node.clone(),
            stage,
            retry: retry_at(stage),
            timed_out: false,
            source: Some(source.into()),
        }
    }

    /// A word for what happened: `connect`, `timeout` or `reset`.
    pub fn kind(&self) -> &'static str {
        match self.stage {
            _ if self.timed_out => "timeout",
            Stage::Queue | Stage::Connect => "connect",
            Stage::Wait | Stage::Read => "reset",
        }
    }

    /// The node refused the connection or the connection broke: it is not merely slow.
    pub fn is_unreachable(&self) -> bool {
        !self.timed_out
    }
}

fn retry_at(stage: Stage) -> Retry {
    match stage {
        Stage::Queue | Stage::Connect => Retry::Safe,
        Stage::Wait | Stage::Read => Retry::IfIdempotent,
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Queue => "waiting for a free connection",
            Stage::Connect => "connecting",
            Stage::Wait => "waiting for the answer",
            Stage::Read => "reading the answer",
        };
        let how = if self.timed_out {
            "timed out"
        } else {
            "failed"
        };
        write!(f, "node `{}` {how} while {stage}", self.node)
    }
}

impl StdError for NodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
