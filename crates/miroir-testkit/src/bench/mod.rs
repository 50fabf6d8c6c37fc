//! What Miroir costs: the same load on a node directly, through nginx and through Miroir, in one run on one machine.
//!
//! Nodes are [`canned`]: real ones set up the fleet and answer every read once, after that the same bytes come back at once, so that
//! a figure is the price of the proxy and not of the engine. Times are ratios and differences between parts of one run, taken in
//! turns, because the machine may be shared.

mod canned;
mod fleet;
mod load;
mod nginx;
mod report;
mod scenario;
mod usage;

pub use canned::Canned;
pub use report::{Figure, Report};
pub use scenario::{Scenario, run};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The fleet did not start.
    #[error(transparent)]
    Cluster(#[from] crate::cluster::ClusterError),
    /// A process did not do as it was told.
    #[error(transparent)]
    Process(#[from] crate::process::ProcessError),
    /// A request of the preparations got no answer.
    #[error(transparent)]
    Client(#[from] crate::client::ClientError),
    /// Sockets or files.
    #[error("the system refused")]
    System(#[from] std::io::Error),
    /// A connection of the load failed.
    #[error("a connection of the load failed")]
    Connection(#[from] hyper::Error),
    /// A request of the load cannot be written.
    #[error("a request of the load cannot be written")]
    Request(#[from] http::Error),
    /// The fleet is not what the scenario needs.
    #[error("{0}")]
    Unfit(String),
}

/// Lets this process and the ones that it starts hold as many connections as the system allows.
pub fn allow_many_connections() {
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit {
        current: limits.maximum,
        maximum: limits.maximum,
    };
    // Where it is refused, the scenario that needs them says what failed.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
}
