//! Tasks that change what is inside an index: documents and settings.

use serde_json::Value;

use super::{Done, Failure, Node, Target};
use crate::engine::documents::{self, Operation};
use crate::engine::error;
use crate::queue::task::{Content, Task};
use crate::settings::{self, Settings};

impl Node<'_> {
    /// Writes and deletions by id.
    pub(super) fn write_documents(&self, uid: &str, tasks: Vec<Task>) -> Result<Done, Failure> {
        let writes = tasks
            .iter()
            .any(|task| matches!(task.content, Content::DocumentWrite { .. }));
        if !writes {
            return self.delete_by_ids(uid, tasks);
        }
        let target = self.existing_or_new(uid)?;
        let failure = |error: milli_core::Error| Failure::of(&error, uid);
        let mut wtxn = target
            .index
            .write_txn()
            .map_err(|error| failure(error.into()))?;
        let mut operations = Vec::new();
        let mut primary_key = None;
        for task in &tasks {
            operations.push(match &task.content {
                Content::DocumentWrite {
                    method,
                    primary_key: named,
                    payload,
                    skip_creation,
                    ..
                } => {
                    primary_key = primary_key.or(named.as_deref());
                    let mut bytes = self.queue.read_payload(*payload)?;
                    if *skip_creation {
                        bytes = without_new(&target, &bytes, named.as_deref()).map_err(failure)?;
                    }
                    Operation::Write {
                        method: *method,
                        payload: documents::payload(&bytes)?,
                    }
                }
                Content::DocumentDeletion { ids, .. } => Operation::Delete { ids: ids.clone() },
                other => unreachable!("{} is never batched with documents", other.kind()),
            });
        }
        let outcomes = documents::apply(
            self.engine,
            &target.index,
            &mut wtxn,
            &operations,
            primary_key,
            &self.queue.stop,
        )
        .map_err(failure)?;
        wtxn.commit().map_err(|error| failure(error.into()))?;

        let mut tasks = tasks;
        for (task, outcome) in tasks.iter_mut().zip(outcomes) {
            let (member, count) = match &task.content {
                // Skipped documents count as indexed.
                Content::DocumentWrite {
                    skip_creation: true,
                    count,
                    ..
                } => ("indexedDocuments", *count),
                Content::DocumentWrite { .. } => ("indexedDocuments", outcome.count),
                _ => ("deletedDocuments", outcome.count),
            };
            match outcome.error {
                Some(error) => task.fail(error::to_api(&error.into())),
                None => task.count(member, count),
            }
        }
        let change = self.measured(uid, target)?;
        Ok(Done::new(tasks, vec![change]))
    }

    /// A batch of nothing but deletions counts the documents that were there.
    fn delete_by_ids(&self, uid: &str, mut tasks: Vec<Task>) -> Result<Done, Failure> {
        let target = self.existing(uid)?;
        let failure = |error: milli_core::Error| Failure::of(&error, uid);
        let mut wtxn = target
            .index
            .write_txn()
            .map_err(|error| failure(error.into()))?;
        let mut doomed = roaring::RoaringBitmap::new();
        for task in &mut tasks {
            let Content::DocumentDeletion { ids, .. } = &task.content else {
                continue;
            };
            let before = doomed.len();
            doomed |= documents::by_ids(&target.index, &wtxn, ids).map_err(failure)?;
            task.count("deletedDocuments", doomed.len() - before);
        }
        documents::delete(
            self.engine,
            &target.index,
            &mut wtxn,
            doomed,
            &self.queue.stop,
        )
        .map_err(failure)?;
        wtxn.commit().map_err(|error| failure(error.into()))?;
        let change = self.measured(uid, target)?;
        Ok(Done::new(tasks, vec![change]))
    }

    pub(super) fn delete_by_filter(
        &self,
        uid: &str,
        filter: &Value,
        mut tasks: Vec<Task>,
    ) -> Result<Done, Failure> {
        let target = self.existing(uid)?;
        let failure = |error: milli_core::Error| Failure::of(&error, uid);
        let mut wtxn = target
            .index
            .write_txn()
            .map_err(|error| failure(error.into()))?;
        let doomed = documents::by_filter(&target.index, &wtxn, filter).map_err(failure)?;
        tasks[0].count("deletedDocuments", doomed.len());
        documents::delete(
            self.engine,
            &target.index,
            &mut wtxn,
            doomed,
            &self.queue.stop,
        )
        .map_err(failure)?;
        wtxn.commit().map_err(|error| failure(error.into()))?;
        let change = self.measured(uid, target)?;
        Ok(Done::new(tasks, vec![change]))
    }

    pub(super) fn clear(&self, uid: &str, mut tasks: Vec<Task>) -> Result<Done, Failure> {
        let target = self.existing(uid)?;
        let failure = |error: milli_core::Error| Failure::of(&error, uid);
        let mut wtxn = target
            .index
            .write_txn()
            .map_err(|error| failure(error.into()))?;
        let count = milli_core::update::ClearDocuments::new(&mut wtxn, &target.index)
            .execute()
            .map_err(failure)?;
        wtxn.commit().map_err(|error| failure(error.into()))?;
        tasks[0].count("deletedDocuments", count);
        let change = self.measured(uid, target)?;
        Ok(Done::new(tasks, vec![change]))
    }

    pub(super) fn update_settings(
        &self,
        uid: &str,
        submitted: Value,
        reset: bool,
        tasks: Vec<Task>,
    ) -> Result<Done, Failure> {
        let settings: Settings = serde_json::from_value(submitted)
            .map_err(|problem| error::internal(format!("stored settings: {problem}")))?;
        let target = if reset {
            self.existing(uid)?
        } else {
            self.existing_or_new(uid)?
        };
        let failure = |error: milli_core::Error| Failure::of(&error, uid);
        let mut wtxn = target
            .index
            .write_txn()
            .map_err(|error| failure(error.into()))?;
        let mut builder =
            milli_core::update::Settings::new(&mut wtxn, &target.index, self.engine.indexer());
        settings::apply::apply(&settings, &mut builder);
        let stop = || self.queue.stop.load(std::sync::atomic::Ordering::Relaxed);
        builder.execute(|_| (), stop).map_err(failure)?;
        wtxn.commit().map_err(|error| failure(error.into()))?;
        let change = self.measured(uid, target)?;
        Ok(Done::new(tasks, vec![change]))
    }
}

/// A payload without the documents that are not in the index. Without a primary key the index is empty, so nothing
/// remains.
fn without_new(
    target: &Target,
    payload: &[u8],
    named: Option<&str>,
) -> Result<Vec<u8>, milli_core::Error> {
    let rtxn = target.index.read_txn()?;
    match target.index.primary_key(&rtxn)?.or(named) {
        Some(key) => documents::only_existing(&target.index, &rtxn, payload, key),
        None => Ok(Vec::new()),
    }
}
