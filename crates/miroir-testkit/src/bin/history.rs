//! Makes histories under faults and judges them: `history --seed 1 --operations 2000`.

use std::process::ExitCode;

use clap::Parser;
use miroir_testkit::history::{self, Options};

/// Clients write and read while nodes and the proxy are killed, frozen and started again by a seeded plan. Afterwards no
/// acknowledged write is lost, no acknowledged deletion undone, and all copies are equal; otherwise this fails.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Operations of all clients together, per seed.
    #[arg(long, default_value_t = 2000)]
    operations: usize,
    /// Nodes in total.
    #[arg(long, default_value_t = 5)]
    nodes: u16,
    /// Groups among which the nodes are dealt.
    #[arg(long, default_value_t = 1)]
    replica_groups: u16,
    /// Copies of a shard in one group.
    #[arg(long, default_value_t = 2)]
    rf: u16,
    /// Only documents are written: settings stay, and the index is not made anew.
    #[arg(long)]
    documents_only: bool,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut failed = 0;
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        let options = Options {
            seed,
            operations: arguments.operations,
            nodes: arguments.nodes,
            replica_groups: arguments.replica_groups,
            replication_factor: arguments.rf,
            changes_index: !arguments.documents_only,
        };
        match history::run(&options).await {
            Ok(outcome) => {
                println!("seed {seed}: {outcome}");
                for violation in &outcome.violations {
                    println!("  {violation}");
                }
                failed += u64::from(!outcome.violations.is_empty());
            }
            Err(error) => {
                println!("seed {seed}: {error}");
                failed += 1;
            }
        }
    }
    println!(
        "{} of {} seeds are green",
        arguments.seeds - failed,
        arguments.seeds
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
