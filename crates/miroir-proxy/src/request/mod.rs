//! The story of a request, one file per step or per kind of request.

pub(crate) mod announcement;
pub(crate) mod backups;
pub(crate) mod browse;
pub(crate) mod compaction;
pub(crate) mod counted;
pub(crate) mod deletions;
pub(crate) mod dispatch;
pub(crate) mod document;
pub(crate) mod documents;
pub(crate) mod editions;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod facet_search;
pub(crate) mod fields;
pub(crate) mod found;
pub(crate) mod frequency;
pub(crate) mod hybrid;
pub(crate) mod indexes;
pub(crate) mod judged;
pub(crate) mod known_attributes;
pub(crate) mod marked;
pub(crate) mod metadata;
pub(crate) mod multi_search;
pub(crate) mod names;
pub(crate) mod narrow;
pub(crate) mod ranked;
pub(crate) mod refused;
pub(crate) mod replay;
pub(crate) mod resolve;
pub(crate) mod scatter;
pub(crate) mod search;
pub(crate) mod selected;
pub(crate) mod settings;
pub(crate) mod similar;
pub(crate) mod stats;
pub(crate) mod task_documents;
pub(crate) mod translate;
pub(crate) mod twin;
mod unreadable;

use serde_json::Value;

/// A client's filter and Miroir's clause, both of which must hold. Strings stay elements of their own, so that positions in error
/// texts stay right; an array is taken apart, because its elements must all hold already.
pub(crate) fn filter_with(filter: Option<&Value>, clause: Option<Value>) -> Option<Value> {
    let mut elements = match filter {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements.clone(),
        Some(other) => vec![other.clone()],
    };
    elements.extend(clause);
    (!elements.is_empty()).then_some(Value::Array(elements))
}
