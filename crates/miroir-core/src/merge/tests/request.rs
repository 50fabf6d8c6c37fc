//! Bodies for nodes, as exact bytes.

use super::*;
use crate::wire::deserialize::from_json;

fn body(query: &str, view: &IndexView, clause: Option<&str>) -> String {
    let query: SearchQuery = from_json(query.as_bytes()).unwrap();
    String::from_utf8(NodeRequest::new(&query, view).body(clause, 25)).unwrap()
}

const CLAUSE: Option<&str> = Some(r#"_miroir_shard IN ["⊰⊰⊱"]"#);

#[test]
fn filters_stay_an_and_of_their_elements() {
    let filter = |filter: &str, clause| {
        let body: serde_json::Value =
            serde_json::from_str(&body(&format!(r#"{{"filter":{filter}}}"#), &view(), clause))
                .unwrap();
        body.get("filter").map(|filter| filter.to_string())
    };
    let clause = r#""_miroir_shard IN [\"⊰⊰⊱\"]""#;
    assert_eq!(
        filter(r#""a = 1 OR b = 2""#, CLAUSE).unwrap(),
        format!(r#"["a = 1 OR b = 2",{clause}]"#)
    );
    assert_eq!(
        filter(r#"[["a = 1","b = 2"],"c = 3"]"#, CLAUSE).unwrap(),
        format!(r#"[["a = 1","b = 2"],"c = 3",{clause}]"#)
    );
    assert_eq!(filter("[]", CLAUSE).unwrap(), format!("[{clause}]"));
    assert_eq!(filter("null", CLAUSE).unwrap(), format!("[{clause}]"));
    assert_eq!(filter("null", None), None);
    assert_eq!(filter(r#""a = 1""#, None).unwrap(), r#"["a = 1"]"#);
}

#[test]
fn a_plain_search_asks_for_the_best_and_their_details() {
    let query = r#"{"q":"red \"shoe\"","offset":5,"limit":20,"facets":["color"],"sort":["price:asc"],"matchingStrategy":"all"}"#;
    assert_body(
        &body(query, &view(), CLAUSE),
        r#"{"q":"red \"shoe\"","sort":["price:asc"],"facets":["color"],"matchingStrategy":"all","showRankingScoreDetails":true,"filter":["_miroir_shard IN [\"⊰⊰⊱\"]"],"limit":25}"#,
    );
    // Pages are asked for as the best hits too.
    assert_body(
        &body(r#"{"page":2,"hitsPerPage":5}"#, &view(), None),
        r#"{"showRankingScoreDetails":true,"limit":25}"#,
    );
}

#[test]
fn distinct_and_threshold_need_pages_for_exact_totals() {
    let indexed = IndexView {
        distinct: Some("group".to_owned()),
        ..view()
    };
    assert_body(
        &body(r#"{"page":2}"#, &indexed, None),
        r#"{"distinct":"group","showRankingScoreDetails":true,"page":1,"hitsPerPage":25}"#,
    );
    assert_body(
        &body("{}", &indexed, None),
        r#"{"distinct":"group","showRankingScoreDetails":true,"limit":25}"#,
    );
    let query = r#"{"hitsPerPage":5,"rankingScoreThreshold":0.5,"distinct":"sku"}"#;
    assert_body(
        &body(query, &indexed, None),
        r#"{"distinct":"sku","rankingScoreThreshold":0.5,"showRankingScoreDetails":true,"page":1,"hitsPerPage":25}"#,
    );
}

#[test]
fn lists_of_attributes_are_cut_to_what_the_user_may_see() {
    let shown = IndexView {
        displayed: Some(vec!["title".to_owned(), "color".to_owned()]),
        distinct: Some("group".to_owned()),
        ..view()
    };
    assert_body(
        &body(
            r#"{"attributesToHighlight":["*"],"attributesToCrop":["*:3","secret","title:x"]}"#,
            &shown,
            None,
        ),
        r#"{"attributesToRetrieve":["color","group","id","title"],"attributesToCrop":["title:3","color:3","title:x"],"attributesToHighlight":["color","title"],"distinct":"group","showRankingScoreDetails":true,"limit":25}"#,
    );
    assert_body(
        &body(
            r#"{"attributesToRetrieve":["title","secret","_miroir_shard"],"attributesToHighlight":["secret","_miroir_shard"]}"#,
            &shown,
            None,
        ),
        r#"{"attributesToRetrieve":["group","id","title"],"attributesToHighlight":[],"distinct":"group","showRankingScoreDetails":true,"limit":25}"#,
    );
    assert_body(
        &body(
            r#"{"attributesToRetrieve":["*","x"],"attributesToHighlight":["*"]}"#,
            &view(),
            None,
        ),
        r#"{"attributesToHighlight":["*"],"showRankingScoreDetails":true,"limit":25}"#,
    );
}

#[test]
fn a_sort_by_distance_needs_the_places_of_hits() {
    for (wanted, retrieved) in [
        ("title", r#"["_geo","_geoDistance","id","title"]"#),
        ("_geo", r#"["_geo","id"]"#),
        ("_geo.lat", r#"["_geo.lat","id"]"#),
    ] {
        let query =
            format!(r#"{{"sort":["_geoPoint(1, 2):asc"],"attributesToRetrieve":["{wanted}"]}}"#);
        let body = body(&query, &view(), None);
        assert!(
            body.contains(&format!(r#""attributesToRetrieve":{retrieved}"#)),
            "{body}"
        );
    }
}

#[track_caller]
fn assert_body(actual: &str, expected: &str) {
    assert_eq!(actual, expected);
}
