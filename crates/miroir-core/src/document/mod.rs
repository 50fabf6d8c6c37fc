//! Client documents on their way to the nodes: cut from the payload, routed by primary key, stamped, never rewritten.
//!
//! A document stays a slice of the client's body from arrival to departure. What the server would refuse at once is an
//! error of [`batch::Batch::read`]; what it would refuse in the task is an error inside the [`batch::Routes`] result.

pub mod batch;
pub mod deletion;
pub mod digest;
pub mod fields;
pub mod leg;
pub mod marker;
pub(crate) mod members;
pub mod primary_key;
pub mod reserved;
