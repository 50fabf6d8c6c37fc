//! The edge: listeners, routes, authentication, bodies and replies. It knows HTTP and no shards.

pub(crate) mod admission;
pub(crate) mod authentication;
pub(crate) mod body;
mod cors;
mod edge;
mod encoding;
pub(crate) mod lane;
pub(crate) mod over_fetch;
mod path;
pub(crate) mod reply;
mod router;
mod serve;
mod tenant_token;
mod threads;
mod tls;
mod unread;
mod verbs;

pub(crate) use edge::Edge;
pub(crate) use router::{client_routes, metrics_router};
pub(crate) use serve::{Listener, serve};
pub(crate) use threads::ConnectionThreads;
pub(crate) use tls::Secure;
