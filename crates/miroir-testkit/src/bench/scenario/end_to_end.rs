//! Engines that work: one node with all documents against three nodes behind Miroir, on the same machine.

use serde_json::{Value, json};

use super::turns::{Way, take_turns};
use super::{Scenario, name};
use crate::bench::fleet::{self, BenchFleet, INDEX, Shape, word};
use crate::bench::load::{Load, Shot};
use crate::bench::report::Limit::AtMost;
use crate::bench::{BenchError, Report};
use crate::cluster::NODE_MASTER_KEY;
use crate::process::Node;

const DOCUMENTS: u32 = 100_000;
/// Of one query on each way.
const LOAD: Load = Load {
    connections: 1,
    requests: 40,
    rate: None,
};
/// From here on a query is worth being spread, in microseconds.
const LONG: f64 = 20_000.0;

pub(super) async fn searches() -> Result<Report, BenchError> {
    let shape = Shape {
        nodes: 3,
        rf: 1,
        documents: DOCUMENTS,
        canned: false,
    };
    let fleet = BenchFleet::start(shape, &[]).await?;
    let node = Node::start("alone", NODE_MASTER_KEY).await?;
    fleet::fill(&node.client(), DOCUMENTS).await?;
    let path = format!("/indexes/{INDEX}/search");
    let mut pairs = Vec::new();
    for query in queries() {
        let through = fleet.read(&path, Some(&query));
        let alone = Shot {
            address: node.url().replace("http://", ""),
            key: NODE_MASTER_KEY.to_owned(),
            ..through.clone()
        };
        let ways = [alone, through].map(|shot| Way {
            shots: vec![shot],
            process: None,
        });
        let costs = take_turns(LOAD, &ways)?;
        pairs.push((costs[0].microseconds(0.5), costs[1].microseconds(0.5)));
    }
    Ok(judge(&pairs))
}

/// `pairs` hold the median of one query alone and through Miroir.
fn judge(pairs: &[(f64, f64)]) -> Report {
    let mut report = Report::new(&name(Scenario::EndToEnd));
    let alone = median(pairs.iter().map(|(alone, _)| *alone));
    let through = median(pairs.iter().map(|(_, through)| *through));
    report.figure("alone_p50_us", alone);
    report.figure("through_p50_us", through);
    report.limited("of_alone", through / alone, AtMost(1.5));
    let long: Vec<f64> = pairs
        .iter()
        .filter(|(alone, _)| *alone > LONG)
        .map(|(alone, through)| through / alone)
        .collect();
    if long.is_empty() {
        let reason = "no query took one node longer than 20 ms";
        report.left_out.push(reason.to_owned());
    } else {
        report.limited("of_alone_when_long", median(long.into_iter()), AtMost(1.0));
    }
    report
}

/// Of what clients ask: words, prefixes as somebody types, filters, facets, sorts.
fn queries() -> Vec<Value> {
    let mut queries = Vec::new();
    for number in (10..400).step_by(65) {
        let two = format!("{} {}", word(number), word(number + 3));
        queries.push(json!({ "q": word(number) }));
        queries.push(json!({ "q": two }));
        queries.push(json!({ "q": &word(number)[..3] }));
        queries.push(json!({ "q": word(number), "filter": "year > 2000" }));
        queries.push(json!({ "q": two, "facets": ["genre"], "sort": ["price:asc"] }));
    }
    queries
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
