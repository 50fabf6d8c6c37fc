//! What a node is asked, given what the client asked.

use std::collections::BTreeSet;

use serde_json::Value;

use super::view::IndexView;
use crate::wire::raw::{push_string, splice};
use crate::wire::search::SearchQuery;

/// The part of a query that is the same for all nodes, written once.
#[derive(Debug, Clone)]
pub struct NodeRequest {
    /// The body without filter and limit.
    shared: Vec<u8>,
    /// The client's filter, as elements of an array whose elements must all hold.
    filter: Vec<u8>,
    /// A filter array is needed even without a clause.
    filtered: bool,
    paged: bool,
}

impl NodeRequest {
    /// The best hits, each value of a distinct attribute once.
    pub fn new(query: &SearchQuery, view: &IndexView) -> Self {
        Self::with_distinct(query, view, view.distinct_of(query), true)
    }

    /// The same of a node that answers alone: how it ranks its hits is asked for only if the client wants to know.
    pub fn alone(query: &SearchQuery, view: &IndexView) -> Self {
        let details = query.show_ranking_score_details;
        Self::with_distinct(query, view, view.distinct_of(query), details)
    }

    /// The best hits, with all that a distinct attribute would drop.
    pub fn whole(query: &SearchQuery, view: &IndexView) -> Self {
        Self::with_distinct(query, view, None, true)
    }

    fn with_distinct(
        query: &SearchQuery,
        view: &IndexView,
        distinct: Option<&str>,
        details: bool,
    ) -> Self {
        let added = added_attributes(query, view);
        let mut node = SearchQuery {
            filter: None,
            ..query.clone()
        };
        node.offset = 0;
        node.limit = crate::wire::search::DEFAULT_LIMIT; // left out here, and written for each node
        node.page = None;
        node.hits_per_page = None;
        node.show_ranking_score_details = details;
        node.distinct = distinct.map(str::to_owned);
        node.attributes_to_retrieve = retrieved(query, view).map(|mut names| {
            names.extend(added.iter().map(|name| (*name).to_owned()));
            names
        });
        node.attributes_to_highlight = query
            .attributes_to_highlight
            .as_ref()
            .map(|names| shown(names.iter(), view, |name| name));
        node.attributes_to_crop = query
            .attributes_to_crop
            .as_ref()
            .map(|names| shown(names.iter(), view, crop_name));
        let (filter, filtered) = filter_elements(query.filter.as_ref());
        // Only pages make a node apply distinct and the threshold to all that matches, so that totals are exact.
        let paged = query.is_paged()
            && (node.distinct.is_some() || query.ranking_score_threshold.is_some());
        Self {
            shared: node.to_json(),
            filter,
            filtered,
            paged,
        }
    }

    /// The body for one node: its best `limit` hits among the documents that `clause` (a filter expression) lets through.
    pub fn body(&self, clause: Option<&str>, limit: usize) -> Vec<u8> {
        let mut filter = Vec::with_capacity(self.filter.len() + clause.map_or(0, str::len) + 16);
        filter.push(b'[');
        filter.extend_from_slice(&self.filter);
        if let Some(clause) = clause {
            if !self.filter.is_empty() {
                filter.push(b',');
            }
            push_string(clause, &mut filter);
        }
        filter.push(b']');
        let limit = limit.to_string();
        let mut members: Vec<(&str, &[u8])> = Vec::with_capacity(3);
        if self.filtered || clause.is_some() {
            members.push(("filter", &filter));
        }
        if self.paged {
            members.push(("page", b"1"));
            members.push(("hitsPerPage", limit.as_bytes()));
        } else {
            members.push(("limit", limit.as_bytes()));
        }
        let mut body = Vec::with_capacity(self.shared.len() + filter.len() + 64);
        splice(&self.shared, &members, &mut body).expect("a serialised struct is an object");
        body
    }
}

/// Attributes that Miroir retrieves for itself and the client does not: to be cut out of hits.
///
/// A nested primary key is left where it is: it is only needed to order ids that the engine confuses.
pub(super) fn added_attributes<'a>(query: &'a SearchQuery, view: &'a IndexView) -> Vec<&'a str> {
    let Some(retrieved) = retrieved(query, view) else {
        return Vec::new();
    };
    let primary_key = view
        .primary_key
        .as_deref()
        .filter(|name| !name.contains('.'));
    // A server shows the distance of hits that show their place.
    let shows_place = |name: &String| name == "_geo" || name.starts_with("_geo.");
    let place = query.sorts_by_distance() && !retrieved.iter().any(shows_place);
    let mut added: Vec<&str> = primary_key
        .into_iter()
        .chain(view.distinct_of(query))
        .chain(["_geo", "_geoDistance"].into_iter().filter(|_| place))
        .collect();
    // A name stands for all that is below it.
    let covers = |wanted: &String, name: &str| {
        name.strip_prefix(wanted.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    added.retain(|name| !retrieved.iter().any(|wanted| covers(wanted, name)));
    added.dedup();
    added
}

/// The attributes that the client may see and wants; `None` for all there are.
fn retrieved(query: &SearchQuery, view: &IndexView) -> Option<BTreeSet<String>> {
    let wanted = query
        .attributes_to_retrieve
        .as_ref()
        .filter(|names| !names.contains("*"));
    match (wanted, &view.displayed) {
        (None, None) => None,
        (None, Some(displayed)) => Some(
            displayed
                .iter()
                .filter(|name| !view.hides(name))
                .cloned()
                .collect(),
        ),
        (Some(wanted), _) => Some(
            wanted
                .iter()
                .filter(|name| view.shows(name))
                .cloned()
                .collect(),
        ),
    }
}

/// The names of a highlight or crop list that the client may see; `*` becomes what the user displays.
fn shown<'a, C: FromIterator<String>>(
    names: impl Iterator<Item = &'a String>,
    view: &'a IndexView,
    name_of: impl Fn(&str) -> &str,
) -> C {
    let mut list = Vec::new();
    for element in names {
        let name = name_of(element);
        match &view.displayed {
            Some(displayed) if name == "*" => {
                let length = &element[1..];
                list.extend(
                    displayed
                        .iter()
                        .filter(|name| !view.hides(name))
                        .map(|name| format!("{name}{length}")),
                );
            }
            _ if name == "*" || view.shows(name) => list.push(element.clone()),
            _ => {}
        }
    }
    list.into_iter().collect()
}

/// The attribute of `attribute:length`.
pub(super) fn crop_name(element: &str) -> &str {
    element.rsplit_once(':').map_or(element, |(name, _)| name)
}

/// A filter as elements of an array that are joined by AND, and whether there is any. An array already is one (its
/// inner arrays are ORs); what is neither string nor array is left for the node to refuse.
fn filter_elements(filter: Option<&Value>) -> (Vec<u8>, bool) {
    let write = |value: &Value| serde_json::to_vec(value).expect("a JSON value always serialises");
    match filter {
        None | Some(Value::Null) => (Vec::new(), false),
        Some(array @ Value::Array(_)) => {
            let bytes = write(array);
            (bytes[1..bytes.len() - 1].to_vec(), true)
        }
        Some(other) => (write(other), true),
    }
}
