//! The integration tests: real processes, real sockets. They run against the embedded node, or against a real server
//! where `MIROIR_TEST_NODE_BIN` names its executable.

mod alike;
mod embedder;
mod dictionary;
mod errors;
mod failover;
mod federation;
mod fixture;
mod fleet_recordings;
mod hybrid;
mod invisibility;
mod nodes;
mod oracle;
mod placement;
mod recordings;
mod restarts;
mod rounds;
mod staleness;
mod startup;
mod writes;
