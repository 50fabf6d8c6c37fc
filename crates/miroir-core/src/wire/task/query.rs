//! The query parameters that select tasks, for lists, cancelations and deletions.

use deserr::Deserr;

use super::{TaskFilter, TaskKind, TaskStatus};
use crate::error::{ApiError, Code, TaskSelection};
use crate::wire::deserialize::{
    FromParameter, Parameter, ParametersFault, QueryFault, Reason, StarOr, StarOrList,
};
use crate::wire::index::ValidUid;
use crate::wire::time::{Timestamp, read_date};

const DEFAULT_LIMIT: u32 = 20;

/// `after*` and `before*` read a bare date differently: after a day is after its last instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct After(Timestamp);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Before(Timestamp);

impl FromParameter for After {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        read_instant(text, Timestamp::next_day).map(After)
    }
}

impl FromParameter for Before {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        read_instant(text, |midnight| midnight).map(Before)
    }
}

fn read_instant(text: &str, bare_date: fn(Timestamp) -> Timestamp) -> Result<Timestamp, Reason> {
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    // The server's date format allows a sign; nothing is before the year 0 here.
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    match read_date(unsigned) {
        Some(_) if negative => Ok(Timestamp::MIN),
        Some(date) => Ok(bare_date(Timestamp::midnight(date))),
        None => Err(Reason(format!(
            "`{text}` is an invalid date-time. It should follow the YYYY-MM-DD or RFC 3339 date-time format."
        ))),
    }
}

/// Declares a parameter type with the twelve filters after its own fields, in the order error texts list them.
macro_rules! filtered {
    (
        $(#[$attribute:meta])*
        pub struct $type:ident { $($(#[$own_attribute:meta])* $own:ident: $own_type:ty,)* }
        filters in order: $($name:ident: $filter:ty, $code:ident;)*
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserr)]
        #[deserr(error = ParametersFault, rename_all = camelCase, deny_unknown_fields)]
        pub struct $type {
            $($(#[$own_attribute])* $own: $own_type,)*
            $(#[deserr(default, error = QueryFault<{ Code::$code as u16 }>)] $name: $filter,)*
        }

        impl $type {
            fn into_filter(self) -> TaskFilter {
                TaskFilter {
                    uids: self.uids.into_option(),
                    batch_uids: self.batch_uids.into_option(),
                    canceled_by: self.canceled_by.into_option(),
                    types: self.types.into_option(),
                    statuses: self.statuses.into_option(),
                    index_uids: self.index_uids.into_option().map(|uids| {
                        uids.into_iter().map(|ValidUid(uid)| uid).collect()
                    }),
                    after_enqueued_at: self.after_enqueued_at.into_option().map(|after| after.0),
                    before_enqueued_at: self.before_enqueued_at.into_option().map(|before| before.0),
                    after_started_at: self.after_started_at.into_option().map(|after| after.0),
                    before_started_at: self.before_started_at.into_option().map(|before| before.0),
                    after_finished_at: self.after_finished_at.into_option().map(|after| after.0),
                    before_finished_at: self.before_finished_at.into_option().map(|before| before.0),
                }
            }
        }
    };
}

filtered! {
    /// Parameters of `GET /tasks` and `GET /batches`.
    pub struct TaskListParameters {
        #[deserr(default = Parameter(DEFAULT_LIMIT), error = QueryFault<{ Code::InvalidTaskLimit as u16 }>)]
        limit: Parameter<u32>,
        #[deserr(default, error = QueryFault<{ Code::InvalidTaskFrom as u16 }>)]
        from: Option<Parameter<u32>>,
        #[deserr(default, error = QueryFault<{ Code::InvalidTaskReverse as u16 }>)]
        reverse: Option<Parameter<bool>>,
    }
    filters in order:
    batch_uids: StarOrList<u32>, InvalidBatchUids;
    uids: StarOrList<u32>, InvalidTaskUids;
    canceled_by: StarOrList<u32>, InvalidTaskCanceledBy;
    types: StarOrList<TaskKind>, InvalidTaskTypes;
    statuses: StarOrList<TaskStatus>, InvalidTaskStatuses;
    index_uids: StarOrList<ValidUid>, InvalidIndexUid;
    after_enqueued_at: StarOr<After>, InvalidTaskAfterEnqueuedAt;
    before_enqueued_at: StarOr<Before>, InvalidTaskBeforeEnqueuedAt;
    after_started_at: StarOr<After>, InvalidTaskAfterStartedAt;
    before_started_at: StarOr<Before>, InvalidTaskBeforeStartedAt;
    after_finished_at: StarOr<After>, InvalidTaskAfterFinishedAt;
    before_finished_at: StarOr<Before>, InvalidTaskBeforeFinishedAt;
}

filtered! {
    /// Parameters of `POST /tasks/cancel` and `DELETE /tasks`.
    pub struct TaskSelectionParameters {}
    filters in order:
    uids: StarOrList<u32>, InvalidTaskUids;
    batch_uids: StarOrList<u32>, InvalidBatchUids;
    canceled_by: StarOrList<u32>, InvalidTaskCanceledBy;
    types: StarOrList<TaskKind>, InvalidTaskTypes;
    statuses: StarOrList<TaskStatus>, InvalidTaskStatuses;
    index_uids: StarOrList<ValidUid>, InvalidIndexUid;
    after_enqueued_at: StarOr<After>, InvalidTaskAfterEnqueuedAt;
    before_enqueued_at: StarOr<Before>, InvalidTaskBeforeEnqueuedAt;
    after_started_at: StarOr<After>, InvalidTaskAfterStartedAt;
    before_started_at: StarOr<Before>, InvalidTaskBeforeStartedAt;
    after_finished_at: StarOr<After>, InvalidTaskAfterFinishedAt;
    before_finished_at: StarOr<Before>, InvalidTaskBeforeFinishedAt;
}

/// A page of tasks wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskList {
    pub limit: u32,
    /// The first uid, inclusive.
    pub from: Option<u32>,
    /// Oldest first instead of newest first.
    pub reverse: bool,
    pub filter: TaskFilter,
}

impl From<TaskListParameters> for TaskList {
    fn from(parameters: TaskListParameters) -> Self {
        Self {
            limit: parameters.limit.0,
            from: parameters.from.map(|from| from.0),
            reverse: parameters.reverse.is_some_and(|reverse| reverse.0),
            filter: parameters.into_filter(),
        }
    }
}

impl TaskList {
    /// Whether a uid is at or after the start of the page.
    pub fn reaches(&self, uid: u32) -> bool {
        self.from.is_none_or(|from| {
            if self.reverse {
                uid >= from
            } else {
                uid <= from
            }
        })
    }
}

impl TaskSelectionParameters {
    /// The filter, refused when no parameter was given at all; `*` is one, and selects every task.
    pub fn select(self, selection: TaskSelection) -> Result<TaskFilter, ApiError> {
        if self.is_empty() {
            return Err(ApiError::missing_task_filters(selection));
        }
        Ok(self.into_filter())
    }

    fn is_empty(&self) -> bool {
        self.uids.is_absent()
            && self.batch_uids.is_absent()
            && self.canceled_by.is_absent()
            && self.types.is_absent()
            && self.statuses.is_absent()
            && self.index_uids.is_absent()
            && self.after_enqueued_at.is_absent()
            && self.before_enqueued_at.is_absent()
            && self.after_started_at.is_absent()
            && self.before_started_at.is_absent()
            && self.after_finished_at.is_absent()
            && self.before_finished_at.is_absent()
    }
}
