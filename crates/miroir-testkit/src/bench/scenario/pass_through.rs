//! One node behind: directly, through nginx, through Miroir.

use serde_json::json;

use super::turns::{ALONE, Cost, LEARNING, Way, take_turns};
use super::{Scenario, name};
use crate::bench::fleet::{BenchFleet, INDEX, Shape, word};
use crate::bench::load::{Load, Shot};
use crate::bench::nginx::Nginx;
use crate::bench::report::Limit::{AtLeast, AtMost};
use crate::bench::{BenchError, Report};

/// The slowest answers are taken at a rate that leaves the machine time to breathe.
const PACED: Load = Load {
    connections: 2,
    requests: 6_000,
    rate: Some(1_500.0),
};
/// Processor time is taken where the proxy is busy all the time.
const BUSY: Load = Load {
    connections: 8,
    requests: 30_000,
    rate: None,
};

pub(super) async fn document() -> Result<Report, BenchError> {
    let fleet = start().await?;
    let shot = fleet.read(&format!("/indexes/{INDEX}/documents/7"), None);
    measure(fleet, shot, Scenario::Document, true).await
}

pub(super) async fn search() -> Result<Report, BenchError> {
    let fleet = start().await?;
    let query = json!({ "q": word(40), "limit": 20 });
    let shot = fleet.read(&format!("/indexes/{INDEX}/search"), Some(&query));
    measure(fleet, shot, Scenario::Search1, false).await
}

async fn start() -> Result<BenchFleet, BenchError> {
    let shape = Shape {
        nodes: 1,
        rf: 1,
        documents: 5_000,
        canned: true,
    };
    // As nginx has one worker.
    let one_thread = [("server.connection_threads", json!(1))];
    BenchFleet::start(shape, &one_thread).await
}

/// `passes`: the answer goes through as it is, which has limits. Every hit of a search is read and written again.
async fn measure(
    mut fleet: BenchFleet,
    shot: Shot,
    scenario: Scenario,
    passes: bool,
) -> Result<Report, BenchError> {
    let mut report = Report::new(&name(scenario));
    // The node learns what Miroir asks of it; that is then asked directly.
    take_turns(LEARNING, &[way(vec![shot.clone()], Vec::new())])?;
    let direct = fleet.last_legs();
    let node = fleet.nodes()[0].address().to_owned();
    let nginx = Nginx::start(&node)?;
    let mut ways = vec![
        way(direct.clone(), Vec::new()),
        way(vec![shot], vec![fleet.process()]),
    ];
    match &nginx {
        Some(nginx) => {
            let through = direct.iter().map(|leg| Shot {
                address: nginx.address(),
                ..leg.clone()
            });
            ways.push(way(through.collect(), vec![nginx.process()]));
        }
        None => report.left_out.push("nginx is not installed".to_owned()),
    }
    let alone = take_turns(ALONE, &ways)?;
    let paced = take_turns(PACED, &ways)?;
    let busy = take_turns(BUSY, &ways)?;
    let added = |costs: &[Cost], way: usize, part| {
        costs[way].microseconds(part) - costs[0].microseconds(part)
    };
    let mut judged = |name, value, limit| match passes {
        true => report.limited(name, value, limit),
        false => report.figure(name, value),
    };
    judged("added_p50_us", added(&alone, 1, 0.5), AtMost(100.0));
    judged("added_p99_us", added(&paced, 1, 0.99), AtMost(500.0));
    let processor = busy[1].processor_microseconds();
    judged("processor_us", processor, AtMost(40.0));
    if let Some(nginx) = busy.get(2) {
        let share = nginx.processor_microseconds() / processor;
        judged("of_nginx_per_processor_second", share, AtLeast(0.6));
    }
    report.figure("direct_p50_us", alone[0].microseconds(0.5));
    report.figure("added_p50_us_paced", added(&paced, 1, 0.5));
    report.figure("added_p999_us", added(&paced, 1, 0.999));
    report.figure("requests_per_second", busy[1].throughput());
    if let Some(nginx) = busy.get(2) {
        report.figure("nginx_added_p50_us", added(&alone, 2, 0.5));
        report.figure("nginx_added_p50_us_paced", added(&paced, 2, 0.5));
        report.figure("nginx_added_p99_us", added(&paced, 2, 0.99));
        report.figure("nginx_processor_us", nginx.processor_microseconds());
    }
    Ok(report)
}

fn way(shots: Vec<Shot>, processes: Vec<u32>) -> Way {
    Way { shots, processes }
}
