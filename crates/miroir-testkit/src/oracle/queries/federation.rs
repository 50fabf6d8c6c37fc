//! Several searches whose hits come as one list.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Body, Definition, Query, Source, set, vectors, with_words};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "federation",
        "several searches of two indexes as one list: weights, windows, pages, facets by index and merged",
        |source| federation(source, false),
    )
    .of_a_server(),
    Definition::exact(
        "federation_distinct",
        "the same with one hit for each value; totals are another matter",
        |source| federation(source, true),
    )
    .of_a_server(),
    Definition::exact(
        "federation_vectors",
        "the same with semantic and hybrid queries",
        of_vectors,
    )
    .of_a_server(),
];

/// What of an answer depends on the duplicates that a server met.
const TOTALS: &[&str] = &["estimatedTotalHits", "totalHits", "totalPages"];

/// What the queries of a list rank by. Queries of different forms mostly do not go together.
#[derive(Debug, Clone, Copy)]
enum Form {
    Words,
    Nothing,
    SortedWords,
    Sort,
    Hybrid,
    Semantic,
}

fn federation(source: &mut Source<'_>, distinct: bool) -> Query {
    let forms = [Form::Words, Form::Nothing, Form::SortedWords, Form::Sort];
    let form = *source.pick(&forms);
    let queries = (0..source.number(1..=4)).map(|_| {
        let form = if source.chance(0.08) {
            *source.pick(&forms)
        } else {
            form
        };
        query(source, form)
    });
    let queries = queries.collect();
    let mut federation = window(source);
    if distinct {
        set(&mut federation, "distinct", "studio");
        return ask(federation, queries).ignoring(TOTALS);
    }
    facets(source, &mut federation);
    ask(federation, queries)
}

fn of_vectors(source: &mut Source<'_>) -> Query {
    let forms = match source.number(0..=2) {
        0 => [Form::Hybrid, Form::Words],
        1 => [Form::Hybrid, Form::Hybrid],
        _ => [Form::Semantic, Form::Semantic],
    };
    let queries = (0..source.number(1..=3)).map(|_| {
        let form = *source.pick(&forms);
        query(source, form)
    });
    let queries = queries.collect();
    let mut federation = window(source);
    facets(source, &mut federation);
    ask(federation, queries)
}

fn query(source: &mut Source<'_>, form: Form) -> Body {
    let mut body = match form {
        Form::Words | Form::SortedWords => {
            let count = source.number(1..=3);
            with_words(source, count)
        }
        Form::Nothing | Form::Sort => Body::new(),
        Form::Hybrid => vectors::hybrid(source),
        Form::Semantic => vectors::semantic(source),
    };
    if matches!(form, Form::SortedWords | Form::Sort) {
        set(&mut body, "sort", vec!["year:asc"]);
    }
    if source.chance(0.3) {
        let filter = match source.number(0..=2) {
            0 => json!(format!("year > {}", source.number(1960..=2020))),
            1 => json!([["year < 1980", "year > 2000"], "rating > 2"]),
            _ => json!("tags IS NOT EMPTY"),
        };
        set(&mut body, "filter", filter);
    }
    if source.chance(0.15) {
        set(&mut body, "matchingStrategy", "all");
    }
    for name in ["showRankingScore", "showMatchesPosition"] {
        if source.chance(0.2) {
            set(&mut body, name, true);
        }
    }
    if source.chance(0.2) {
        set(&mut body, "attributesToRetrieve", vec!["title"]);
    }
    if source.chance(0.2) {
        set(&mut body, "attributesToHighlight", vec!["title"]);
    }
    if source.chance(0.5) {
        let weight = source.number(0..=8) as f64 / 4.0;
        set(&mut body, "federationOptions", json!({ "weight": weight }));
    }
    let profile = *source.pick(&[Profile::Federated, Profile::Federated, Profile::Smaller]);
    set(&mut body, "indexUid", profile.uid());
    body
}

fn window(source: &mut Source<'_>) -> Body {
    let mut federation = Body::new();
    if source.chance(0.3) {
        let (page, length) = (source.number(1..=3), source.number(0..=12));
        set(&mut federation, "page", page);
        set(&mut federation, "hitsPerPage", length);
    } else {
        let (limit, offset) = (source.number(0..=40), source.number(0..=15));
        set(&mut federation, "limit", limit);
        set(&mut federation, "offset", offset);
    }
    federation
}

/// Facets of both indexes, now and then in one distribution.
fn facets(source: &mut Source<'_>, federation: &mut Body) {
    if source.chance(0.4) {
        return;
    }
    let of_index = |source: &mut Source<'_>| json!(source.some(&["year", "studio", "tags"], 0..=2));
    let facets = [Profile::Federated, Profile::Smaller]
        .map(|profile| (profile.uid().to_owned(), of_index(source)));
    set(federation, "facetsByIndex", Map::from_iter(facets));
    if source.chance(0.5) {
        let most = if source.chance(0.5) {
            json!(5)
        } else {
            Value::Null
        };
        set(
            federation,
            "mergeFacets",
            json!({ "maxValuesPerFacet": most }),
        );
    }
}

fn ask(federation: Body, queries: Vec<Body>) -> Query {
    let body = json!({ "federation": federation, "queries": queries });
    Query {
        path: "/multi-search".to_owned(),
        ..Query::new(Profile::Federated, Method::POST, "", Some(body))
    }
}
