//! Reading documents. Without a sort nobody promises an order: such lists are compared as sets, and only as a whole.

use serde_json::json;

use super::filters::expression;
use super::{Body, Definition, Query, Source, encode, set};
use crate::oracle::corpus::text_id;
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact("documents_get", "one document by its id", one),
    Definition::exact(
        "documents_list",
        "all documents, or all that match a filter, as a set",
        list,
    ),
    Definition::exact("documents_fetch", "documents by their ids", fetch),
    Definition::exact(
        "documents_sorted",
        "pages of documents in the client's order",
        sorted,
    ),
    Definition::exact("fields", "the fields of an index", fields).of_a_server(),
    Definition::exact("stats", "numbers of documents", |source| {
        stats(source).ignoring(&[
            "rawDocumentDbSize",
            "avgDocumentSize",
            "numberOfEmbeddings",
            "numberOfEmbeddedDocuments",
            "fieldDistribution",
        ])
    }),
    Definition::exact(
        "stats_fields",
        "numbers of embeddings, and of documents that have a field",
        |source| stats(source).ignoring(&["rawDocumentDbSize", "avgDocumentSize"]),
    ),
];

/// Lists of attributes, as parameters that follow others.
const FIELDS: &[&str] = &[
    "",
    "&fields=id,title",
    "&fields=*",
    "&fields=dimensions.label,nothing",
];

fn one(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[Profile::Plain, Profile::Limited, Profile::Keyed]);
    let fields = *source.pick(FIELDS);
    let parameters = fields.trim_start_matches('&');
    let id = id(source);
    let id = match profile {
        Profile::Limited => text_id(&json!(id)),
        _ => id.to_string(),
    };
    Query::get(profile, &format!("documents/{id}?{parameters}"))
}

fn list(source: &mut Source<'_>) -> Query {
    let fields = *source.pick(FIELDS);
    let query = if source.chance(0.5) {
        let filter = encode(&expression(source, 1));
        Query::get(
            Profile::Plain,
            &format!("documents?limit=100000&filter={filter}{fields}"),
        )
    } else if source.chance(0.5) {
        Query::get(Profile::Plain, &format!("documents?limit=0{fields}"))
    } else {
        let filter = expression(source, 1);
        Query::post(
            Profile::Plain,
            "documents/fetch",
            Body::from_iter([
                ("filter".to_owned(), json!(filter)),
                ("limit".to_owned(), json!(100_000)),
            ]),
        )
    };
    Query {
        unordered: Some("results"),
        ..query
    }
}

fn fetch(source: &mut Source<'_>) -> Query {
    let ids: Vec<usize> = (0..source.number(0..=8)).map(|_| id(source)).collect();
    let mut body = Body::from_iter([("limit".to_owned(), json!(1000))]);
    set(&mut body, "ids", json!(ids));
    if source.chance(0.3) {
        set(&mut body, "fields", vec!["id", "title"]);
    }
    if source.chance(0.3) {
        set(&mut body, "filter", "year > 1990");
    }
    Query {
        unordered: Some("results"),
        ..Query::post(Profile::Plain, "documents/fetch", body)
    }
}

fn sorted(source: &mut Source<'_>) -> Query {
    let order = *source.pick(&[
        "serial:asc",
        "serial:desc",
        "year:desc,serial:asc",
        "studio:asc,serial:desc",
        "rating:desc,serial:asc",
        "released:asc,price:desc,serial:asc",
        "title:asc",
    ]);
    let fields = *source.pick(FIELDS);
    let (offset, limit) = (source.number(0..=100), source.number(0..=40));
    if source.chance(0.5) {
        let route = format!("documents?sort={order}&offset={offset}&limit={limit}{fields}");
        return Query::get(Profile::Plain, &route);
    }
    let mut body = Body::new();
    set(&mut body, "sort", order.split(',').collect::<Vec<_>>());
    set(&mut body, "limit", limit);
    if source.chance(0.3) {
        let filter = expression(source, 1);
        set(&mut body, "filter", filter);
    }
    Query::post(Profile::Plain, "documents/fetch", body)
}

/// Sizes on disk are those of all nodes, and every node has its own: no class compares them.
fn stats(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[Profile::Plain, Profile::Limited, Profile::Vectors]);
    Query::get(profile, "stats")
}

fn fields(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[
        Profile::Plain,
        Profile::Limited,
        Profile::Patterns,
        Profile::Random,
    ]);
    let mut body = Body::new();
    if source.chance(0.5) {
        let (offset, limit) = (source.number(0..=5), source.number(0..=10));
        set(&mut body, "offset", offset);
        set(&mut body, "limit", limit);
    }
    if source.chance(0.5) {
        let filter = source
            .pick(&[
                json!({ "displayed": true }),
                json!({ "searchable": true }),
                json!({ "filterable": true, "sortable": false }),
                json!({ "attributePatterns": ["d*", "*.label"] }),
                json!({ "localized": true }),
                json!({ "distinct": true }),
            ])
            .clone();
        set(&mut body, "filter", filter);
    }
    Query::post(profile, "fields", body)
}

/// The id of a document, or, rarely, of none.
fn id(source: &mut Source<'_>) -> usize {
    let corpus = source.corpus;
    if source.chance(0.1) {
        return 0;
    }
    let document = source.pick(&corpus.documents);
    document["id"]
        .as_u64()
        .and_then(|id| usize::try_from(id).ok())
        .unwrap_or(0)
}
