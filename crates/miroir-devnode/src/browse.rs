//! Reading documents without searching: lists, filters, ids, sorting, one document.

use std::cmp::Ordering;
use std::collections::HashSet;

use milli_core::{AscDesc, Error, FieldsIdsMap, Filter, Index, Member, UserError};
use miroir_core::error::{ApiError, Code};
use miroir_core::wire::documents::BrowseQuery;
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use crate::engine::documents::by_ids;
use crate::engine::error::{from_database, to_api};
use crate::search::document::{self, Document, VECTORS};
use crate::search::{parse_filter, parse_sort, pointer};

/// A page of documents and how many there are in all.
pub(crate) struct Page {
    pub(crate) documents: Vec<Document>,
    pub(crate) total: u64,
}

/// Documents in the engine's own order, or sorted.
pub(crate) fn browse(
    index: &Index,
    query: &BrowseQuery,
    contains_allowed: bool,
) -> Result<Page, ApiError> {
    let rtxn = index.read_txn().map_err(from_database)?;
    let ids = query.ids.as_deref().map(checked_ids).transpose()?;
    let filter = document_filter(query.filter.as_ref(), contains_allowed)?;
    let sort = parse_sort(query.sort.as_deref()).map_err(as_document_sort)?;

    let mut candidates = match &ids {
        Some(ids) => by_ids(index, &rtxn, ids).map_err(|error| to_api(&error))?,
        None => index.documents_ids(&rtxn).map_err(from_database)?,
    };
    if let Some(filter) = filter {
        candidates &= filter
            .evaluate(&rtxn, index)
            .map_err(|error| as_document_filter(&error))?;
    }
    let fields = index.fields_ids_map(&rtxn).map_err(from_database)?;
    let total = candidates.len();
    let numbers: Vec<u32> = match sort {
        Some(sort) => sorted(index, &rtxn, &fields, &candidates, &sort)?
            .into_iter()
            .skip(query.offset)
            .take(query.limit)
            .collect(),
        None => candidates
            .iter()
            .skip(query.offset)
            .take(query.limit)
            .collect(),
    };
    let shown = Shown::new(&fields, query.fields.as_deref(), query.retrieve_vectors);
    let documents: Result<Vec<Document>, ApiError> = numbers
        .into_iter()
        .map(|number| shown.read(index, &rtxn, number))
        .collect();
    Ok(Page {
        documents: documents?,
        total,
    })
}

/// One document.
pub(crate) fn one(
    index: &Index,
    id: &str,
    fields: Option<&[String]>,
    retrieve_vectors: bool,
) -> Result<Document, ApiError> {
    let rtxn = index.read_txn().map_err(from_database)?;
    let number = index.external_documents_ids().get(&rtxn, id);
    let number = number.map_err(from_database)?;
    let number = number.ok_or_else(|| ApiError::document_not_found(id))?;
    let known = index.fields_ids_map(&rtxn).map_err(from_database)?;
    Shown::new(&known, fields, retrieve_vectors).read(index, &rtxn, number)
}

/// What is shown of documents here; the displayed attributes of the index do not matter.
struct Shown<'a> {
    fields: &'a FieldsIdsMap,
    selectors: HashSet<&'a str>,
    vectors: bool,
}

impl<'a> Shown<'a> {
    fn new(fields: &'a FieldsIdsMap, wanted: Option<&[String]>, vectors: bool) -> Self {
        let selectors = fields.iter().map(|(_, name)| name).filter(|name| {
            let chosen = wanted.is_none_or(|wanted| wanted.iter().any(|wanted| wanted == name));
            chosen && (vectors || *name != VECTORS)
        });
        Self {
            fields,
            selectors: selectors.collect(),
            vectors,
        }
    }

    fn read(
        &self,
        index: &Index,
        rtxn: &milli_core::heed::RoTxn<'_>,
        number: u32,
    ) -> Result<Document, ApiError> {
        let read = || -> Result<Document, Error> {
            let mut document = document::read(index, rtxn, self.fields, number, &self.selectors)?;
            if self.vectors {
                document::add_vectors(index, rtxn, number, &mut document)?;
            }
            Ok(document)
        };
        read().map_err(|error| to_api(&error))
    }
}

/// Ids as text; one that no document can have is refused with its place.
fn checked_ids(ids: &[Value]) -> Result<Vec<String>, ApiError> {
    let checked = ids.iter().enumerate().map(|(place, id)| {
        milli_core::documents::validate_document_id_value(id.clone())
            .map_err(|_| ApiError::invalid_document_ids(place, &id.to_string()))
    });
    checked.collect()
}

/// The filter of a documents route, whose errors have the code of documents.
pub(crate) fn document_filter(
    filter: Option<&Value>,
    contains_allowed: bool,
) -> Result<Option<Filter<'_>>, ApiError> {
    parse_filter(filter, contains_allowed).map_err(|mut error| {
        if error.code == Code::InvalidSearchFilter {
            error.code = Code::InvalidDocumentFilter;
        }
        error
    })
}

