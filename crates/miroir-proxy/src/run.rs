//! The program: flags, configuration, log, runtime.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::app;
use crate::config;
use crate::fault;
use crate::flags::Flags;
use crate::telemetry;

/// Runs the proxy with the arguments of a command line, the program's name first, and returns its exit code.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a person asked for, or must read before there is a log"
)]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let flags = match Flags::try_parse_from(arguments) {
        Ok(flags) => flags,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let loaded = config::load(&flags.sources());
    if let Some(answer) = flags.answer(&loaded) {
        if answer.success {
            print!("{}", answer.text);
        } else {
            eprint!("{}", answer.text);
        }
        return ExitCode::from(u8::from(!answer.success));
    }
    let Ok(config) = loaded else {
        return ExitCode::FAILURE;
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("miroir-proxy cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = telemetry::start(&config, runtime.handle()) {
        eprintln!("miroir-proxy cannot start its traces: {error}");
        return ExitCode::FAILURE;
    }
    fault::listen();
    for warning in config.warnings() {
        tracing::warn!(warning, "configuration");
    }
    let ended = runtime.block_on(app::run_until_stopped(config));
    telemetry::traces::stop();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "miroir cannot start");
            eprintln!("miroir-proxy cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}
