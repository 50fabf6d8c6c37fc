//! A fleet and one server of the same kind side by side, for as long as a command runs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use miroir_testkit::cluster::Cluster;
use miroir_testkit::oracle::FleetShape;
use miroir_testkit::process::Node;

/// Starts a Miroir over nodes and one server alone, runs a command that finds them in its environment, ends both, and
/// ends as the command ended. Embedded nodes, or what `MIROIR_TEST_NODE_BIN` names.
///
/// The command gets `MIROIR_URL`, `REFERENCE_URL` and `MEILISEARCH_KEY`, the master key of both.
#[derive(Debug, Parser)]
struct Arguments {
    /// Nodes behind Miroir.
    #[arg(long, default_value = "nodes=3,rf=2,shards=16")]
    fleet: FleetShape,
    /// The master key of both.
    #[arg(long, default_value = "masterKey")]
    key: String,
    /// The executable of the server alone, where it is another than that of the nodes.
    #[arg(long, value_name = "PATH")]
    reference: Option<PathBuf>,
    /// The nodes get one more flag of the server.
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    node_flag: Vec<String>,
    /// What to run.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let shape = arguments.fleet;
    let mut builder = Cluster::builder()
        .nodes(shape.nodes)
        .rf(shape.rf)
        .replica_groups(shape.rg)
        .shards(shape.shards)
        .config("master_key", arguments.key.as_str())
        // A machine that also runs all the nodes and the command may let one of them wait.
        .config("health.timeout_ms", 2_000)
        .config("health.interval_ms", 5_000)
        .usual_turns();
    for flag in &arguments.node_flag {
        builder = builder.node_flag(flag);
    }
    let fleet = builder.start().await?;
    let flags: Vec<&str> = arguments.node_flag.iter().map(String::as_str).collect();
    let reference = Node::start_as(
        "reference",
        &arguments.key,
        arguments.reference.as_deref(),
        &flags,
    )
    .await?;

    let (program, rest) = arguments
        .command
        .split_first()
        .context("there is no command")?;
    let status = tokio::process::Command::new(program)
        .args(rest)
        .env("MIROIR_URL", fleet.proxy_url())
        .env("REFERENCE_URL", reference.url())
        .env("MEILISEARCH_KEY", &arguments.key)
        .status()
        .await
        .with_context(|| format!("cannot start {program}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
