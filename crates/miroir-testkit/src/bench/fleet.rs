//! The fleet that is measured: one index of documents of about 1 KB, and nodes that know their answers.

use bytes::Bytes;
use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::load::Shot;
use super::{BenchError, Canned};
use crate::client::Client;
use crate::cluster::{Cluster, MASTER_KEY, NODE_MASTER_KEY};
use crate::process::Node;

/// The index that everything is asked of.
pub(super) const INDEX: &str = "bench";
/// Documents sent at once.
const BATCH: u32 = 5_000;
/// Words that documents are made of.
const VOCABULARY: u32 = 4_000;

/// What the fleet is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) nodes: u16,
    pub(super) rf: u16,
    pub(super) documents: u32,
    pub(super) canned: bool,
}

/// A running fleet with its index.
#[derive(Debug)]
pub(super) struct BenchFleet {
    cluster: Cluster,
}

impl BenchFleet {
    /// Starts it, fills it, and lets the nodes learn from now on.
    pub(super) async fn start(
        shape: Shape,
        configuration: &[(&str, Value)],
    ) -> Result<Self, BenchError> {
        let mut builder = Cluster::builder()
            .nodes(shape.nodes)
            .rf(shape.rf)
            .shards(shape.nodes.max(1) * 8)
            // A busy machine must not look like a sick fleet.
            .config("health.interval_ms", 1000)
            .config("health.timeout_ms", 900)
            .usual_turns();
        for (key, value) in configuration {
            builder = builder.config(key, value.clone());
        }
        if shape.canned {
            builder = builder.canned();
        }
        let cluster = builder.start().await?;
        fill(&cluster.client(), shape.documents).await?;
        for node in cluster.canned() {
            node.learn();
        }
        Ok(Self { cluster })
    }

    pub(super) fn nodes(&self) -> &[Canned] {
        self.cluster.canned()
    }

    pub(super) fn client(&self) -> Client {
        self.cluster.client()
    }

    /// The nodes that are servers, behind what is canned.
    pub(super) fn servers(&self) -> &[Node] {
        self.cluster.nodes()
    }

    /// The process ids of the proxy and of nodes that are servers.
    pub(super) fn processes(&mut self) -> Vec<u32> {
        let nodes: Vec<u32> = self.servers().iter().map(Node::process).collect();
        std::iter::once(self.process()).chain(nodes).collect()
    }

    /// The proxy's process id.
    pub(super) fn process(&mut self) -> u32 {
        self.cluster.proxy().process()
    }

    /// Where the proxy is scraped.
    pub(super) fn metrics_url(&mut self) -> String {
        self.cluster.proxy().metrics_url()
    }

    /// A read through the proxy.
    pub(super) fn read(&self, path: &str, body: Option<&Value>) -> Shot {
        Shot {
            address: self.cluster.proxy_url().replace("http://", ""),
            key: MASTER_KEY.to_owned(),
            method: if body.is_some() {
                Method::POST
            } else {
                Method::GET
            },
            path: path.to_owned(),
            body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
        }
    }

    /// What the nodes were asked last, to be asked of them directly: the legs of one read.
    pub(super) fn last_legs(&self) -> Vec<Shot> {
        let legs = self.nodes().iter().filter_map(|node| {
            let read = node.last()?;
            Some(Shot {
                address: node.address().to_owned(),
                key: NODE_MASTER_KEY.to_owned(),
                method: read.method,
                path: read.path,
                body: read.body,
            })
        });
        legs.collect()
    }
}

/// Creates the index and sends the documents; they are the same in every run.
pub(super) async fn fill(client: &Client, documents: u32) -> Result<(), BenchError> {
    let settings = json!({
        "searchableAttributes": ["title", "text"],
        "filterableAttributes": ["id", "genre", "year", "price"],
        "sortableAttributes": ["year", "price"],
        "pagination": { "maxTotalHits": 2000 },
    });
    let create = json!({ "uid": INDEX, "primaryKey": "id" });
    done(client, client.post("/indexes", &create).await?).await?;
    let path = format!("/indexes/{INDEX}/settings");
    done(client, client.patch(&path, &settings).await?).await?;
    let mut random = StdRng::seed_from_u64(1);
    let path = format!("/indexes/{INDEX}/documents");
    for first in (0..documents).step_by(BATCH as usize) {
        let batch: Vec<Value> = (first..documents.min(first + BATCH))
            .map(|id| document(id, &mut random))
            .collect();
        done(client, client.post(&path, &Value::Array(batch)).await?).await?;
    }
    Ok(())
}

async fn done(client: &Client, answer: crate::client::Response) -> Result<(), BenchError> {
    let uid = answer
        .task_uid()
        .ok_or_else(|| BenchError::Unfit(format!("refused: {}", answer.text())))?;
    let task = client.wait_task(uid).await?;
    if task["status"] == "succeeded" {
        Ok(())
    } else {
        Err(BenchError::Unfit(format!("failed: {task}")))
    }
}

/// About 1 KB.
pub(super) fn document(id: u32, random: &mut StdRng) -> Value {
    json!({
        "id": id,
        "title": words(4, random),
        "text": words(110, random),
        "genre": format!("genre {}", random.random_range(0..40)),
        "year": random.random_range(1950..2027),
        "price": f64::from(random.random_range(100..100_000)) / 100.0,
    })
}

/// Words of a vocabulary in which few are frequent, as in a language.
fn words(count: u32, random: &mut StdRng) -> String {
    let words: Vec<String> = (0..count)
        .map(|_| {
            let even: f64 = random.random();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and the size of the vocabulary"
            )]
            let rank = (even.powi(3) * f64::from(VOCABULARY)) as u32;
            word(rank)
        })
        .collect();
    words.join(" ")
}

/// A pronounceable word for a number, another one for every number.
pub(super) fn word(mut number: u32) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu",
        "va",
    ];
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[(number % 16) as usize]);
        number /= 16;
    }
    word
}
