//! The edge: listeners, routes, authentication, bodies and replies. It knows HTTP and no shards.

pub(crate) mod admission;
pub(crate) mod authentication;
pub(crate) mod body;
mod cors;
mod encoding;
pub(crate) mod over_fetch;
mod path;
pub(crate) mod reply;
mod router;
mod serve;
mod tenant_token;
mod tls;
mod unread;
mod verbs;

pub(crate) use router::{client_router, metrics_router};
pub(crate) use serve::{Listener, serve};
pub(crate) use tls::Secure;
