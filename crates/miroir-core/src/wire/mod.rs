//! Meilisearch's JSON on the wire: requests, answers, and raw slices of both.

pub mod answer;
pub mod deserialize;
pub mod documents;
pub mod export;
pub mod features;
pub mod index;
pub mod key;
pub mod raw;
pub mod search;
pub mod similar;
pub mod task;
pub mod time;
pub mod webhook;
