//! What the nodes themselves hold, asked behind the proxy's back: every copy of every document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::ClientError;
use crate::cluster::Cluster;

/// The documents of one index by id, without what Miroir added.
pub type Content = BTreeMap<String, Value>;

/// All copies of one index.
#[derive(Debug, Default)]
pub struct Copies {
    /// What the nodes call the index.
    pub node_uid: String,
    /// What every copy agrees on; of documents that differ, one of the versions.
    pub content: Content,
    /// Every disagreement in words; empty when all copies are equal.
    pub differences: Vec<String>,
}

/// Asks every node for every document of an index and compares the copies of each shard.
/// Leftovers, of which the node owns no copy, are differences too.
pub async fn read(
    cluster: &Cluster,
    index: &str,
    primary_key: &str,
) -> Result<Copies, ClientError> {
    let table = cluster
        .admin()
        .get(&format!("/_miroir/shards?index={index}"))
        .await?
        .json()?;
    let node_uid = table["node_uid"].as_str().unwrap_or(index).to_owned();
    let mut held: BTreeMap<&str, BTreeMap<u64, Content>> = BTreeMap::new();
    for node in cluster.nodes() {
        held.insert(node.id(), by_shard(node, &node_uid, primary_key).await?);
    }
    let mut copies = Copies {
        node_uid,
        ..Copies::default()
    };
    let nothing = Content::new();
    for row in table["table"].as_array().into_iter().flatten() {
        let shard = row["shard"].as_u64().unwrap_or_default();
        let groups = row["groups"].as_array().into_iter().flatten();
        let owners: BTreeSet<&str> = groups
            .flat_map(|group| group["owners"].as_array().into_iter().flatten())
            .filter_map(|owner| owner["node"].as_str())
            .collect();
        let of = |node: &str| {
            held.get(node)
                .and_then(|shards| shards.get(&shard))
                .unwrap_or(&nothing)
        };
        for node in held.keys().filter(|node| !owners.contains(*node)) {
            if !of(node).is_empty() {
                let count = of(node).len();
                let text = format!(
                    "{node} holds {count} documents of shard {shard}, which it does not own"
                );
                copies.differences.push(text);
            }
        }
        let Some(first) = owners.first() else {
            continue;
        };
        for other in owners.iter().skip(1) {
            compare(shard, (first, of(first)), (other, of(other)), &mut copies);
        }
        copies.content.extend(of(first).clone());
    }
    Ok(copies)
}

fn compare(shard: u64, left: (&str, &Content), right: (&str, &Content), copies: &mut Copies) {
    let ids: BTreeSet<&String> = left.1.keys().chain(right.1.keys()).collect();
    for id in ids {
        let (one, other) = (left.1.get(id), right.1.get(id));
        if one != other {
            let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            copies.differences.push(format!(
                "shard {shard}, document {id}: {} has {}, {} has {}",
                left.0,
                show(one),
                right.0,
                show(other)
            ));
        }
    }
}

async fn by_shard(
    node: &crate::process::Node,
    index: &str,
    primary_key: &str,
) -> Result<BTreeMap<u64, Content>, ClientError> {
    let body = json!({ "limit": 1_000_000, "retrieveVectors": true });
    let answer = node
        .client()
        .post(&format!("/indexes/{index}/documents/fetch"), &body)
        .await?
        .json()?;
    let mut shards: BTreeMap<u64, Content> = BTreeMap::new();
    for document in answer["results"].as_array().into_iter().flatten() {
        let mut document = document.clone();
        let Some(members) = document.as_object_mut() else {
            continue;
        };
        let marker = members.remove("_miroir_shard").unwrap_or_default();
        if members.get("_vectors") == Some(&json!({})) {
            members.remove("_vectors");
        }
        let id = match &members[primary_key] {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        let shard = marker.as_str().map_or(u64::MAX, shard_of);
        shards.entry(shard).or_default().insert(id, document);
    }
    Ok(shards)
}

/// The number behind a marker: three digits to the base of 16, the first of which is U+22B0.
fn shard_of(marker: &str) -> u64 {
    marker.chars().fold(0, |number, digit| {
        number * 16 + u64::from(u32::from(digit).wrapping_sub(0x22B0) % 16)
    })
}
