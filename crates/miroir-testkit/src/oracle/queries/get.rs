//! A search whose parameters are in the URL.

use super::filters::expression;
use super::{Query, Source, encode};
use crate::oracle::profile::Profile;

/// Any of the parameters; a few are wrong on purpose.
pub(super) fn search(source: &mut Source<'_>) -> Query {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let words: Vec<String> = (0..source.number(0..=2)).map(|_| source.word()).collect();
    if !words.is_empty() {
        pairs.push(("q", words.join(" ")));
    }
    if source.chance(0.4) {
        let filter = if source.chance(0.3) {
            r#"[["year > 2000", "colour EXISTS"], "released = true"]"#.to_owned()
        } else {
            expression(source, 1)
        };
        pairs.push(("filter", filter));
    }
    for (probability, name, values) in CHOICES {
        if source.chance(*probability) {
            let value = *source.pick(values);
            pairs.push((name, value.to_owned()));
        }
    }
    match source.number(0..=5) {
        0 | 1 => pairs.push(("limit", source.number(0..=30).to_string())),
        2 => pairs.push(("page", source.number(1..=3).to_string())),
        3 => pairs.push(("hitsPerPage", source.number(0..=9).to_string())),
        4 if source.chance(0.3) => pairs.push(("limits", "3".to_owned())),
        _ => {}
    }
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    Query::get(Profile::Plain, &format!("search?{}", pairs.join("&")))
}

/// How often a parameter is there, its name, and its values.
const CHOICES: &[(f64, &str, &[&str])] = &[
    (
        0.3,
        "facets",
        &["tags", "year,colour", "studio,rating", "*", "title"],
    ),
    (
        0.3,
        "sort",
        &[
            "year:desc,price:asc",
            "_geoPoint(10.5,20):asc,year:asc",
            "title:asc",
            "mixed:desc",
        ],
    ),
    (
        0.3,
        "attributesToRetrieve",
        &["id,title,tags", "*", "dimensions.label, id", "nothing"],
    ),
    (
        0.3,
        "attributesToHighlight",
        &["title", "*", "title,overview"],
    ),
    (0.1, "highlightPreTag", &["<b>", ""]),
    (0.1, "highlightPostTag", &["</b>"]),
    (0.2, "attributesToCrop", &["overview:4", "overview,title:2"]),
    (0.1, "cropLength", &["3", "0", "x"]),
    (0.1, "cropMarker", &["[cut]", "…"]),
    (0.2, "showMatchesPosition", &["true", "false"]),
    (0.2, "showRankingScore", &["true", "false", "yes"]),
    (0.1, "showRankingScoreDetails", &["true"]),
    (0.1, "rankingScoreThreshold", &["0.2", "0.93", "2"]),
    (0.15, "matchingStrategy", &["all", "last", "none"]),
    (
        0.15,
        "attributesToSearchOn",
        &["title", "overview,tags", "*"],
    ),
    (0.1, "locales", &["eng", "fra,jpn", "xx"]),
    (0.05, "offset", &["3", "-1"]),
    (0.05, "retrieveVectors", &["true", "false"]),
];
