//! The integration tests: real processes, real sockets. They run against the embedded node, or against a real server
//! where `MIROIR_TEST_NODE_BIN` names its executable.

mod alike;
mod crashes;
mod dictionary;
mod edge;
mod embedder;
mod errors;
mod explain;
mod facets;
mod failover;
mod federation;
mod fields;
mod fixture;
mod fleet_recordings;
mod frequency;
mod geo;
mod history;
mod hybrid;
mod invisibility;
mod keys;
mod metrics;
mod names;
mod narrowing;
mod nodes;
mod oracle;
mod placement;
mod recordings;
mod repair;
mod restarts;
mod rounds;
mod selected;
mod staleness;
mod startup;
mod store;
mod tasks;
mod writes;
