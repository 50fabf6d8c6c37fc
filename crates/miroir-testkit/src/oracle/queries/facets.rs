//! Distributions, statistics, and the search in facet values.

use super::filters::expression;
use super::{Body, Definition, Query, Source, post, set, with_any_words};
use crate::oracle::profile::{Profile, counts_first};

pub(in crate::oracle) const CLASSES: &[Definition] = &[
    Definition::exact(
        "facets",
        "distributions in both orders, uncut or cut by name",
        |source| {
            let profile = *source.pick(&[Profile::Plain, Profile::Capped]);
            let settings = source.world.settings(profile);
            let body = facets(source, |facet| {
                profile == Profile::Plain || !counts_first(&settings, facet)
            });
            post(profile, body)
        },
    ),
    Definition::exact(
        "facets_count",
        "most frequent values first, cut at a limit",
        |source| Query {
            any_cut: true,
            ..facets_cut(source)
        },
    ),
    Definition::exact(
        "facets_patterns",
        "facets that patterns name or open",
        patterns,
    ),
    Definition::exact(
        "facet_stats",
        "smallest and largest numbers of fields with other values too",
        |source| {
            let mut body = with_any_words(source);
            let facets = source.some(
                &["rating", "mixed", "numbers", "year", "price", "tags"],
                1..=3,
            );
            set(&mut body, "facets", facets);
            let filter = expression(source, 1);
            set(&mut body, "filter", filter);
            set(&mut body, "limit", 1);
            post(Profile::Plain, body)
        },
    ),
    Definition::exact(
        "facets_numbers",
        "numbers on both sides of the 3,000 candidates above which they are ordered as numbers",
        |source| {
            let mut body = Body::new();
            let border = source.number(2_900..=3_200);
            let filter = match source.number(0..=2) {
                0 => format!("serial < {border}"),
                1 => format!("serial >= {}", 4_500 - border),
                _ => format!("serial < {}", source.number(1..=4_500)),
            };
            set(&mut body, "filter", filter);
            set(&mut body, "facets", vec!["number"]);
            set(&mut body, "limit", 1);
            post(Profile::Crowded, body)
        },
    )
    .of_a_server(),
    Definition::exact(
        "facets_many",
        "the 20 most frequent of 400 and of 50,000 values",
        |source| {
            let mut body = Body::new();
            if source.chance(0.7) {
                let filter = format!("serial < {}", source.number(300..=4_500));
                set(&mut body, "filter", filter);
            } else if source.chance(0.5) {
                let word = source.of(Profile::Crowded).word();
                set(&mut body, "q", word);
            }
            let facets = source.some(&["code", "crowd"], 1..=2);
            set(&mut body, "facets", facets);
            set(&mut body, "limit", 0);
            Query {
                any_cut: true,
                ..post(Profile::Crowded, body)
            }
        },
    )
    .of_a_server(),
    Definition::exact(
        "facet_search",
        "values of a facet by their beginning",
        facet_search,
    ),
    Definition::exact(
        "facets_cut",
        "which of equally frequent values are left by a cut",
        facets_cut,
    )
    .at_least(
        0.0,
        "it depends on the engine's tree of values, so two equal servers differ",
    ),
    Definition::exact(
        "facets_spelling",
        "values that documents spell in several ways",
        |source| {
            let mut body = with_any_words(source);
            set(&mut body, "facets", vec!["badge"]);
            set(&mut body, "limit", 0);
            post(Profile::Plain, body)
        },
    )
    .at_least(
        0.0,
        "one server shows the spelling of the document that it got first",
    ),
];

const FACETS: &[&str] = &[
    "tags",
    "colour",
    "year",
    "rating",
    "released",
    "studio",
    "dimensions.label",
    "mixed",
    "numbers",
];

/// Distributions of one to four of the facets that are wanted, with and without a query and a filter.
fn facets(source: &mut Source<'_>, wanted: impl Fn(&str) -> bool) -> Body {
    let mut body = with_any_words(source);
    let wanted: Vec<&str> = FACETS
        .iter()
        .copied()
        .filter(|facet| wanted(facet))
        .collect();
    let facets = source.some(&wanted, 1..=4);
    set(&mut body, "facets", facets);
    if source.chance(0.4) {
        let filter = expression(source, 1);
        set(&mut body, "filter", filter);
    }
    let limit = source.number(0..=10);
    set(&mut body, "limit", limit);
    body
}

fn facets_cut(source: &mut Source<'_>) -> Query {
    let settings = source.world.settings(Profile::Capped);
    let body = facets(source, |facet| counts_first(&settings, facet));
    post(Profile::Capped, body)
}

fn patterns(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[Profile::Patterns, Profile::Patterns, Profile::Plain]);
    let mut body = with_any_words(source);
    let facets = source.some(
        &[
            "*",
            "dim*",
            "dimensions.*",
            "tags",
            "ta*",
            "rating",
            "*ing",
            "mi*",
            "year",
            "nothing",
            "studio",
            "serial",
        ],
        0..=3,
    );
    set(&mut body, "facets", facets);
    set(&mut body, "limit", 1);
    post(profile, body)
}

/// The values of a facet that begin so, under a query and a filter.
fn facet_search(source: &mut Source<'_>) -> Query {
    let profile = *source.pick(&[Profile::Plain, Profile::Capped, Profile::Patterns]);
    let mut body = Body::new();
    let facet = *source.pick(&[
        "tags",
        "studio",
        "colour",
        "dimensions.label",
        "mixed",
        "year",
        "title",
    ]);
    set(&mut body, "facetName", facet);
    if source.chance(0.7) {
        let mut word = source.word();
        word.truncate(source.number(1..=word.len()));
        set(&mut body, "facetQuery", word);
    }
    if source.chance(0.4) {
        let word = source.word();
        set(&mut body, "q", word);
    }
    // Which of several errors comes first under patterns depends on the documents, which a twin does not have.
    if profile != Profile::Patterns && source.chance(0.4) {
        let filter = expression(source, 1);
        set(&mut body, "filter", filter);
    }
    if source.chance(0.2) {
        let strategy = *source.pick(&["all", "last"]);
        set(&mut body, "matchingStrategy", strategy);
    }
    if source.chance(0.2) {
        set(&mut body, "attributesToSearchOn", vec!["title"]);
    }
    if source.chance(0.2) {
        set(&mut body, "exhaustiveFacetCount", true);
    }
    Query::post(profile, "facet-search", body)
}
