//! What Miroir costs, on the command line: `bench search4`, `bench all`.

use std::process::ExitCode;

use clap::{Parser, ValueEnum as _};
use miroir_testkit::bench::{self, Scenario};

/// Measures Miroir against what it stands in front of. Every scenario prints one line of JSON with its verdict; fails when one
/// is short of a limit. Build it in release, and name the proxy's own executable in `MIROIR_TEST_PROXY_BIN`.
#[derive(Debug, Parser)]
struct Arguments {
    /// A scenario, or `all`.
    #[arg(value_parser = parse)]
    scenario: Scenarios,
}

#[derive(Debug, Clone)]
struct Scenarios(Vec<Scenario>);

fn parse(text: &str) -> Result<Scenarios, String> {
    if text == "all" {
        return Ok(Scenarios(Scenario::value_variants().to_vec()));
    }
    let names = || {
        let values = Scenario::value_variants().iter();
        let values = values.filter_map(|scenario| scenario.to_possible_value());
        values
            .map(|value| value.get_name().to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    Scenario::from_str(text, false)
        .map(|scenario| Scenarios(vec![scenario]))
        .map_err(|_| format!("there are all, {}", names()))
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is for the person or the script that called"
)]
async fn main() -> ExitCode {
    bench::allow_many_connections();
    let mut short = 0_u32;
    for scenario in Arguments::parse().scenario.0 {
        match bench::run(scenario).await {
            Ok(report) => {
                println!("{}", report.line());
                short += u32::from(!report.is_ok());
            }
            Err(error) => {
                eprintln!("{scenario:?}: {error}");
                short += 1;
            }
        }
    }
    if short == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
