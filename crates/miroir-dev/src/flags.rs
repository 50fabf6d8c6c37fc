//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// The word that `--node-bin` takes instead of a path.
pub(crate) const EMBEDDED: &str = "embedded";

/// Starts Meilisearch nodes and a Miroir proxy on this machine, with a sample index to search in. Ctrl-C stops
/// everything; the data stays for the next start.
#[derive(Clone, Debug, Parser)]
#[command(name = "miroir-dev", version)]
pub(crate) struct Flags {
    /// How many nodes [default: 3, or what the data folder holds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) nodes: Option<u16>,
    /// Groups of nodes that each hold everything [default: 1, or what the data folder holds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) replica_groups: Option<u16>,
    /// Copies of each shard in a group [default: 1, or what the data folder holds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) rf: Option<u16>,
    /// Shards of the indexes that are created from now on
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) shards: u16,
    /// Port of the proxy
    #[arg(long, default_value_t = 7700, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Port of the proxy's listener for monitoring
    #[arg(long, value_name = "PORT", default_value_t = 9090, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) metrics_port: u16,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "./data/miroir-dev")]
    pub(crate) data: PathBuf,
    /// Key of the clients [default: made at the first start and kept in the data folder]
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub(crate) master_key: Option<String>,
    /// Key of the admin routes [default: made at the first start and kept in the data folder]
    #[arg(long, value_name = "KEY", value_parser = key)]
    pub(crate) admin_key: Option<String>,
    /// A `meilisearch` executable, or the word `embedded` [default: `meilisearch` on the PATH, else the embedded node]
    #[arg(long, value_name = "PATH")]
    pub(crate) node_bin: Option<PathBuf>,
    /// Do not create the index `movies`
    #[arg(long)]
    pub(crate) no_sample: bool,
}

/// A key has to fit into an HTTP header.
fn key(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a key consists of visible ASCII characters without spaces".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Flags;

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
        let flags = Flags::parse_from(["miroir-dev"]);
        assert_eq!(
            (flags.shards, flags.port, flags.metrics_port),
            (16, 7700, 9090)
        );
        assert_eq!(flags.nodes, None);
    }

    #[test]
    fn keys_fit_into_headers() {
        let parse = |key: &str| Flags::try_parse_from(["miroir-dev", "--master-key", key]);
        assert!(parse("it's-fine").is_ok());
        for bad in ["", "two words", "schlüssel", "line\n"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
