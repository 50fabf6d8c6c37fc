//! Every document is where it belongs and nowhere else, and is found whichever way it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _};
use miroir_testkit::cluster::Cluster;
use serde_json::{Value, json};

use crate::fixture::{
    COLOURS, Fleet, documents, fill, owners, page, search, start, stored, unique_word,
};

const DOCUMENTS: usize = 1000;
const SHARDS: u16 = 64;

async fn filled(nodes: u16, replica_groups: u16, replication_factor: u16) -> Fleet {
    let builder = Cluster::builder()
        .nodes(nodes)
        .replica_groups(replica_groups)
        .rf(replication_factor)
        .shards(SHARDS);
    let fleet = start(builder).await;
    fill(&fleet.client(), DOCUMENTS).await;
    fleet
}

#[tokio::test]
async fn three_nodes_with_one_copy() {
    let fleet = filled(3, 1, 1).await;
    each_document_is_on_its_owners_alone(&fleet, 1, 1).await;
    each_document_is_found(&fleet).await;
    for shards in copies_per_node(&fleet).await.values() {
        assert!(
            (18..=23).contains(shards),
            "{shards} of 64 shards on a node"
        );
    }
}

#[tokio::test]
async fn three_nodes_with_two_copies() {
    let fleet = filled(3, 1, 2).await;
    each_document_is_on_its_owners_alone(&fleet, 1, 2).await;
    each_document_is_found(&fleet).await;
}

#[tokio::test]
async fn two_groups_with_two_copies_each() {
    let fleet = filled(4, 2, 2).await;
    each_document_is_on_its_owners_alone(&fleet, 2, 2).await;
    each_document_is_found(&fleet).await;
}

/// How many shards each node has a copy of.
async fn copies_per_node(fleet: &Fleet) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for node in owners(fleet).await.into_iter().flatten().flatten() {
        *copies.entry(node).or_default() += 1;
    }
    copies
}

/// Asks the nodes themselves.
async fn each_document_is_on_its_owners_alone(fleet: &Fleet, groups: usize, copies: usize) {
    let table = owners(fleet).await;
    assert_eq!(table.len(), usize::from(SHARDS));
    for shard in &table {
        assert_eq!(shard.len(), groups);
        assert!(shard.iter().all(|owners| owners.len() == copies));
    }

    let mut holders: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut shard_of: BTreeMap<u64, usize> = BTreeMap::new();
    for node in fleet.nodes() {
        for (id, shard) in stored(node).await {
            holders.entry(id).or_default().insert(node.id().to_owned());
            let before = shard_of.insert(id, shard);
            assert!(before.is_none_or(|before| before == shard), "document {id}");
        }
    }
    assert_eq!(holders.len(), DOCUMENTS);
    for (id, holders) in &holders {
        let owners: BTreeSet<String> = table[shard_of[id]].iter().flatten().cloned().collect();
        assert_eq!(holders, &owners, "document {id}");
    }
    // Of the frozen hash: a change of it would orphan every document that is stored anywhere.
    assert_eq!((shard_of[&1], shard_of[&42]), (36, 53));
}

async fn each_document_is_found(fleet: &Fleet) {
    let client = &fleet.client();
    futures_util::stream::iter(documents(DOCUMENTS))
        .map(|document| async move {
            let path = format!("/indexes/stories/documents/{}", document["id"]);
            let found = client.get(&path).await?;
            assert_eq!(found.json()?, document);
            Ok::<(), miroir_testkit::client::ClientError>(())
        })
        .buffer_unordered(8)
        .try_collect::<()>()
        .await
        .expect("answers");
    futures_util::stream::iter((0..DOCUMENTS).step_by(7))
        .for_each_concurrent(8, |number| async move {
            let found = page(&search(client, &json!({ "q": unique_word(number) })).await);
            let ids: Vec<&Value> = hits(&found).iter().map(|hit| &hit["id"]).collect();
            assert_eq!(ids, [&json!(number)]);
            assert_eq!(found["estimatedTotalHits"], 1);
        })
        .await;

    let facets = page(&search(client, &json!({ "facets": ["colour"], "limit": 0 })).await);
    let counts = &facets["facetDistribution"]["colour"];
    let total: u64 = COLOURS
        .iter()
        .filter_map(|name| counts[name].as_u64())
        .sum();
    assert_eq!(total, 1000, "{counts}");
    assert_eq!(facets["estimatedTotalHits"], 1000);
    let stats = client
        .get("/indexes/stories/stats")
        .await
        .expect("an answer");
    assert_eq!(stats.json().expect("JSON")["numberOfDocuments"], 1000);

    for (query, sort) in [("", json!([])), ("story", json!(["size:desc"]))] {
        let ask = async |offset: usize, limit: usize| {
            let body = json!({ "q": query, "sort": sort, "offset": offset, "limit": limit });
            hits(&page(&search(client, &body).await)).to_vec()
        };
        let mut pages = Vec::new();
        for number in 0..5 {
            pages.extend(ask(number * 10, 10).await);
        }
        assert_eq!(pages.len(), 50);
        assert_eq!(pages, ask(0, 50).await);
    }
}

fn hits(page: &Value) -> &[Value] {
    page["hits"].as_array().expect("hits")
}
