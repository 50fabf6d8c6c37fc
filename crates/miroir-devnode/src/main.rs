//! The node as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    miroir_devnode::run(std::env::args_os())
}
