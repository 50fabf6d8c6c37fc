//! Facets of which the nodes have more values than they list.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::alike::Pair;
use crate::fixture::stored;

/// More than a node lists of a facet of which the user wants to see two.
const OWN_VALUES: usize = 1100;

/// Every node has a thousand values in two documents. `shared` is in five documents, one on each node but the first, where it
/// is in the others; `rival` is in four on the first.
fn tags(nodes: &[Vec<u64>]) -> BTreeMap<u64, Vec<String>> {
    let mut tags: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut add = |id: u64, tag: &str| tags.entry(id).or_default().push(tag.to_owned());
    for (node, ids) in nodes.iter().enumerate() {
        for number in 0..OWN_VALUES {
            for id in &ids[..2] {
                add(*id, &format!("value {number} of {node}"));
            }
        }
        let copies = if node == 0 { 3 } else { 1 };
        ids[2..2 + copies].iter().for_each(|id| add(*id, "shared"));
    }
    nodes[0][2..6].iter().for_each(|id| add(*id, "rival"));
    tags
}

#[tokio::test]
async fn a_frequent_value_that_some_nodes_do_not_list_is_counted_in_full() {
    let mut pair = Pair::start_with(|fleet| fleet.rf(1)).await;
    let index = json!({ "uid": "stories", "primaryKey": "id" });
    pair.send("POST", "/indexes", index);
    let settings = json!({
        "filterableAttributes": ["tags", "size"],
        "faceting": { "maxValuesPerFacet": 2, "sortFacetValuesBy": { "tags": "count" } },
    });
    pair.send("PATCH", "/indexes/stories/settings", settings);
    let ids: Vec<Value> = (0..60).map(|id| json!({ "id": id, "size": id })).collect();
    pair.send("POST", "/indexes/stories/documents", json!(ids));
    pair.compare().await;

    let mut nodes = Vec::new();
    for node in pair.fleet().nodes() {
        nodes.push(stored(node).await.into_keys().collect());
    }
    let documents: Vec<Value> = tags(&nodes)
        .into_iter()
        .map(|(id, tags)| json!({ "id": id, "tags": tags }))
        .collect();
    pair.send("PUT", "/indexes/stories/documents", json!(documents));
    for body in [
        json!({ "facets": ["tags"], "limit": 0 }),
        json!({ "facets": ["tags"], "limit": 3, "filter": "size >= 0" }),
        json!({ "facets": ["*"], "hitsPerPage": 1 }),
    ] {
        pair.send("POST", "/indexes/stories/search", body);
    }
    for body in [
        json!({ "facetName": "tags" }),
        json!({ "facetName": "tags", "filter": "size < 1000", "facetQuery": "s" }),
    ] {
        pair.send("POST", "/indexes/stories/facet-search", body);
    }
    pair.compare().await;
}
