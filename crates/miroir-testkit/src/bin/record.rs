//! Records scenarios from a real server, and replays recordings against any other.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use miroir_testkit::client::Client;
use miroir_testkit::cluster::MASTER_KEY;
use miroir_testkit::process::Node;
use miroir_testkit::recording::{self, Recording, Replay, Scenario};

/// Every scenario is played on a fresh server, which is started and ended here.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Only these scenarios.
    #[arg(long, global = true, value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes `recordings/<scenario>.json` anew.
    Make {
        /// Path of a real server's executable.
        #[arg(long)]
        server: PathBuf,
    },
    /// Compares a server with the recordings.
    Replay {
        /// Path of a server's executable; the node that tests use unless given.
        #[arg(long, conflicts_with = "url")]
        server: Option<PathBuf>,
        /// URL of a running server without any data; needs --only with one scenario.
        #[arg(long, requires = "only")]
        url: Option<String>,
        /// Its master key.
        #[arg(long, default_value = MASTER_KEY)]
        key: String,
    },
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let wanted =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let mut differing = 0;
    match arguments.command {
        Command::Make { server } => {
            for entry in std::fs::read_dir(recording::folder().join("scenarios"))? {
                let scenario = Scenario::load(&entry?.path())?;
                if !wanted(&scenario.name) {
                    continue;
                }
                let node = Node::start_engine("recorded", MASTER_KEY, Some(&server)).await?;
                let made = recording::record(&scenario, &node.client())
                    .await
                    .context(scenario.name.clone())?;
                made.save(&recording::folder().join(format!("{}.json", scenario.name)))?;
                println!("{}: {} steps", scenario.name, made.exchanges.len());
            }
        }
        Command::Replay { server, url, key } => {
            for recorded in Recording::load_all()?
                .iter()
                .filter(|recorded| wanted(&recorded.scenario))
            {
                let replay = match &url {
                    Some(url) => play(recorded, &Client::new(url, Some(&key))).await?,
                    None => {
                        let node =
                            Node::start_engine("replayed", MASTER_KEY, server.as_deref()).await?;
                        play(recorded, &node.client()).await?
                    }
                };
                print!("{}", replay.render());
                let (played, skipped) = (replay.played, replay.skipped.len());
                println!(
                    "{}: {} of {played} differ, {skipped} skipped",
                    replay.scenario,
                    replay.differing.len()
                );
                differing += replay.differing.len();
            }
        }
    }
    Ok(if differing == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn play(recorded: &Recording, client: &Client) -> anyhow::Result<Replay> {
    let skip = recording::classes_to_skip(client).await?;
    recording::replay(recorded, client, &skip)
        .await
        .context(recorded.scenario.clone())
}
