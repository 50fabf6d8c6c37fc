//! Nodes and proxies as real child processes.
//!
//! A child lives in a folder of its own, writes its output to `log` there, and never outlives its handle: dropping one
//! kills the process, and while a test is failing the end of its log is printed first.

mod child;
mod executable;
mod node;
mod proxy;
#[cfg(test)]
mod tests;

pub use child::{Child, ProcessError};
pub use executable::{
    ALLOCATIONS_VARIABLE, ENGINE_VARIABLE, EXECUTABLE_VARIABLE, PROXY_VARIABLE, miroir,
};
pub use miroir_devnode::Port;
pub use node::Node;
pub use proxy::Proxy;
