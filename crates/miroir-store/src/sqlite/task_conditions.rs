//! A task filter as SQL.

use std::collections::BTreeSet;

use miroir_core::id::TaskUid;
use serde::Serialize;

use crate::Json;
use crate::table::{Span, TaskListFilter};

/// The text after `WHERE`, and the values of its parameters. A set is one parameter, a JSON list, so the text does not
/// grow with it and the statement stays prepared.
pub(super) struct Conditions {
    clauses: Vec<String>,
    values: Vec<String>,
}

impl Conditions {
    pub(super) fn of(filter: &TaskListFilter) -> Self {
        let mut conditions = Self {
            clauses: Vec::new(),
            values: Vec::new(),
        };
        if !filter.include_hidden {
            conditions.clauses.push("visible = 1".to_owned());
        }
        conditions.one_of("uid", &filter.uids);
        conditions.one_of("batch_uid", &filter.batch_uids);
        conditions.one_of("status", &filter.statuses);
        conditions.one_of("kind", &filter.kinds);
        conditions.touching(filter);
        conditions.one_of("canceled_by", &filter.canceled_by);
        conditions.within("enqueued_at", filter.enqueued);
        conditions.within("started_at", filter.started);
        conditions.within("finished_at", filter.finished);
        conditions
    }

    /// Only this task and those after it in the direction of the list.
    pub(super) fn from(&mut self, first: TaskUid, oldest_first: bool) {
        let comparison = if oldest_first { ">=" } else { "<=" };
        self.clauses.push(format!("uid {comparison} {first}"));
    }

    pub(super) fn sql(&self) -> String {
        if self.clauses.is_empty() {
            "true".to_owned()
        } else {
            self.clauses.join(" AND ")
        }
    }

    pub(super) fn values(&self) -> &[String] {
        &self.values
    }

    fn one_of<T: Serialize>(&mut self, column: &str, allowed: &Option<BTreeSet<T>>) {
        let Some(allowed) = allowed else { return };
        self.values.push(Json::of(allowed).to_string());
        let parameter = self.values.len();
        // With one value the order of an index is the order of the list, and a page is read without sorting.
        self.clauses.push(if allowed.len() == 1 {
            format!("{column} = (?{parameter} ->> 0)")
        } else {
            format!("{column} IN (SELECT value FROM json_each(?{parameter}))")
        });
    }

    /// As [`TaskListFilter::index_uids`] says: an index of its own, or one named in the details of a swap or a rename.
    fn touching(&mut self, filter: &TaskListFilter) {
        let Some(index_uids) = &filter.index_uids else {
            return;
        };
        self.values.push(Json::of(index_uids).to_string());
        let wanted = format!("(SELECT value FROM json_each(?{}))", self.values.len());
        self.clauses.push(format!(
            "(index_uid IN {wanted}
              OR (kind = 'indexUpdate' AND details ->> '$.newIndexUid' IN {wanted})
              OR (kind = 'indexSwap' AND EXISTS (
                    SELECT 1 FROM json_each(details, '$.swaps') AS swap, json_each(swap.value, '$.indexes') AS name
                    WHERE name.value IN {wanted})))"
        ));
    }

    fn within(&mut self, column: &str, span: Span) {
        if let Some(after) = span.after {
            self.clauses.push(format!("{column} > {after}"));
        }
        if let Some(before) = span.before {
            self.clauses.push(format!("{column} < {before}"));
        }
    }
}
