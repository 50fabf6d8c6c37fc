//! What operators see of the process: metrics, the log, traces.

pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod pressure;
pub(crate) mod request;
pub(crate) mod traces;

use tokio::runtime::Handle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::config::Config;
use crate::http::reply::Cause;

/// Starts the log of this process, and its traces where they are wanted.
///
/// # Errors
/// Traces cannot be set up.
pub(crate) fn start(config: &Config, runtime: &Handle) -> Result<(), Cause> {
    let filter = EnvFilter::try_new(config.log.level.as_str());
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process (tests) keeps the first subscriber.
    let _ = match traces::start(&config.tracing, runtime)? {
        None => tracing::subscriber::set_global_default(log::only(filter)),
        Some(tracer) => {
            let log = log::layer().with_filter(filter.and(traces::not_ours()));
            let traces = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_target(false)
                .with_filter(traces::ours());
            let both = tracing_subscriber::registry().with(log).with(traces);
            tracing::subscriber::set_global_default(both)
        }
    };
    Ok(())
}
