//! `cluster`: what is true of the whole cluster, set once and hardly ever changed.

use crate::Result;
use crate::text::text_enum;

text_enum! {
    /// The facts kept; each value is bytes in the form named here.
    ClusterKey {
        /// UUID as text.
        ClusterId => "cluster_id",
        /// 32 random bytes.
        ClusterSecret => "cluster_secret",
        /// Milliseconds, little-endian `i64`.
        CreatedAt => "created_at",
        /// Highest hybrid logical time handed out, so that a clock set back cannot repeat one.
        ClockFloor => "hlc_floor",
    }
}

pub trait ReadCluster {
    fn get(&self, key: ClusterKey) -> Result<Option<Vec<u8>>>;
}

pub trait WriteCluster: ReadCluster {
    /// Sets a value, replacing the one there was.
    fn put(&mut self, key: ClusterKey, value: &[u8]) -> Result<()>;
}
