//! The edge: listeners, routes, authentication, bodies and replies. It knows HTTP and no shards.

pub(crate) mod authentication;
pub(crate) mod body;
pub(crate) mod over_fetch;
pub(crate) mod reply;
mod router;
mod serve;
mod tenant_token;

pub(crate) use router::{client_router, metrics_router};
pub(crate) use serve::{Listener, serve};
