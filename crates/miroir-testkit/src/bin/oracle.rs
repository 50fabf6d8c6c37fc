//! The oracle on the command line: two servers, the same corpus and queries, one report.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use miroir_core::id::ShardCount;
use miroir_testkit::client::Client;
use miroir_testkit::oracle::{self, Class, Fleet, FleetShape, Options, Report};

/// Asks two servers the same and reports where their answers differ. Replaces every index named oracle-*.
#[derive(Debug, Parser)]
struct Arguments {
    /// Start a reference and a fleet for this run, such as `nodes=5,rf=2,rg=1,shards=16,kill`.
    #[arg(long, conflicts_with_all = ["reference", "candidate"], required_unless_present_any = ["reference", "list"])]
    fleet: Option<FleetShape>,
    /// URL of the server whose answers are right.
    #[arg(long, requires = "candidate")]
    reference: Option<String>,
    /// Its key.
    #[arg(long)]
    reference_key: Option<String>,
    /// URL of the server to judge.
    #[arg(long, requires = "reference")]
    candidate: Option<String>,
    /// Its key.
    #[arg(long)]
    candidate_key: Option<String>,
    /// Decides the corpus, the random settings and the queries.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Queries per class.
    #[arg(long, default_value_t = 50)]
    queries: usize,
    /// Documents per index.
    #[arg(long, default_value_t = 1000)]
    docs: usize,
    /// Fill the shards of an index with so many of them unevenly, and most of them not at all.
    #[arg(long)]
    skew: Option<u64>,
    /// Classes to run; all unless given.
    #[arg(long, value_delimiter = ',')]
    classes: Vec<Class>,
    /// Queries at once.
    #[arg(long, default_value_t = 4)]
    concurrency: usize,
    /// Mismatches of a class that are printed in full.
    #[arg(long, default_value_t = 3)]
    show: usize,
    /// Members of an object may come in any order.
    #[arg(long)]
    ignore_member_order: bool,
    /// The candidate is an ordinary server: give it the tie rule too.
    #[arg(long)]
    candidate_is_plain: bool,
    /// Print the classes, and do nothing else.
    #[arg(long)]
    list: bool,
    /// Print the table of docs/exactness.md instead of the report.
    #[arg(long)]
    table: bool,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        for class in Class::all() {
            println!("{:<20} {}", class.name, class.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let report = judge(&arguments).await?;
    if arguments.table {
        print!("{}", report.table());
    } else {
        println!("{}", report.render(arguments.show));
        println!("{}", report.summary());
    }
    Ok(if report.failed().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn judge(arguments: &Arguments) -> anyhow::Result<Report> {
    let options = Options {
        seed: arguments.seed,
        queries: arguments.queries,
        documents: arguments.docs,
        skew: arguments.skew.map(ShardCount::new).transpose()?,
        classes: if arguments.classes.is_empty() {
            Class::all().collect()
        } else {
            arguments.classes.clone()
        },
        concurrency: arguments.concurrency,
        ignore_member_order: arguments.ignore_member_order,
        candidate_is_plain: arguments.candidate_is_plain,
    };
    if let Some(shape) = arguments.fleet {
        let mut fleet = Fleet::start(shape).await?;
        let (reference, candidate) = (fleet.reference(), fleet.candidate());
        let mut killed = Ok(());
        let report = oracle::run_and(&options, &reference, &candidate, || {
            if shape.kill {
                killed = fleet.kill_one();
            }
        })
        .await?;
        killed.context("a node could not be killed")?;
        return Ok(report);
    }
    let side = |url: &Option<String>, key: &Option<String>| -> anyhow::Result<Client> {
        let url = url.as_deref().context("a URL is missing")?;
        Ok(Client::new(url, key.as_deref()))
    };
    let reference = side(&arguments.reference, &arguments.reference_key)?;
    let candidate = side(&arguments.candidate, &arguments.candidate_key)?;
    Ok(oracle::run(&options, &reference, &candidate).await?)
}
