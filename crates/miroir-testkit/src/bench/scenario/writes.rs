//! Batches of documents: what cutting, marking and following them costs the proxy.

use std::time::Instant;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

use super::{Scenario, name};
use crate::bench::fleet::{self, BenchFleet, INDEX, Shape};
use crate::bench::usage::Usage;
use crate::bench::{BenchError, Report};

const BATCHES: u32 = 40;
/// Documents of about 1 KB.
const BATCH: u32 = 1_000;

pub(super) async fn batches() -> Result<Report, BenchError> {
    let shape = Shape {
        nodes: 3,
        rf: 2,
        documents: 100,
        canned: false,
    };
    let mut fleet = BenchFleet::start(shape, &[]).await?;
    let client = fleet.client();
    let path = format!("/indexes/{INDEX}/documents");
    let mut random = StdRng::seed_from_u64(3);
    let bodies: Vec<Value> = (0..BATCHES)
        .map(|batch| {
            let ids = batch * BATCH..(batch + 1) * BATCH;
            ids.map(|id| fleet::document(id, &mut random)).collect()
        })
        .collect();
    let before = Usage::of(fleet.process())?;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for body in &bodies {
        let answer = client.post(&path, body).await?;
        let task = answer.task_uid();
        tasks.push(task.ok_or_else(|| BenchError::Unfit(answer.text()))?);
    }
    let acknowledged = begun.elapsed();
    for task in tasks {
        client.wait_task(task).await?;
    }
    let after = Usage::of(fleet.process())?;
    let documents = f64::from(BATCHES * BATCH);
    let mut report = Report::new(&name(Scenario::Writes));
    let processor = (after.processor - before.processor).as_secs_f64() * 1e6;
    report.figure("processor_us_per_document", processor / documents);
    let batch = acknowledged.as_secs_f64() * 1e3 / f64::from(BATCHES);
    report.figure("acknowledged_ms_per_batch", batch);
    report.figure(
        "acknowledged_documents_per_second",
        documents / acknowledged.as_secs_f64(),
    );
    Ok(report)
}
