//! Checks of the repository that the compiler does not make: `cargo run -p xtask -- layers`.

mod documented;
mod layers;
mod opening;
mod routes;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- layers";

#[expect(clippy::print_stderr, reason = "a command for people")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["layers"] {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match check() {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Every fault of every check, one line each.
fn check() -> anyhow::Result<Vec<String>> {
    let packages = workspace::packages()?;
    let mut faults = layers::check(&packages);
    faults.extend(documented::check(&packages)?);
    faults.extend(routes::check()?);
    for package in &packages {
        faults.extend(opening::check(&package.folder)?);
    }
    Ok(faults)
}
