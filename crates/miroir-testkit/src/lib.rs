//! What the tests of Miroir are made of.
//!
//! | module | what it gives |
//! |---|---|
//! | [`bench`] | what Miroir costs: the same load directly, through nginx and through Miroir |
//! | [`process`] | nodes and proxies as real child processes that can be killed, frozen and started again |
//! | [`cluster`] | a whole fleet behind one proxy, ready to be asked |
//! | [`edge`] | nonsense at the edge of a fleet, and a judge of the answers |
//! | [`copies`] | what the nodes themselves hold, copy by copy |
//! | [`history`] | clients that write while processes die, and whether what they were told can be true |
//! | [`ingest`] | what documents cost that come in through the proxy, as a ratio |
//! | [`client`] | the small HTTP client that everything here speaks with |
//! | [`json`] | JSON trees that keep number text, and their differences |
//! | [`oracle`] | the same corpus and the same requests against two servers: the answers must be equal |
//! | [`recording`] | exchanges recorded from a real server, and their replay against any other |
//! | [`tap`] | what a proxy asks of its nodes, remembered on the way |
//! | [`watch`] | whether requests to nodes carry what they must, and nothing else |
//!
//! Nothing here is linked into a product binary.

pub mod bench;
pub mod client;
pub mod cluster;
pub mod copies;
pub mod edge;
mod front;
pub mod history;
pub mod ingest;
pub mod json;
pub mod oracle;
pub mod process;
pub mod recording;
pub mod tap;
pub mod watch;
