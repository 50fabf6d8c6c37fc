//! The proxy: makes a fleet of Meilisearch nodes look like one server.
//!
//! [`run`] is the whole program. Inside, `http` knows HTTP and no shards, `api` and `admin` hold one file per resource, `request`
//! tells the story of a request, `cluster` and `tasks` work in the background, and `app` puts everything together.

pub mod config;
pub mod fault;
pub mod flags;

mod admin;
mod api;
mod app;
mod capabilities;
mod catalog;
mod clock;
mod cluster;
mod http;
mod keys;
mod outside;
mod request;
mod run;
mod seal;
mod tasks;
mod telemetry;

pub use run::run;
