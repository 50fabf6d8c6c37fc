//! A task filter as SQL.

use std::collections::{BTreeMap, BTreeSet};

use miroir_core::wire::task::TaskKind;
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
        if filter.batch_uids.is_some() {
            conditions.one_of("batch_uid", &filter.batch_uids);
            conditions.in_a_batch(filter);
        }
        if filter.statuses.is_some() {
            let status = match conditions.since(filter) {
                Some(since) => format!(
                    "CASE WHEN status = 'enqueued' AND {since} IS NOT NULL THEN 'processing' ELSE status END"
                ),
                None => "status".to_owned(),
            };
            conditions.one_of(&status, &filter.statuses);
        }
        conditions.one_of("kind", &filter.kinds);
        conditions.touching(filter);
        conditions.one_of("canceled_by", &filter.canceled_by);
        conditions.within("enqueued_at", filter.enqueued);
        if filter.started != Span::default() {
            let started = match conditions.since(filter) {
                Some(since) => format!("coalesce(started_at, {since})"),
                None => "started_at".to_owned(),
            };
            conditions.within(&started, filter.started);
        }
        conditions.within("finished_at", filter.finished);
        conditions
    }

    /// Only this uid and those after it in the direction of the list.
    pub(super) fn from(&mut self, column: &str, first: u32, oldest_first: bool) {
        let comparison = if oldest_first { ">=" } else { "<=" };
        self.clauses.push(format!("{column} {comparison} {first}"));
    }

    /// As [`TaskListFilter::shows`] says.
    pub(super) fn shown(&mut self, filter: &TaskListFilter) {
        if filter.index_uids.is_some() {
            let hidden = TaskKind::ALL.iter().filter(|kind| !kind.has_one_index());
            let names: Vec<String> = hidden.map(|kind| format!("'{kind}'")).collect();
            self.clauses
                .push(format!("kind NOT IN ({})", names.join(", ")));
        }
    }

    /// As [`TaskListFilter::batch_of`] says.
    pub(super) fn in_a_batch(&mut self, filter: &TaskListFilter) {
        let begun = match self.since(filter) {
            Some(since) => format!("(status <> 'enqueued' OR {since} IS NOT NULL)"),
            None => "status <> 'enqueued'".to_owned(),
        };
        self.clauses
            .push(format!("batch_uid IS NOT NULL AND {begun}"));
    }

    /// Since when a task is being processed, as an expression; `None` when none is.
    fn since(&mut self, filter: &TaskListFilter) -> Option<String> {
        if filter.processing.is_empty() {
            return None;
        }
        let since = filter.processing.iter();
        let since: BTreeMap<String, i64> =
            since.map(|(uid, at)| (uid.0.to_string(), *at)).collect();
        self.values.push(Json::of(&since).to_string());
        Some(format!("(?{} ->> ('' || uid))", self.values.len()))
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
