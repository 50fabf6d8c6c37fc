//! Sections of the process itself: listeners, admin API, metrics, log, connections to nodes.

use std::net::{IpAddr, Ipv4Addr};

use super::ServerTls;
use super::secret::Secret;
use super::table::Allowed::{Any, AtLeast, Range};
use super::table::{Allowed, Mismatch, section};
use super::tree::Scalar;
use super::value::{ByteSize, MemoryMultiplier, Millis, Seconds, Value, quote};

const EVERY_INTERFACE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

section! {
    /// The client and admin listener.
    Server at (server) {
        /// Port of the client and admin listener.
        port: u16 = 7700, Range(1, 65535);
        /// Address of the client and admin listener.
        bind: IpAddr = EVERY_INTERFACE, Any;
        /// Largest request body after decompression; the default is the limit of a stock node.
        max_body_bytes: ByteSize = ByteSize(100_000_000), AtLeast(1024);
        /// Bodies of writes that are held at once, from the first byte until the last node has them; beyond it 503. One body is always
        /// taken.
        [scaled]
        max_buffered_bytes: ByteSize = ByteSize(1_073_741_824), AtLeast(65_536);
        /// The same for bodies of all other requests, as far as they are longer than 4 KiB.
        [scaled]
        max_buffered_request_bytes: ByteSize = ByteSize(16_777_216), AtLeast(65_536);
        /// Threads that connections live on. 0: one for each processor, at most 8. Fewer are cheaper where there is little to do,
        /// because a thread that rests is woken for every request.
        connection_threads: u16 = 0, Range(0, 64);
        /// Requests that are worked on at once.
        max_concurrent_requests: usize = 500, AtLeast(1);
        /// Further requests that wait; beyond it 503 `too_many_search_requests`.
        max_queued_requests: usize = 1000, AtLeast(0);
        /// One deadline for the whole request.
        request_timeout_ms: Millis = Millis(30_000), Range(100, 600_000);
        /// After SIGTERM: how long requests are still accepted while the process reports itself unready.
        shutdown_delay_s: Seconds = Seconds(0), Range(0, 60);
        /// After SIGTERM: time for requests in flight.
        shutdown_grace_s: Seconds = Seconds(30), Range(1, 600);
        /// By how much memory-bound defaults grow; `auto` is the container's memory limit divided by 3584 MiB, never
        /// below 1. Keys that are written anywhere are never scaled.
        memory_multiplier: MemoryMultiplier = MemoryMultiplier::Auto, Any;
        nested {
            /// TLS of this listener.
            tls: ServerTls,
        }
    }
}

section! {
    /// The admin API.
    Admin at (admin) {
        /// Serve `/_miroir/*`; readiness and metrics are served regardless.
        enabled: bool = true, Any;
        /// Gates `/_miroir/*`. Unset: every gated admin route answers 401.
        api_key: Option<Secret> = None, Any;
    }
}

section! {
    /// The scrape listener, without authentication.
    Metrics at (metrics) {
        /// Whether the listener exists.
        enabled: bool = true, Any;
        /// Address of the scrape listener.
        bind: IpAddr = EVERY_INTERFACE, Any;
        /// Port of the scrape listener; differs from `server.port`.
        port: u16 = 9090, Range(1, 65535);
    }
}

section! {
    /// Logging.
    Log at (log) {
        /// A level, or a filter such as `info,miroir_proxy=debug`. `RUST_LOG` wins over it.
        [runtime]
        level: LogLevel = LogLevel("info".to_owned()), Any;
    }
}

section! {
    /// Connections to each node.
    ConnectionPoolPerNode at (connection_pool_per_node) {
        /// Idle connections that are kept; at most `max_total`.
        max_idle: usize = 32, Range(0, 4096);
        /// Open connections; more callers wait.
        max_total: usize = 128, Range(1, 4096);
        /// How long an idle connection is kept.
        idle_timeout_s: Seconds = Seconds(60), Range(1, 3600);
    }
}

/// A filter for log events, checked to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// In the syntax of `tracing_subscriber::EnvFilter`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Value for LogLevel {
    fn expected(_: &Allowed) -> String {
        "error, warn, info, debug, trace or a filter such as info,miroir_proxy=debug".to_owned()
    }

    /// A lone word must be a level: the filter syntax would take a misspelt level for the name of a module.
    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        let text = scalar.text.as_str();
        let level = LEVELS.contains(&text.to_ascii_lowercase().as_str());
        let filter = || {
            let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
            text.contains(['=', ',', '[', ':']) && parsed.is_ok()
        };
        if !level && !filter() {
            return Err(Mismatch::Value);
        }
        Ok(Self(scalar.text.clone()))
    }

    fn show(&self) -> String {
        quote(&self.0)
    }
}
