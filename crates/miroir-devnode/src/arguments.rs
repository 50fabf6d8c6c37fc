//! The command line: the flags of a Meilisearch server that this node has a meaning for, and others that it only accepts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

/// A Meilisearch-compatible node on the engine crate milli-core 1.15.1, for trying Miroir out and for its tests.
#[derive(Debug, Parser)]
#[command(name = "miroir-devnode", version)]
pub(crate) struct Arguments {
    /// Where to listen.
    #[arg(long, env = "MEILI_HTTP_ADDR", default_value = "localhost:7700")]
    pub(crate) http_addr: String,
    /// The folder of the database; created if it is not there.
    #[arg(long, env = "MEILI_DB_PATH", default_value = "data.ms")]
    pub(crate) db_path: PathBuf,
    /// The key that requests must carry. Without one every route is open.
    #[arg(long, env = "MEILI_MASTER_KEY")]
    pub(crate) master_key: Option<String>,
    /// `development` or `production`, which requires a master key of at least 16 bytes.
    #[arg(long, env = "MEILI_ENV", default_value = "development")]
    pub(crate) env: String,
    /// The largest body, such as `100 MB`.
    #[arg(long, env = "MEILI_HTTP_PAYLOAD_SIZE_LIMIT")]
    pub(crate) http_payload_size_limit: Option<String>,
    /// How much memory indexing may take, such as `1 GiB`.
    #[arg(long, env = "MEILI_MAX_INDEXING_MEMORY")]
    pub(crate) max_indexing_memory: Option<String>,
    /// Indexing threads; one unless said otherwise.
    #[arg(long, env = "MEILI_MAX_INDEXING_THREADS")]
    pub(crate) max_indexing_threads: Option<String>,
    /// How much is logged: OFF, ERROR, WARN, INFO, DEBUG, TRACE.
    #[arg(long, env = "MEILI_LOG_LEVEL", default_value = "INFO")]
    pub(crate) log_level: String,
    /// Accepted; this node never sends analytics.
    #[arg(long)]
    no_analytics: bool,
    /// Accepted; this node calls embedders at any address.
    #[arg(long, env = "MEILI_EXPERIMENTAL_ALLOWED_IP_NETWORKS")]
    experimental_allowed_ip_networks: Option<String>,
}

impl Arguments {
    /// The checks a server makes before it starts.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (self.env.as_str(), &self.master_key) {
            ("development", _) => Ok(()),
            ("production", Some(key)) if key.len() >= 16 => Ok(()),
            ("production", _) => Err(
                "in production a master key of at least 16 bytes is needed: give one with --master-key, or use --env development"
                    .to_owned(),
            ),
            (other, _) => Err(format!(
                "`{other}` is not an environment: use --env development or --env production"
            )),
        }
    }
}

/// Bytes in a text such as `100 MB`, `1.5 GiB` or `4096`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => {
            return Err(format!(
                "`{text}` is not a size: write it like `100 MB` or `1 GiB`"
            ));
        }
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is not a size: write it like `100 MB` or `1 GiB`"))?;
    Ok((number * factor) as u64)
}

/// `--experimental-*` flags of a server that take a value, as a separate argument unless it follows `=`.
const EXPERIMENTAL_WITH_VALUE: &[&str] = &[
    "--experimental-max-number-of-batched-tasks",
    "--experimental-limit-batched-tasks-total-size",
    "--experimental-search-queue-size",
    "--experimental-drop-search-after",
    "--experimental-nb-searches-per-core",
    "--experimental-embedding-cache-entries",
    "--experimental-logs-mode",
    "--experimental-allowed-ip-networks",
];

/// The arguments without `--experimental-*` flags, which are accepted and change nothing here.
pub(crate) fn known(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut known = Vec::new();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if !text.starts_with("--experimental-") {
            known.push(argument);
        } else if EXPERIMENTAL_WITH_VALUE.contains(&text.as_ref()) {
            arguments.next();
        }
    }
    known
}
