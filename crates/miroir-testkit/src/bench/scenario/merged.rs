//! Several nodes behind: the legs of a read sent directly, all at once, against the same read through Miroir.

use http::StatusCode;
use serde_json::{Value, json};

use super::turns::{ALONE, Cost, LEARNING, Way, take_turns};
use super::{Scenario, name};
use crate::bench::fleet::{BenchFleet, INDEX, Shape, word};
use crate::bench::load::{Load, Shot};
use crate::bench::report::Limit::AtMost;
use crate::bench::{BenchError, Report};

const PACED: Load = Load {
    connections: 2,
    requests: 3_000,
    rate: Some(500.0),
};
const BUSY: Load = Load {
    connections: 8,
    requests: 10_000,
    rate: None,
};
/// For answers of a megabyte.
const FEW: Load = Load {
    connections: 2,
    requests: 500,
    rate: None,
};

pub(super) async fn search(scenario: Scenario, nodes: u16) -> Result<Report, BenchError> {
    let fleet = start(nodes).await?;
    let shot = search_shot(&fleet);
    let measured = measure(fleet, shot, PACED, BUSY)?;
    let mut report = Report::new(&name(scenario));
    let (added, processor) = (
        measured.added_alone(),
        measured.busy.processor_microseconds(),
    );
    if nodes == 4 {
        report.limited("added_p50_us", added, AtMost(250.0));
        report.limited("processor_us", processor, AtMost(200.0));
    } else {
        report.figure("added_p50_us", added);
        report.figure("processor_us", processor);
    }
    measured.describe(&mut report);
    Ok(report)
}

/// Both fleets run at the same time, so that the ratio is one of equal conditions.
pub(super) async fn eight_against_four() -> Result<Report, BenchError> {
    let mut four = start(4).await?;
    let mut eight = start(8).await?;
    let ways = [
        Way {
            shots: vec![search_shot(&four)],
            processes: vec![four.process()],
        },
        Way {
            shots: vec![search_shot(&eight)],
            processes: vec![eight.process()],
        },
    ];
    take_turns(LEARNING, &ways)?;
    let busy = take_turns(BUSY, &ways)?;
    let (of_four, of_eight) = (
        busy[0].processor_microseconds(),
        busy[1].processor_microseconds(),
    );
    let mut report = Report::new(&name(Scenario::Search8));
    report.figure("processor_us", of_eight);
    report.figure("processor_us_of_four", of_four);
    report.limited("of_four", of_eight / of_four, AtMost(1.8));
    Ok(report)
}

pub(super) async fn facets() -> Result<Report, BenchError> {
    let query = json!({ "q": word(40), "limit": 20, "facets": ["genre", "year", "price"] });
    unlimited(
        Scenario::Facets,
        start(4).await?,
        &search_path(),
        query,
        [PACED, BUSY],
    )
}

pub(super) async fn federated() -> Result<Report, BenchError> {
    let queries: Vec<Value> = [40, 41, 42]
        .map(|number| json!({ "indexUid": INDEX, "q": word(number) }))
        .to_vec();
    let query = json!({ "federation": { "limit": 20 }, "queries": queries });
    let fleet = start(4).await?;
    let answer = fleet.servers()[0]
        .client()
        .post("/multi-search", &query)
        .await?;
    if answer.status == StatusCode::BAD_REQUEST {
        let mut report = Report::new(&name(Scenario::Federated));
        let reason = "the nodes have no federated search, which real servers have";
        report.left_out.push(reason.to_owned());
        return Ok(report);
    }
    unlimited(
        Scenario::Federated,
        fleet,
        "/multi-search",
        query,
        [PACED, BUSY],
    )
}

pub(super) async fn page() -> Result<Report, BenchError> {
    let query = json!({ "q": "", "limit": 1000 });
    unlimited(
        Scenario::Page1000,
        start(4).await?,
        &search_path(),
        query,
        [FEW, FEW],
    )
}

fn unlimited(
    scenario: Scenario,
    fleet: BenchFleet,
    path: &str,
    query: Value,
    [paced, busy]: [Load; 2],
) -> Result<Report, BenchError> {
    let shot = fleet.read(path, Some(&query));
    let measured = measure(fleet, shot, paced, busy)?;
    let mut report = Report::new(&name(scenario));
    report.figure("added_p50_us", measured.added_alone());
    report.figure("processor_us", measured.busy.processor_microseconds());
    measured.describe(&mut report);
    Ok(report)
}

async fn start(nodes: u16) -> Result<BenchFleet, BenchError> {
    let shape = Shape {
        nodes,
        rf: 1,
        documents: 8_000,
        canned: true,
    };
    BenchFleet::start(shape, &[]).await
}

fn search_shot(fleet: &BenchFleet) -> Shot {
    let query = json!({ "q": word(40), "limit": 20 });
    fleet.read(&search_path(), Some(&query))
}

fn search_path() -> String {
    format!("/indexes/{INDEX}/search")
}

struct Measured {
    /// The legs, and Miroir.
    alone: [Cost; 2],
    paced: [Cost; 2],
    busy: Cost,
}

/// Over the slowest leg, in microseconds.
fn added([legs, through]: &[Cost; 2], part: f64) -> f64 {
    through.microseconds(part) - legs.microseconds(part)
}

impl Measured {
    fn added_alone(&self) -> f64 {
        added(&self.alone, 0.5)
    }

    fn added(&self, part: f64) -> f64 {
        added(&self.paced, part)
    }

    fn describe(&self, report: &mut Report) {
        report.figure("legs_p50_us", self.alone[0].microseconds(0.5));
        report.figure("added_p50_us_paced", self.added(0.5));
        report.figure("added_p99_us", self.added(0.99));
        report.figure("added_p999_us", self.added(0.999));
        report.figure("requests_per_second", self.busy.throughput());
    }
}

fn measure(
    mut fleet: BenchFleet,
    shot: Shot,
    paced: Load,
    busy: Load,
) -> Result<Measured, BenchError> {
    let through = Way {
        shots: vec![shot.clone()],
        processes: vec![fleet.process()],
    };
    take_turns(LEARNING, std::slice::from_ref(&through))?;
    let legs = fleet.last_legs();
    if legs.len() != fleet.nodes().len() {
        let found = format!("{} legs for {} nodes", legs.len(), fleet.nodes().len());
        return Err(BenchError::Unfit(found));
    }
    let ways = [
        Way {
            shots: legs,
            processes: Vec::new(),
        },
        through,
    ];
    let alone = Load {
        requests: ALONE.requests.min(busy.requests),
        ..ALONE
    };
    let alone = take_two(take_turns(alone, &ways)?);
    let paced = take_two(take_turns(paced, &ways)?);
    let busy = take_turns(busy, &ways[1..])?.swap_remove(0);
    Ok(Measured { alone, paced, busy })
}

fn take_two(costs: Vec<Cost>) -> [Cost; 2] {
    costs.try_into().expect("as many costs as ways")
}
