//! What it costs to be seen: the log, and a scrape of a process with many indexes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::turns::{LEARNING, Way, take_turns};
use super::{Scenario, name};
use crate::bench::fleet::{BenchFleet, INDEX, Shape, word};
use crate::bench::load::Load;
use crate::bench::report::Limit::{AtLeast, AtMost};
use crate::bench::{BenchError, Report};
use crate::client::Client;

const BUSY: Load = Load {
    connections: 8,
    requests: 120_000,
    rate: None,
};
const INDEXES: u32 = 100;
const SCRAPES: usize = 21;

/// Both fleets run at the same time; one writes a line for every request, the other one only errors. Counting cannot be switched off:
/// its part is in every other figure.
pub(super) async fn observed() -> Result<Report, BenchError> {
    let mut loud = start(&[]).await?;
    let mut quiet = start(&[("log.level", json!("error"))]).await?;
    let query = json!({ "q": word(40), "limit": 20 });
    let path = format!("/indexes/{INDEX}/search");
    let way = |fleet: &mut BenchFleet| Way {
        shots: vec![fleet.read(&path, Some(&query))],
        processes: vec![fleet.process()],
    };
    let ways = [way(&mut loud), way(&mut quiet)];
    take_turns(LEARNING, &ways)?;
    let busy = take_turns(BUSY, &ways)?;
    let mut report = Report::new(&name(Scenario::Observed));
    let costs = [&busy[0], &busy[1]].map(|cost| cost.processor_microseconds());
    report.figure("processor_us", costs[0]);
    report.figure("processor_us_without_log", costs[1]);
    let share = busy[0].throughput() / busy[1].throughput();
    report.limited("of_throughput_without_log", share, AtLeast(0.92));
    let scrape = scrape_of_many(&mut quiet).await?;
    let milliseconds = scrape.as_secs_f64() * 1e3;
    report.limited("scrape_ms_with_100_indexes", milliseconds, AtMost(20.0));
    Ok(report)
}

async fn start(configuration: &[(&str, serde_json::Value)]) -> Result<BenchFleet, BenchError> {
    let shape = Shape {
        nodes: 1,
        rf: 1,
        documents: 2_000,
        canned: true,
    };
    BenchFleet::start(shape, configuration).await
}

/// The time of a scrape in the middle.
async fn scrape_of_many(fleet: &mut BenchFleet) -> Result<Duration, BenchError> {
    let client = fleet.client();
    let mut tasks = Vec::new();
    for number in 1..INDEXES {
        let index = json!({ "uid": format!("index-{number}"), "primaryKey": "id" });
        tasks.extend(client.post("/indexes", &index).await?.task_uid());
    }
    for task in tasks {
        client.wait_task(task).await?;
    }
    let monitoring = Client::new(&fleet.metrics_url(), None);
    let mut times = Vec::with_capacity(SCRAPES);
    for _ in 0..SCRAPES {
        let begun = Instant::now();
        let scrape = monitoring.get("/metrics").await?;
        times.push(begun.elapsed());
        if !scrape.text().contains("miroir_shard_coverage") {
            return Err(BenchError::Unfit("the scrape brought nothing".to_owned()));
        }
    }
    times.sort_unstable();
    Ok(times[SCRAPES / 2])
}
