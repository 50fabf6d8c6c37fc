//! A node that speaks Meilisearch's HTTP API on the real engine crate, `milli-core` 1.15.1.
//!
//! It is the embedded node of a Miroir that somebody tries out, and the node that Miroir's tests run against where no
//! `meilisearch` executable is at hand. It is a stand-in, not a product: ranking, typo tolerance, filters, facets and
//! vectors are the engine's own, the HTTP API around it is written here after the 1.50 server's, and what it cannot do it
//! refuses by name. See the README of this crate for the list.

mod app;
mod arguments;
mod browse;
mod clock;
mod engine;
mod http;
mod port;
mod queue;
mod search;
mod server;
mod settings;

#[cfg(test)]
mod tests;

pub use port::Port;
pub use server::run;
