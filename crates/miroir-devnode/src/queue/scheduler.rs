//! The one thread that does tasks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::process::{self, Done, Failure};
use super::state::Change;
use super::task::Task;
use super::{Queue, batch};
use crate::engine::{Engine, error};
use miroir_core::wire::task::TaskStatus;

/// Does tasks until the node ends.
pub(crate) fn run(engine: &Engine, queue: &Queue) {
    while queue.wait() {
        while !queue.is_ending() {
            let next = batch::next(&queue.state());
            let Some(tasks) = next else { break };
            if let Err(problem) = work(engine, queue, tasks) {
                tracing::error!(error = %problem, "cannot write the journal, tasks wait");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// Does one batch. An error means that the journal cannot be written.
fn work(engine: &Engine, queue: &Queue, tasks: Vec<Arc<Task>>) -> std::io::Result<()> {
    queue.stop.store(false, Ordering::Relaxed);
    let batch = queue.state().next_batch;
    let started = crate::clock::now();
    let tasks: Vec<Task> = tasks
        .iter()
        .map(|task| {
            let mut task = Task::clone(task);
            task.status = TaskStatus::Processing;
            task.batch = Some(batch);
            task.started_at = Some(started);
            task
        })
        .collect();
    queue.commit(rows(&tasks), false)?;

    let done = loop {
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            process::run(engine, queue, tasks.clone())
        }));
        match attempt {
            Ok(Ok(done)) => break done,
            Ok(Err(Failure::Failed(error))) => break Done::failed(tasks, &error),
            Ok(Err(Failure::Full(uid))) => grow(engine, queue, &uid)?,
            Ok(Err(Failure::Stopped)) => return requeue(queue, tasks),
            Err(panic) => {
                let reason = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("the engine panicked");
                break Done::failed(tasks, &error::internal(reason));
            }
        }
    };
    finish(engine, queue, done)
}

/// Writes the end of a batch in one piece, then removes the files it no longer needs.
fn finish(engine: &Engine, queue: &Queue, done: Done) -> std::io::Result<()> {
    let finished = crate::clock::now();
    let mut changes = done.changes;
    let mut payloads = Vec::new();
    for mut task in done.tasks {
        if task.status == TaskStatus::Processing {
            task.status = TaskStatus::Succeeded;
        }
        task.finished_at = Some(finished);
        payloads.extend(task.content.payload());
        changes.push(Change::PutTask(Arc::new(task)));
    }
    queue.commit(changes, true)?;
    payloads
        .into_iter()
        .for_each(|uuid| queue.remove_payload(uuid));
    done.removed
        .into_iter()
        .for_each(|uuid| engine.remove(uuid));
    Ok(())
}

/// Puts tasks back: they were stopped and nothing of them happened.
fn requeue(queue: &Queue, mut tasks: Vec<Task>) -> std::io::Result<()> {
    for task in &mut tasks {
        task.status = TaskStatus::Enqueued;
        task.batch = None;
        task.started_at = None;
    }
    queue.commit(rows(&tasks), false)
}

/// Doubles the address space of a full index.
fn grow(engine: &Engine, queue: &Queue, uid: &str) -> std::io::Result<()> {
    let entry = queue.state().indexes.get(uid).cloned();
    if let Some(mut entry) = entry {
        entry.map_size *= 2;
        engine.close(entry.uuid);
        tracing::info!(index = uid, bytes = entry.map_size, "index grows");
        queue.commit(vec![Change::PutIndex(uid.to_owned(), entry)], true)?;
    }
    Ok(())
}

fn rows(tasks: &[Task]) -> Vec<Change> {
    tasks
        .iter()
        .map(|task| Change::PutTask(Arc::new(task.clone())))
        .collect()
}
