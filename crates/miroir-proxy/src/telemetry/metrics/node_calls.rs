//! Calls to nodes.

use std::time::Duration;

use http::Method;
use miroir_core::id::NodeId;
use miroir_core::topology::Topology;
use miroir_node::{Answer, NodeError};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::seconds;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    node_id: String,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    node_id: String,
    error_type: &'static str,
}

/// What [`error_type`] says.
const ERROR_TYPES: [&str; 5] = ["connect", "timeout", "reset", "status_5xx", "overloaded"];

/// How long the nodes take, and how they fail.
#[derive(Clone)]
pub(crate) struct NodeCalls {
    duration: Family<CallLabels, Histogram, fn() -> Histogram>,
    errors: Family<ErrorLabels, Counter>,
}

impl NodeCalls {
    pub(super) fn new(registry: &mut Registry, topology: &Topology) -> Self {
        let calls = Self {
            duration: Family::new_with_constructor(seconds),
            errors: Family::default(),
        };
        for node in topology.nodes() {
            for error_type in ERROR_TYPES {
                let node_id = node.id.as_str().to_owned();
                let labels = ErrorLabels {
                    node_id,
                    error_type,
                };
                drop(calls.errors.get_or_create(&labels));
            }
        }
        registry.register(
            "node_request_duration_seconds",
            "Calls to one node",
            calls.duration.clone(),
        );
        registry.register(
            "node_errors",
            "Calls that brought no usable answer",
            calls.errors.clone(),
        );
        calls
    }

    pub(crate) fn observe(
        &self,
        node: &NodeId,
        operation: &'static str,
        duration: Duration,
        result: &Result<Answer, NodeError>,
    ) {
        let node_id = node.as_str().to_owned();
        if let Some(error_type) = error_type(result) {
            let labels = ErrorLabels {
                node_id: node_id.clone(),
                error_type,
            };
            self.errors.get_or_create(&labels).inc();
        }
        let labels = CallLabels { node_id, operation };
        self.duration
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }
}

fn error_type(result: &Result<Answer, NodeError>) -> Option<&'static str> {
    match result {
        Ok(answer) if answer.status.as_u16() == 503 => Some("overloaded"),
        Ok(answer) if answer.status.is_server_error() => Some("status_5xx"),
        Ok(_) => None,
        Err(error) => Some(error.kind()),
    }
}

/// What a call is for, by its method and path.
pub(crate) fn operation(method: &Method, path: &str) -> &'static str {
    // Bytes: to look for one of them is faster than for a character, and this is done for every call.
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?');
    let mut segments = path.as_bytes().split(is_end).skip(1);
    let first = segments.next().unwrap_or_default();
    let of_index = segments.nth(1);
    let last = segments.next();
    let text = |segment| std::str::from_utf8(segment).unwrap_or_default();
    match (text(first), of_index.map(text), last.map(text)) {
        ("health", ..) => "health",
        ("version", ..) => "version",
        ("stats", ..) | ("indexes", Some("stats"), _) => "stats",
        ("tasks" | "batches", ..) => "tasks",
        ("multi-search", ..) => "multi_search",
        ("swap-indexes", ..) => "index",
        ("indexes", Some("search"), _) => "search",
        ("indexes", Some("facet-search"), _) => "facet_search",
        ("indexes", Some("similar"), _) => "similar",
        ("indexes", Some("settings"), _) => "settings",
        ("indexes", Some("fields"), _) => "fields",
        ("indexes", Some("documents"), Some("fetch")) => "fetch",
        ("indexes", Some("documents"), _) if *method == Method::GET => "documents",
        ("indexes", Some("documents"), _) => "write",
        ("indexes", ..) => "index",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_words_of_a_closed_set() {
        let of = |method: Method, path| operation(&method, path);
        assert_eq!(of(Method::POST, "/indexes/a/search"), "search");
        assert_eq!(of(Method::POST, "/indexes/a/documents/fetch"), "fetch");
        assert_eq!(
            of(Method::GET, "/indexes/a/documents/7?fields=x"),
            "documents"
        );
        assert_eq!(of(Method::PUT, "/indexes/a/documents"), "write");
        assert_eq!(of(Method::GET, "/indexes/a"), "index");
        assert_eq!(of(Method::GET, "/tasks?uids=1"), "tasks");
        assert_eq!(of(Method::GET, "/x/y"), "other");
    }
}
