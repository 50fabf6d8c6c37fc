//! How much slower documents get in through the proxy than straight into the same node: pairs of loads, one after the other.
//!
//! The node's own work is nearly all of both, so a machine that is busy with something else moves the ratio of a pair little, and the
//! median over pairs less. Which of the two comes first alternates.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};
use crate::cluster::{Cluster, ClusterError};

/// Different words of the documents.
const WORDS: usize = 20_000;
/// Words of a document's text; with the other fields it is about 1 KB long.
const WORDS_PER_TEXT: usize = 110;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How often both are loaded.
    pub pairs: usize,
    /// Of one load.
    pub documents: usize,
    /// Documents of one request.
    pub batch: usize,
    /// Nodes behind the proxy; the first one is also the one that is loaded directly.
    pub nodes: u16,
}

/// Two loads of the same documents: from the first byte to the end of the last task.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// Straight into a node.
    pub direct: Duration,
    /// Through the proxy.
    pub through: Duration,
}

impl Pair {
    /// Throughput through the proxy over throughput without it.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.direct.as_secs_f64() / self.through.as_secs_f64()
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (direct, through) = (self.direct.as_secs_f64(), self.through.as_secs_f64());
        let ratio = self.ratio();
        write!(
            f,
            "direct {direct:.2} s, through {through:.2} s, ratio {ratio:.3}"
        )
    }
}

/// The ratio in the middle of the sorted ones; of an even number of them the lower one.
#[must_use]
pub fn median(pairs: &[Pair]) -> Option<f64> {
    let mut ratios: Vec<f64> = pairs.iter().map(Pair::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len().checked_sub(1)? / 2).copied()
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The fleet could not be started.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A server did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A server did not do what it was asked.
    #[error("a load fails: {0}")]
    Refused(String),
}

/// Measures all pairs; `report` hears of each.
pub async fn run(options: Options, mut report: impl FnMut(Pair)) -> Result<Vec<Pair>, IngestError> {
    let cluster = Cluster::builder().nodes(options.nodes).start().await?;
    let batches = batches(options);
    let through = cluster.client();
    let direct = cluster.nodes().first().map(|node| node.client());
    let direct = direct.ok_or_else(|| IngestError::Refused("there is no node".to_owned()))?;
    // Caches, connections and the proxy's knowledge of its nodes: what only the first load pays is not measured.
    for (client, index) in [(&direct, "warm-direct"), (&through, "warm-through")] {
        load(client, index, &batches[..batches.len().min(2)]).await?;
    }
    let mut pairs = Vec::new();
    for number in 0..options.pairs {
        let names = [format!("direct-{number}"), format!("through-{number}")];
        let pair = if number % 2 == 0 {
            let direct = load(&direct, &names[0], &batches).await?;
            let through = load(&through, &names[1], &batches).await?;
            Pair { direct, through }
        } else {
            let through = load(&through, &names[1], &batches).await?;
            let direct = load(&direct, &names[0], &batches).await?;
            Pair { direct, through }
        };
        report(pair);
        pairs.push(pair);
    }
    Ok(pairs)
}

/// Loads everything into a new index, which is deleted afterwards: every load finds the same disk.
async fn load(client: &Client, index: &str, batches: &[Bytes]) -> Result<Duration, IngestError> {
    let created = client
        .post("/indexes", &json!({ "uid": index, "primaryKey": "id" }))
        .await?;
    succeed(client, created.task_uid()).await?;
    let path = format!("/indexes/{index}/documents");
    let begun = Instant::now();
    let mut last = None;
    for batch in batches {
        let json = HeaderValue::from_static("application/json");
        let headers = [(header::CONTENT_TYPE, json)];
        let sent = client
            .send(Method::POST, &path, &headers, batch.clone())
            .await?;
        if sent.status != StatusCode::ACCEPTED {
            return Err(IngestError::Refused(sent.text()));
        }
        last = sent.task_uid();
    }
    succeed(client, last).await?;
    let took = begun.elapsed();
    let deleted = client.delete(&format!("/indexes/{index}")).await?;
    succeed(client, deleted.task_uid()).await?;
    Ok(took)
}

async fn succeed(client: &Client, task: Option<u64>) -> Result<(), IngestError> {
    let task = task.ok_or_else(|| IngestError::Refused("no task was announced".to_owned()))?;
    let view = client.wait_task(task).await?;
    match view["status"] == "succeeded" {
        true => Ok(()),
        false => Err(IngestError::Refused(view.to_string())),
    }
}

/// The bodies of one load, the same for every load.
fn batches(options: Options) -> Vec<Bytes> {
    let mut random = StdRng::seed_from_u64(1);
    let words: Vec<String> = (0..WORDS).map(|_| word(&mut random)).collect();
    let documents: Vec<Value> = (0..options.documents)
        .map(|id| document(&mut random, id, &words))
        .collect();
    documents
        .chunks(options.batch.max(1))
        .map(|batch| json!(batch).to_string().into())
        .collect()
}

fn document(random: &mut StdRng, id: usize, words: &[String]) -> Value {
    let text = |random: &mut StdRng, count: usize| {
        let chosen: Vec<&str> = (0..count)
            .map(|_| {
                // Few words are frequent, as in natural texts.
                let place = random.random::<f64>().powi(3) * words.len() as f64;
                words[place as usize].as_str()
            })
            .collect();
        chosen.join(" ")
    };
    json!({
        "id": id,
        "title": text(random, 6),
        "text": text(random, WORDS_PER_TEXT),
        "genre": text(random, 1),
        "tags": [text(random, 1), text(random, 1), text(random, 1)],
        "year": random.random_range(1950..2030),
        "price": f64::from(random.random_range(100..100_000)) / 100.0,
    })
}

fn word(random: &mut StdRng) -> String {
    let length = random.random_range(3..12);
    (0..length)
        .map(|_| char::from(random.random_range(b'a'..=b'z')))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Options, Pair, batches, median};

    #[test]
    fn documents_are_about_a_kilobyte_long_and_always_the_same() {
        let options = Options {
            pairs: 1,
            documents: 250,
            batch: 100,
            nodes: 1,
        };
        let bodies = batches(options);
        assert_eq!(bodies.len(), 3);
        assert_eq!(bodies, batches(options));
        let bytes: usize = bodies.iter().map(|body| body.len()).sum();
        assert!((900..1200).contains(&(bytes / 250)), "{}", bytes / 250);
    }

    #[test]
    fn the_median_is_that_of_the_ratios() {
        let pair = |through| Pair {
            direct: Duration::from_secs(1),
            through: Duration::from_secs(through),
        };
        assert_eq!(median(&[pair(4), pair(1), pair(2)]), Some(0.5));
        assert_eq!(median(&[]), None);
    }
}
