//! Measures what the proxy costs when documents are written: `ingest --pairs 5`.

use std::process::ExitCode;

use clap::Parser;
use miroir_testkit::ingest::{self, Options};

/// Loads the same documents through the proxy and straight into its node, in pairs, and prints the median of the ratios of
/// throughput. With MIROIR_TEST_NODE_BIN the node is that server. To be built with `--release`.
#[derive(Parser)]
struct Arguments {
    /// How often both are loaded.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Documents of about 1 KB of one load.
    #[arg(long, default_value_t = 20_000)]
    documents: usize,
    /// Documents of one request.
    #[arg(long, default_value_t = 1_000)]
    batch: usize,
    /// Nodes behind the proxy; the first one is also loaded directly.
    #[arg(long, default_value_t = 1)]
    nodes: u16,
    /// Fails when the median is lower.
    #[arg(long, default_value_t = 0.0)]
    at_least: f64,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options {
        pairs: arguments.pairs,
        documents: arguments.documents,
        batch: arguments.batch,
        nodes: arguments.nodes,
    };
    let measured = ingest::run(options, |pair| println!("{pair}")).await;
    let median = match measured.map(|pairs| ingest::median(&pairs)) {
        Ok(Some(median)) => median,
        Ok(None) => {
            println!("nothing was measured");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("median ratio {median:.3}");
    ExitCode::from(u8::from(median < arguments.at_least))
}
