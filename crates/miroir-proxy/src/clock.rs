//! The one place that reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use miroir_core::wire::time::Timestamp;

/// Nanoseconds since 1970.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    now_ns() / 1_000_000
}

/// The same as clients read it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_nanoseconds(i128::from(now_ns())).expect("the present lies within the calendar")
}