fn as_document_filter(error: &Error) -> ApiError {
    let mut api = to_api(error);
    if matches!(error, Error::UserError(UserError::InvalidFilter(_))) {
        api.code = Code::InvalidDocumentFilter;
    }
    api
}

fn as_document_sort(mut error: ApiError) -> ApiError {
    error.code = Code::InvalidDocumentSort;
    error
}

/// The candidates in the order of the sort rules; equal ones in the engine's order.
///
/// The engine cannot do this itself, so the documents are read. As on a server, a document that has the attribute but
/// nothing to sort by (null, an empty array or object) is left out, while one without the attribute comes last.
fn sorted(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    fields: &FieldsIdsMap,
    candidates: &RoaringBitmap,
    sort: &[AscDesc],
) -> Result<Vec<u32>, ApiError> {
    check_sortable(index, rtxn, sort)?;
    let mut rows: Vec<(Vec<Key>, u32)> = Vec::new();
    for number in candidates {
        let tree = document::read_tree(index, rtxn, fields, number);
        let tree = tree.map_err(|error| to_api(&error))?;
        let keys: Option<Vec<Key>> = sort.iter().map(|rule| key(&tree, rule)).collect();
        rows.extend(keys.map(|keys| (keys, number)));
    }
    rows.sort_by(|(left, left_number), (right, right_number)| {
        let by_keys = left
            .iter()
            .zip(right)
            .zip(sort)
            .map(|((left, right), rule)| left.compare(right, is_ascending(rule)))
            .find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| left_number.cmp(right_number))
    });
    Ok(rows.into_iter().map(|(_, number)| number).collect())
}

fn check_sortable(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    sort: &[AscDesc],
) -> Result<(), ApiError> {
    let sortable = index.sortable_fields(rtxn).map_err(from_database)?;
    for rule in sort {
        let field = match rule {
            AscDesc::Asc(Member::Field(field)) | AscDesc::Desc(Member::Field(field)) => field,
            AscDesc::Asc(Member::Geo(_)) | AscDesc::Desc(Member::Geo(_)) => "_geo",
        };
        let known = sortable
            .iter()
            .any(|sortable| milli_core::is_faceted_by(field, sortable));
        if !known {
            let mut names: Vec<&str> = sortable.iter().map(String::as_str).collect();
            names.sort_unstable();
            let rest = if names.is_empty() {
                "This index does not have configured sortable attributes.".to_owned()
            } else {
                format!("Available sortable attributes are: `{}`.", names.join(", "))
            };
            let message = format!("Attribute `{field}` is not sortable. {rest}");
            return Err(ApiError::new(Code::InvalidDocumentSort, message));
        }
    }
    Ok(())
}

fn is_ascending(rule: &AscDesc) -> bool {
    matches!(rule, AscDesc::Asc(_))
}

/// What a document is sorted by: numbers before strings before nothing, in both directions.
enum Key {
    Number(f64),
    Text(String),
    Nothing,
}

impl Key {
    fn compare(&self, other: &Self, ascending: bool) -> Ordering {
        let directed = |order: Ordering| if ascending { order } else { order.reverse() };
        match (self, other) {
            (Key::Number(left), Key::Number(right)) => directed(left.total_cmp(right)),
            (Key::Text(left), Key::Text(right)) => directed(left.cmp(right)),
            (Key::Nothing, Key::Nothing) => Ordering::Equal,
            (left, right) => left.class().cmp(&right.class()),
        }
    }

    fn class(&self) -> u8 {
        match self {
            Key::Number(_) => 0,
            Key::Text(_) => 1,
            Key::Nothing => 2,
        }
    }
}

/// The key of a document for one rule: the best of its values. None if the attribute is there but empty.
fn key(document: &Map<String, Value>, rule: &AscDesc) -> Option<Key> {
    let ascending = is_ascending(rule);
    let field = match rule {
        AscDesc::Asc(Member::Field(field)) | AscDesc::Desc(Member::Field(field)) => field,
        AscDesc::Asc(Member::Geo(base)) | AscDesc::Desc(Member::Geo(base)) => {
            let place = document.get("_geo").and_then(Value::as_object);
            let coordinate = |name: &str| place.and_then(|place| place.get(name)?.as_f64());
            let place = coordinate("lat").zip(coordinate("lng"));
            return Some(place.map_or(Key::Nothing, |(lat, lng)| {
                Key::Number(milli_core::distance_between_two_points(base, &[lat, lng]))
            }));
        }
    };
    let mut present = false;
    let mut best: Option<Key> = None;
    pointer::visit(document, field, &mut |value| {
        present = true;
        let values = match value {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for candidate in values.iter().filter_map(scalar) {
            let better = best
                .as_ref()
                .is_none_or(|best| candidate.compare(best, ascending).is_lt());
            if better {
                best = Some(candidate);
            }
        }
    });
    match best {
        None if present => None,
        best => Some(best.unwrap_or(Key::Nothing)),
    }
}

fn scalar(value: &Value) -> Option<Key> {
    match value {
        Value::Number(number) => number.as_f64().map(Key::Number),
        Value::String(text) => Some(Key::Text(milli_core::normalize_facet(text))),
        Value::Bool(boolean) => Some(Key::Text(boolean.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
