//! The order of the members of a document: that of the catalog, whatever the node's is (invariant 10).
//!
//! Nodes number fields in the order in which each of them met them, and write documents in it. Here members are brought into
//! the order that one server would have: fields by their place, fields without one by name, then what the server itself adds,
//! as it added it.

use std::borrow::Cow;
use std::ops::Range;

use super::hit::List;
use super::view::IndexView;
use crate::document::fields::FieldOrder;
use crate::wire::answer::{MemberSpans, SearchAnswer};
use crate::wire::raw::{self, RawError};

/// What servers add to a document, after its own members.
const ADDED: [&str; 7] = [
    "_vectors",
    "_geoDistance",
    "_formatted",
    "_matchesPosition",
    "_federation",
    "_rankingScore",
    "_rankingScoreDetails",
];

/// Where a member is shown.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Field(u32),
    Unknown(Cow<'a, str>),
    /// The server's own; several stay as they are.
    Added,
}

/// Which members are in which object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A document or a hit.
    Document,
    /// `_formatted`, in which nothing is the server's own.
    Formatted,
}

fn place<'k>(fields: &FieldOrder, kind: Kind, key: &'k [u8]) -> Place<'k> {
    let name = raw::text(key).map_or(Cow::Borrowed(""), |text| text.decode());
    if kind == Kind::Document && name.starts_with('_') && ADDED.contains(&&*name) {
        return Place::Added;
    }
    match fields.place(&name) {
        Some(place) => Place::Field(place),
        None => Place::Unknown(name),
    }
}

/// Whether members with these keys (with their quotes) can stay as they are. Keys that the client does not see do not count.
pub(super) fn is_kept<'k>(
    view: &IndexView,
    kind: Kind,
    keys: impl Iterator<Item = &'k [u8]>,
) -> bool {
    let fields = &view.fields;
    fields.is_empty()
        || keys
            .filter(|key| !raw::text(key).is_some_and(|name| view.hides(&name.decode())))
            .map(|key| place(fields, kind, key))
            .is_sorted()
}

/// Brings members of an object in an answer into the order in which they are shown.
pub(super) fn arrange(
    view: &IndexView,
    kind: Kind,
    answer: &SearchAnswer,
    members: &mut [MemberSpans],
) {
    members.sort_by_cached_key(|member| place(&view.fields, kind, answer.slice(&member.key)));
}

/// Appends a document as a node wrote it, without Miroir's own members and those that `unwanted` picks, its members in order.
///
/// # Errors
/// When it is no object.
pub fn write_document(
    document: &[u8],
    view: &IndexView,
    unwanted: impl Fn(&str) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let cut = |name: &str| view.hides(name) || unwanted(name);
    let mut shown: Vec<(Place<'_>, Range<usize>)> = Vec::new();
    let mut all_shown = true;
    for member in raw::members(document) {
        let member = member?;
        if cut(&member.key.decode()) {
            all_shown = false;
            continue;
        }
        let key = member.span.start..member.span.start + member.key.raw().len() + 2;
        shown.push((
            place(&view.fields, Kind::Document, &document[key]),
            member.span,
        ));
    }
    if !view.fields.is_empty() && !shown.is_sorted_by_key(|(place, _)| place) {
        shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    } else if all_shown {
        out.extend_from_slice(document);
        return Ok(());
    }
    let mut list = List::open(b'{', out);
    for (_, span) in shown {
        list.next(out);
        out.extend_from_slice(&document[span]);
    }
    list.close(b'}', out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{IndexView, write_document};

    fn written(fields: &[&str], document: &str) -> String {
        let view = IndexView {
            fields: Arc::new(fields.iter().copied().collect()),
            ..IndexView::default()
        };
        let mut out = Vec::new();
        write_document(document.as_bytes(), &view, |name| name == "cut", &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_come_in_the_order_of_the_catalog() {
        let fields = ["id", "b", "a", "_vectors", "é"];
        let table = [
            (r#"{"id":1,"b":2,"a":3}"#, r#"{"id":1,"b":2,"a":3}"#),
            (
                r#"{"a":[3,1],"_miroir_shard":"x","cut":1,"id":{"b":1,"a":2}}"#,
                r#"{"id":{"b":1,"a":2},"a":[3,1]}"#,
            ),
            (
                r#"{"\u00e9":1,"a":1,"_vectors":{},"_geoDistance":7}"#,
                r#"{"a":1,"\u00e9":1,"_vectors":{},"_geoDistance":7}"#,
            ),
            (
                r#"{"z":1,"new":2,"b":3,"a":4}"#,
                r#"{"b":3,"a":4,"new":2,"z":1}"#,
            ),
            ("{}", "{}"),
        ];
        for (node, client) in table {
            assert_eq!(written(&fields, node), client);
        }
    }

    #[test]
    fn without_an_order_documents_stay_as_they_are() {
        assert_eq!(written(&[], r#"{"b":1,"cut":2,"a":3}"#), r#"{"b":1,"a":3}"#);
    }
}
