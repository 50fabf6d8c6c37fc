//! Places less than a metre apart, which a sort by distance takes for one.

use serde_json::{Value, json};

use crate::alike::Pair;

/// Two hundred documents along a street, one every 60 cm, the later half in the gaps of the first; the nearest ones cost
/// least by chance only. Some have no place.
fn street() -> Vec<Value> {
    (0..200)
        .map(|id| {
            let step = f64::from(id % 100) * 1.2 + f64::from(id / 100) * 0.6;
            let place = json!({ "lat": step / 111_194.9, "lng": 0.0 });
            json!({ "id": id, "price": id * 7 % 5, "_geo": if id % 19 == 0 { Value::Null } else { place } })
        })
        .collect()
}

#[tokio::test]
async fn neighbours_on_different_nodes_are_ordered_by_the_rules_after_the_distance() {
    let mut pair = Pair::start().await;
    pair.send(
        "POST",
        "/indexes",
        json!({ "uid": "street", "primaryKey": "id" }),
    );
    pair.send(
        "PATCH",
        "/indexes/street/settings",
        json!({
            "sortableAttributes": ["_geo", "price"],
            "displayedAttributes": ["id", "price"],
            "rankingRules": ["words", "sort", "price:asc", "id:asc"],
        }),
    );
    pair.send("POST", "/indexes/street/documents", json!(street()));
    for direction in ["asc", "desc"] {
        let sort = format!("_geoPoint(0, 0):{direction}");
        for (offset, limit) in [(0, 1), (0, 2), (0, 20), (7, 33), (90, 110)] {
            let page = json!({ "sort": [sort], "offset": offset, "limit": limit });
            pair.send("POST", "/indexes/street/search", page);
        }
        let sort = json!({ "sort": ["price:asc", sort], "limit": 60 });
        pair.send("POST", "/indexes/street/search", sort);
    }
    pair.compare().await;
}
