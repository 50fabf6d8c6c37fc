//! Engines that work: one node with all documents against three nodes behind Miroir, on the same machine.

use std::time::Duration;

use serde_json::{Value, json};

use super::turns::median;
use super::{Scenario, name};
use crate::bench::fleet::{self, BenchFleet, INDEX, Shape, word};
use crate::bench::load::{self, Shot};
use crate::bench::report::Limit::AtMost;
use crate::bench::usage::Usage;
use crate::bench::{BenchError, Report};
use crate::cluster::NODE_MASTER_KEY;
use crate::process::Node;

const DOCUMENTS: u32 = 100_000;
/// How often every query is asked on each way, after a first round that nobody counts.
const ROUNDS: usize = 25;
/// From here on a query is worth being spread, in microseconds.
const LONG: f64 = 20_000.0;

pub(super) async fn searches() -> Result<Report, BenchError> {
    let node = Node::start("alone", NODE_MASTER_KEY).await?;
    fleet::fill(&node.client(), DOCUMENTS).await?;
    let mut report = Report::new(&name(Scenario::EndToEnd));
    // As many copies as there are unless set, so that two of three nodes answer together.
    let ways = measure(&node, 2).await?;
    judge(&mut report, &ways);
    report.figure(
        "two_nodes_of_alone",
        ways.two_nodes.p50() / ways.alone.p50(),
    );
    for (copies, figure) in [
        (1, "of_alone_with_one_copy"),
        (3, "of_alone_with_three_copies"),
    ] {
        let ways = measure(&node, copies).await?;
        report.figure(figure, ways.ratio());
    }
    Ok(report)
}

/// The ways to the answers of all queries.
struct Ways {
    alone: Times,
    through: Times,
    /// Two of the nodes, asked at once without Miroir: about what a proxy that asks two nodes adds to. Its legs ask for fewer hits,
    /// and for how they rank.
    two_nodes: Times,
}

impl Ways {
    fn ratio(&self) -> f64 {
        self.through.p50() / self.alone.p50()
    }
}

/// What the queries take alone, and through Miroir with so many copies. They come mixed, as clients send them: the same one again
/// and again would find all that it needs in the caches of a single server.
async fn measure(node: &Node, copies: u16) -> Result<Ways, BenchError> {
    let shape = Shape {
        nodes: 3,
        rf: copies,
        documents: DOCUMENTS,
        canned: false,
    };
    let mut fleet = BenchFleet::start(shape, &[]).await?;
    let path = format!("/indexes/{INDEX}/search");
    let queries = queries();
    let through: Vec<Shot> = queries
        .iter()
        .map(|query| fleet.read(&path, Some(query)))
        .collect();
    let to = |node: &Node, shot: &Shot| Shot {
        address: node.url().replace("http://", ""),
        key: NODE_MASTER_KEY.to_owned(),
        ..shot.clone()
    };
    let of = |nodes: &[Node]| -> Vec<Vec<Shot>> {
        let search = |shot: &Shot| nodes.iter().map(|node| to(node, shot)).collect();
        through.iter().map(search).collect()
    };
    let processes = fleet.processes();
    let mut ways = Ways {
        alone: Times::of(of(std::slice::from_ref(node)), vec![node.process()]),
        two_nodes: Times::of(of(&fleet.servers()[..2]), processes.clone()),
        through: Times::of(
            through.into_iter().map(|shot| vec![shot]).collect(),
            processes,
        ),
    };
    for round in 0..=ROUNDS {
        for way in [&mut ways.alone, &mut ways.through, &mut ways.two_nodes] {
            way.ask_all(round > 0)?;
        }
    }
    Ok(ways)
}

/// One way to the answers of all queries, and what they took.
struct Times {
    searches: Vec<Vec<Shot>>,
    processes: Vec<u32>,
    /// Of each query, in microseconds.
    each: Vec<Vec<f64>>,
    processor: Duration,
}

impl Times {
    fn of(searches: Vec<Vec<Shot>>, processes: Vec<u32>) -> Self {
        Self {
            each: vec![Vec::with_capacity(ROUNDS); searches.len()],
            searches,
            processes,
            processor: Duration::ZERO,
        }
    }

    /// Asks every query once.
    fn ask_all(&mut self, counts: bool) -> Result<(), BenchError> {
        let before = Usage::processor_of(&self.processes)?;
        let times = tokio::task::block_in_place(|| load::in_order(&self.searches))?;
        if counts {
            self.processor += Usage::processor_of(&self.processes)? - before;
            for (all, time) in self.each.iter_mut().zip(times) {
                all.push(time.as_secs_f64() * 1e6);
            }
        }
        Ok(())
    }

    /// Of all answers.
    fn p50(&self) -> f64 {
        median(self.each.iter().flatten().copied())
    }

    /// Of each query.
    fn medians(&self) -> Vec<f64> {
        let median_of = |times: &Vec<f64>| median(times.iter().copied());
        self.each.iter().map(median_of).collect()
    }

    /// For one answer, in microseconds.
    fn processor(&self) -> f64 {
        let answers: usize = self.each.iter().map(Vec::len).sum();
        self.processor.as_secs_f64() * 1e6 / answers as f64
    }
}

fn judge(report: &mut Report, ways: &Ways) {
    let (alone, through) = (&ways.alone, &ways.through);
    report.figure("alone_p50_us", alone.p50());
    report.figure("through_p50_us", through.p50());
    report.figure("alone_processor_us", alone.processor());
    report.figure("through_processor_us", through.processor());
    report.limited("of_alone", ways.ratio(), AtMost(1.5));
    let pairs = alone.medians().into_iter().zip(through.medians());
    let long: Vec<f64> = pairs
        .filter(|(alone, _)| *alone > LONG)
        .map(|(alone, through)| through / alone)
        .collect();
    if long.is_empty() {
        let reason = "no query took one node longer than 20 ms";
        report.left_out.push(reason.to_owned());
    } else {
        report.limited("of_alone_when_long", median(long.into_iter()), AtMost(1.0));
    }
}

/// Of what clients ask: words, prefixes as somebody types, filters, facets, sorts, and sentences as somebody pastes.
fn queries() -> Vec<Value> {
    let mut queries = Vec::new();
    for number in (10..400).step_by(65) {
        let words = |count: u32| -> String {
            let words: Vec<String> = (0..count).map(|place| word(number + 3 * place)).collect();
            words.join(" ")
        };
        queries.push(json!({ "q": words(1) }));
        queries.push(json!({ "q": words(2) }));
        queries.push(json!({ "q": words(4) }));
        queries.push(json!({ "q": words(9) }));
        queries.push(json!({ "q": &words(1)[..3] }));
        queries.push(json!({ "q": words(1), "filter": "year > 2000" }));
        queries.push(json!({ "q": words(2), "facets": ["genre"], "sort": ["price:asc"] }));
    }
    queries
}
