//! Searches that are not the `POST` of one search.

use http::Method;
use serde_json::{Value, json};

use super::{
    Body, Definition, Query, Source, filters, format, get, set, sort, with_any_words, words,
};
use crate::oracle::profile::Profile;

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact("get_search", "every parameter in the URL", get::search),
    Definition::exact("multi_search", "several searches at once", multi).of_a_server(),
];

fn multi(source: &mut Source<'_>) -> Query {
    let queries: Vec<Body> = (0..source.number(0..=4))
        .map(|_| {
            let mut body = match source.number(0..=4) {
                0 => filters::filters(source),
                1 => sort::any(source),
                2 => format::highlight(source),
                3 => words::any(source),
                _ => with_any_words(source),
            };
            let profile = *source.pick(&[Profile::Plain, Profile::Limited, Profile::Ruled]);
            let uid = if source.chance(0.03) {
                "nowhere"
            } else {
                profile.uid()
            };
            set(&mut body, "indexUid", uid);
            body
        })
        .collect();
    Query {
        path: "/multi-search".to_owned(),
        ..Query::new(
            Profile::Plain,
            Method::POST,
            "",
            Some(json!({ "queries": Value::from_iter(queries) })),
        )
    }
}
