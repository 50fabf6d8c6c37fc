//! One command that starts a fleet on this machine: nodes, a proxy in front of them, and a sample to search in.
//!
//! Nodes and proxy are child processes. Embedded nodes and the proxy are this very program, started again with a hidden
//! first argument, so that one `cargo run` builds everything there is.

mod child;
mod client;
mod console;
mod curl;
mod flags;
mod fleet;
mod folder;
mod life;
mod load;
mod port;
mod program;
mod proxy_config;
mod record;
mod sample;
mod server;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use console::Console;
use flags::Flags;

fn main() -> ExitCode {
    if let Some(code) = program::run_as_child(std::env::args_os()) {
        return code;
    }
    match life::run(&Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Console::complain(&format!("miroir-dev: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
