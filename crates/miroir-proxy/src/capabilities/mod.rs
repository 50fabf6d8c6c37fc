//! What may be switched on and off: one folder each.

pub(crate) mod exact_dictionary;
