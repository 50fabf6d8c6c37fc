//! Tasks about indexes as a whole: create, change, delete, swap.

use std::collections::BTreeSet;
use std::sync::Arc;

use miroir_core::error::ApiError;

use super::{Done, Failure, Node};
use crate::queue::state::{Change, State};
use crate::queue::task::{Swap, Task};

impl Node<'_> {
    pub(super) fn create_index(
        &self,
        uid: &str,
        primary_key: Option<String>,
        tasks: Vec<Task>,
    ) -> Result<Done, Failure> {
        if self.queue.state().indexes.contains_key(uid) {
            return Err(ApiError::index_already_exists(uid).into());
        }
        self.existing_or_new(uid)?;
        self.update_index(uid, primary_key, None, tasks)
    }

    pub(super) fn update_index(
        &self,
        uid: &str,
        primary_key: Option<String>,
        new_uid: Option<String>,
        tasks: Vec<Task>,
    ) -> Result<Done, Failure> {
        let target = self.existing(uid)?;
        let new_uid = new_uid.filter(|new| new != uid);
        if let Some(new) = &new_uid
            && self.queue.state().indexes.contains_key(new)
        {
            return Err(ApiError::index_already_exists(new).into());
        }
        if let Some(primary_key) = primary_key {
            let named = new_uid.as_deref().unwrap_or(uid);
            let failure = |error: milli_core::Error| Failure::of(&error, named);
            let mut wtxn = target
                .index
                .write_txn()
                .map_err(|error| failure(error.into()))?;
            let mut builder =
                milli_core::update::Settings::new(&mut wtxn, &target.index, self.engine.indexer());
            builder.set_primary_key(primary_key);
            builder.execute(|_| (), || false).map_err(failure)?;
            wtxn.commit().map_err(|error| failure(error.into()))?;
        }
        let Change::PutIndex(_, mut entry) = self.measured(uid, target)? else {
            unreachable!("measuring an index gives its row");
        };
        let Some(new) = new_uid else {
            return Ok(Done::new(
                tasks,
                vec![Change::PutIndex(uid.to_owned(), entry)],
            ));
        };
        entry.updated_at = crate::clock::now();
        let mut changes = vec![
            Change::RemoveIndex(uid.to_owned()),
            Change::PutIndex(new.clone(), entry),
        ];
        changes.extend(rename_tasks(
            &self.queue.state(),
            tasks[0].uid,
            &[[uid, &new]],
        ));
        Ok(Done::new(tasks, changes))
    }

    pub(super) fn delete_index(&self, uid: &str, mut tasks: Vec<Task>) -> Result<Done, Failure> {
        let entry = self.queue.state().indexes.get(uid).cloned();
        let entry = entry.ok_or_else(|| ApiError::index_not_found(uid))?;
        tasks[0].count("deletedDocuments", entry.stats.documents);
        let mut done = Done::new(tasks, vec![Change::RemoveIndex(uid.to_owned())]);
        done.removed.push(entry.uuid);
        Ok(done)
    }

    pub(super) fn swap(&self, swaps: &[Swap], tasks: Vec<Task>) -> Result<Done, Failure> {
        let state = self.queue.state();
        check(&state, swaps)?;
        let mut changes = Vec::new();
        for Swap { indexes, rename } in swaps {
            let [left, right] = indexes;
            let row = |uid: &String| state.indexes.get(uid).cloned();
            if let Some(entry) = row(left) {
                changes.push(Change::PutIndex(right.clone(), entry));
            }
            match row(right) {
                Some(entry) if !rename => changes.push(Change::PutIndex(left.clone(), entry)),
                _ => changes.push(Change::RemoveIndex(left.clone())),
            }
        }
        let pairs: Vec<[&str; 2]> = swaps
            .iter()
            .map(|swap| [swap.indexes[0].as_str(), swap.indexes[1].as_str()])
            .collect();
        changes.extend(rename_tasks(&state, tasks[0].uid, &pairs));
        Ok(Done::new(tasks, changes))
    }
}

/// Every index must exist, but the second of a rename must not.
fn check(state: &State, swaps: &[Swap]) -> Result<(), ApiError> {
    let mut missing = BTreeSet::new();
    let mut in_the_way = Vec::new();
    for Swap { indexes, rename } in swaps {
        let [left, right] = indexes;
        if !state.indexes.contains_key(left) {
            missing.insert(left);
        }
        match (state.indexes.contains_key(right), rename) {
            (true, true) => in_the_way.push((left, right)),
            (false, false) => {
                missing.insert(right);
            }
            (true, false) | (false, true) => {}
        }
    }
    if !missing.is_empty() {
        let missing: Vec<&String> = missing.into_iter().collect();
        return Err(ApiError::indexes_not_found(&missing));
    }
    match in_the_way.as_slice() {
        [] => Ok(()),
        [(left, right)] => Err(ApiError::rename_onto_existing(left, right)),
        several => {
            let names: Vec<&String> = several.iter().map(|(_, right)| *right).collect();
            Err(ApiError::renames_onto_existing(&names))
        }
    }
}

/// Tasks follow their index: those before task `before` are told under its new name.
fn rename_tasks(state: &State, before: u32, swaps: &[[&str; 2]]) -> Vec<Change> {
    let mut changes = Vec::new();
    for task in state.tasks.range(..before).map(|(_, task)| task) {
        let mut renamed = Task::clone(task);
        let mut changed = false;
        for name in renamed.content.indexes_mut() {
            let other = swaps.iter().find_map(|[left, right]| {
                if name == left {
                    Some(*right)
                } else if name == right {
                    Some(*left)
                } else {
                    None
                }
            });
            if let Some(other) = other {
                other.clone_into(name);
                changed = true;
            }
        }
        if changed {
            changes.push(Change::PutTask(Arc::new(renamed)));
        }
    }
    changes
}
