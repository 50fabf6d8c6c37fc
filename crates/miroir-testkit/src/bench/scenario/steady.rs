//! Memory over a long time: as many mixed requests as 100 a second make in an hour, and what they leave behind.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::idle::megabytes;
use super::turns::LEARNING;
use super::{Scenario, name};
use crate::bench::fleet::{BenchFleet, INDEX, Shape, document, word};
use crate::bench::load::{Load, Shot};
use crate::bench::report::Limit::AtMost;
use crate::bench::usage::Usage;
use crate::bench::{BenchError, Report};

const REQUESTS: u32 = 360_000;
/// Memory is looked at after each.
const PARTS: u32 = 6;
/// Parts before the hour begins, in which caches, pools and pages of the store fill up.
const WARM_UP: u32 = 3;
/// Documents written again after each part.
const WRITTEN: u32 = 500;

pub(super) async fn memory() -> Result<Report, BenchError> {
    let shape = Shape {
        nodes: 3,
        rf: 2,
        documents: 3_000,
        canned: true,
    };
    let mut fleet = BenchFleet::start(shape, &[]).await?;
    let process = fleet.process();
    let shots = mixed(&fleet);
    let kinds = u32::try_from(shots.len()).unwrap_or(u32::MAX);
    let load = Load {
        connections: 4,
        requests: REQUESTS / PARTS / kinds,
        rate: None,
    };
    tokio::task::block_in_place(|| LEARNING.run(&shots))?;
    let mut resident = Vec::new();
    let mut failures = 0;
    for part in 0..WARM_UP + PARTS {
        let sample = tokio::task::block_in_place(|| load.run(&shots))?;
        failures += sample.failures;
        write(&fleet, part).await?;
        resident.push(megabytes(Usage::of(process)?.resident));
    }
    let (early, late) = (resident[WARM_UP as usize], resident[resident.len() - 1]);
    let mut report = Report::new(&name(Scenario::Steady));
    report.figure("resident_mb_early", early);
    report.figure("resident_mb_at_the_end", late);
    // Pages of the allocator come and go; what leaks goes on growing.
    report.limited("growth_mb", late - early, AtMost(2.0));
    report.limited("failures", f64::from(failures), AtMost(0.0));
    Ok(report)
}

/// One request of each kind, which are sent together.
fn mixed(fleet: &BenchFleet) -> Vec<Shot> {
    let search = format!("/indexes/{INDEX}/search");
    let queries: Vec<Value> = [40, 41]
        .map(|number| json!({ "indexUid": INDEX, "q": word(number) }))
        .to_vec();
    vec![
        fleet.read(&format!("/indexes/{INDEX}/documents/7"), None),
        fleet.read(&search, Some(&json!({ "q": word(40) }))),
        fleet.read(
            &search,
            Some(&json!({ "q": word(41), "facets": ["genre"] })),
        ),
        fleet.read("/multi-search", Some(&json!({ "queries": queries }))),
    ]
}

async fn write(fleet: &BenchFleet, part: u32) -> Result<(), BenchError> {
    let mut random = StdRng::seed_from_u64(u64::from(part));
    let batch = (0..WRITTEN).map(|id| document(id, &mut random)).collect();
    let path = format!("/indexes/{INDEX}/documents");
    let client = fleet.client();
    let answer = client.post(&path, &Value::Array(batch)).await?;
    let task = answer
        .task_uid()
        .ok_or_else(|| BenchError::Unfit(answer.text()))?;
    client.wait_task(task).await?;
    Ok(())
}
