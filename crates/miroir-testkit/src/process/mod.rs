//! Nodes and proxies as real child processes.
//!
//! A child lives in a folder of its own, writes its output to `log` there, and never outlives its handle: dropping one
//! kills the process, and while a test is failing the end of its log is printed first.

mod child;
mod executable;
mod node;
mod port;
mod proxy;
#[cfg(test)]
mod tests;

pub use child::{Child, ProcessError};
pub use executable::{ENGINE_VARIABLE, EXECUTABLE_VARIABLE, miroir};
pub use node::Node;
pub use port::free_port;
pub use proxy::Proxy;

/// How many ports are tried before a child that cannot listen is given up.
pub(crate) const PORT_ATTEMPTS: usize = 5;
