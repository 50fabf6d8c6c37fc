//! How Miroir speaks to a node: the only HTTP client of the workspace.
//!
//! One [`NodeClient`] per node holds keep-alive HTTP/1.1 connections. A call has one deadline, is cancelled by dropping its
//! future, and ends in an [`Answer`] that keeps the body as bytes, or in a [`NodeError`] that says which node failed, at which
//! stage, and whether sending the request again is safe.

mod answer;
mod call;
mod client;
mod connection;
mod error;
mod external;
mod outgoing;
mod pool;
mod reach;
mod tls;

pub use answer::{Answer, EnqueuedTask, NodeTask};
pub use call::{Call, Content, ContentType};
pub use client::{NodeClient, Unusable};
pub use error::{NodeError, Retry, Stage};
pub use external::{External, ExternalError};
pub use pool::PoolLimits;
pub use reach::{Network, NotANetwork, Reach};
pub use tls::{Tls, TlsError, TlsFiles, read_certificates, read_key, roots_of};

#[cfg(test)]
mod tests;
