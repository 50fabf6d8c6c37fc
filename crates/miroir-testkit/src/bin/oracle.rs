//! The oracle on the command line: two servers, the same corpus and queries, one report.

use std::process::ExitCode;

use clap::Parser;
use miroir_testkit::client::Client;
use miroir_testkit::oracle::{self, Class, Options};

/// Asks two servers the same and reports where their answers differ. Replaces every index named oracle-*.
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the server whose answers are right.
    #[arg(long)]
    reference: String,
    /// Its key.
    #[arg(long)]
    reference_key: Option<String>,
    /// URL of the server to judge.
    #[arg(long)]
    candidate: String,
    /// Its key.
    #[arg(long)]
    candidate_key: Option<String>,
    /// Decides the corpus and the queries.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Queries per class.
    #[arg(long, default_value_t = 50)]
    queries: usize,
    /// Documents per index.
    #[arg(long, default_value_t = 1000)]
    docs: usize,
    /// Classes to run; unless given, everything that a fleet serves.
    #[arg(long, value_delimiter = ',')]
    classes: Vec<Class>,
    /// Equal answers in percent that every class must reach.
    #[arg(long, default_value_t = 100.0)]
    require: f64,
    /// Queries at once.
    #[arg(long, default_value_t = 4)]
    concurrency: usize,
    /// Mismatches of a class that are printed in full.
    #[arg(long, default_value_t = 3)]
    show: usize,
    /// The candidate is an ordinary server: give it the tie rule too.
    #[arg(long)]
    candidate_is_plain: bool,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let options = Options {
        seed: arguments.seed,
        queries: arguments.queries,
        documents: arguments.docs,
        classes: if arguments.classes.is_empty() {
            Class::served()
        } else {
            arguments.classes
        },
        concurrency: arguments.concurrency,
        candidate_is_plain: arguments.candidate_is_plain,
    };
    let reference = Client::new(&arguments.reference, arguments.reference_key.as_deref());
    let candidate = Client::new(&arguments.candidate, arguments.candidate_key.as_deref());
    let report = oracle::run(&options, &reference, &candidate).await?;
    println!("{}", report.render(arguments.show));
    println!("{}", report.summary());
    Ok(if report.below(arguments.require).is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
