//! The time of day, read in one place.

use miroir_core::wire::time::Timestamp;

/// Now, to the nanosecond.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_nanoseconds(jiff::Timestamp::now().as_nanosecond())
        .expect("the clock is set to a year before 10000")
}
