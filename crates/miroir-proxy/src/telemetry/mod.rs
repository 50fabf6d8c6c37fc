//! What operators see of the process: metrics and the log.

pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod pressure;
pub(crate) mod request;
