//! What may be switched on and off: one folder each.

pub(crate) mod exact_dictionary;
pub(crate) mod hedging;
pub(crate) mod idempotency;
pub(crate) mod query_coalescing;
pub(crate) mod replica_selection;
pub(crate) mod settings_broadcast;
pub(crate) mod webhooks;
