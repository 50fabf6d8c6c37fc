//! One of three nodes is not well, and there is a second copy of everything.

use std::time::Duration;

use serde_json::json;

use super::{Scenario, name};
use crate::bench::fleet::{BenchFleet, INDEX, Shape, word};
use crate::bench::load::{Load, Sample, Shot};
use crate::bench::report::Limit::{AtLeast, AtMost};
use crate::bench::{BenchError, Report};

const LOAD: Load = Load {
    connections: 4,
    requests: 2_000,
    rate: Some(200.0),
};
/// Twice the half-life of what is known about a node, at its default.
const TWO_HALF_LIVES: Duration = Duration::from_secs(10);
const SLOWER: Duration = Duration::from_millis(200);

pub(super) async fn frozen() -> Result<Report, BenchError> {
    let (fleet, shot) = start().await?;
    load(&shot)?;
    let healthy = load(&shot)?;
    fleet.nodes()[0].freeze(true);
    let sick = load(&shot)?;
    let mut report = Report::new(&name(Scenario::FrozenNode));
    let (before, during) = (milliseconds(&healthy, 0.99), milliseconds(&sick, 0.99));
    report.figure("healthy_p99_ms", before);
    report.figure("frozen_p99_ms", during);
    report.figure("frozen_worst_ms", milliseconds(&sick, 1.0));
    report.limited("of_healthy_p99", during / before, AtMost(2.0));
    report.limited("failures", f64::from(sick.failures), AtMost(0.0));
    Ok(report)
}

pub(super) async fn slow() -> Result<Report, BenchError> {
    let (fleet, shot) = start().await?;
    load(&shot)?;
    fleet.nodes()[0].delay(SLOWER);
    run_for(TWO_HALF_LIVES, &shot)?;
    let slow = share_of_first(&fleet, &shot)?;
    fleet.nodes()[0].delay(Duration::ZERO);
    run_for(TWO_HALF_LIVES, &shot)?;
    let recovered = share_of_first(&fleet, &shot)?;
    let mut report = Report::new(&name(Scenario::SlowNode));
    report.limited("share_while_slow", slow, AtMost(0.25));
    report.limited("share_recovered", recovered, AtLeast(1.0 / 3.0 - 0.05));
    Ok(report)
}

async fn start() -> Result<(BenchFleet, Shot), BenchError> {
    let shape = Shape {
        nodes: 3,
        rf: 2,
        documents: 3_000,
        canned: true,
    };
    let fleet = BenchFleet::start(shape, &[]).await?;
    let query = json!({ "q": word(40), "limit": 20 });
    let shot = fleet.read(&format!("/indexes/{INDEX}/search"), Some(&query));
    Ok((fleet, shot))
}

fn load(shot: &Shot) -> Result<Sample, BenchError> {
    tokio::task::block_in_place(|| LOAD.run(std::slice::from_ref(shot)))
}

fn run_for(time: Duration, shot: &Shot) -> Result<(), BenchError> {
    let rate = LOAD.rate.unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some thousand requests"
    )]
    let requests = (rate * time.as_secs_f64()) as u32;
    let load = Load { requests, ..LOAD };
    tokio::task::block_in_place(|| load.run(std::slice::from_ref(shot)))?;
    Ok(())
}

/// The first node's share of what the nodes are asked.
fn share_of_first(fleet: &BenchFleet, shot: &Shot) -> Result<f64, BenchError> {
    let counts = || -> Vec<u64> { fleet.nodes().iter().map(|node| node.reads()).collect() };
    let before = counts();
    load(shot)?;
    let asked: Vec<u64> = counts()
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "some thousand requests")]
    let share = asked[0] as f64 / asked.iter().sum::<u64>().max(1) as f64;
    Ok(share)
}

fn milliseconds(sample: &Sample, part: f64) -> f64 {
    sample.quantile(part).as_secs_f64() * 1e3
}
