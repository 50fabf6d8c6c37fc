//! This program in the role of one of its own children.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::console::Console;

const NODE: &str = "__node";
const PROXY: &str = "__proxy";
const SERVER: &str = "__server";

/// Runs the part that the first argument asks for; `None` when it asks for none and a person has started the program.
pub(crate) fn run_as_child(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let program = arguments.next()?;
    let role = arguments.next()?;
    match role.to_str()? {
        NODE => {
            end_with_parent();
            Some(miroir_devnode::run(
                std::iter::once(program).chain(arguments),
            ))
        }
        PROXY => {
            end_with_parent();
            Some(miroir_proxy::run(std::iter::once(program).chain(arguments)))
        }
        SERVER => {
            end_with_parent();
            let server = arguments.next()?;
            let error = Command::new(&server).args(arguments).exec();
            Console::complain(&format!("cannot run {}: {error}", server.display()));
            Some(ExitCode::FAILURE)
        }
        _ => None,
    }
}

/// The command of an embedded node, without its own arguments.
pub(crate) fn node() -> std::io::Result<Command> {
    own(NODE)
}

/// The command of the proxy, without its own arguments.
pub(crate) fn proxy() -> std::io::Result<Command> {
    let mut command = own(PROXY)?;
    forget_environment(&mut command);
    Ok(command)
}

/// The command of a server with an executable of its own, without its own arguments. It becomes that executable.
pub(crate) fn server(executable: &Path) -> std::io::Result<Command> {
    let mut command = own(SERVER)?;
    command.arg(executable);
    Ok(command)
}

/// What a developer has set for a server of his own must not decide how these behave.
pub(crate) fn forget_environment(command: &mut Command) {
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("MIROIR_") || name.starts_with("MEILI_") {
            command.env_remove(&variable);
        }
    }
}

fn own(role: &str) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role);
    Ok(command)
}

/// A parent that is killed can stop nobody: the system tells its children, where it can.
fn end_with_parent() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let signal = Some(rustix::process::Signal::TERM);
        // Without it orphans have to be stopped by hand, and everything else works.
        let _ = rustix::process::set_parent_process_death_signal(signal);
    }
}
