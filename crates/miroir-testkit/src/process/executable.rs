//! Which programs the children run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ProcessError;

/// Path of a real `meilisearch` executable; unset or empty: the embedded node is used.
pub const ENGINE_VARIABLE: &str = "MIROIR_TEST_NODE_BIN";
/// Path of a `miroir-proxy` executable to test instead of the one that is part of the `process` executable.
pub const PROXY_VARIABLE: &str = "MIROIR_TEST_PROXY_BIN";
/// Path of the `process` executable of this package, for callers that do not lie next to it.
pub const EXECUTABLE_VARIABLE: &str = "MIROIR_TEST_PROCESS_BIN";

/// Names the socket on which a proxy of this package tells how often it has allocated memory.
pub const ALLOCATIONS_VARIABLE: &str = "MIROIR_TEST_ALLOCATIONS";

/// The `process` executable of this package: named by [`EXECUTABLE_VARIABLE`], else next to the running program or one
/// folder above it, which is where cargo puts it for programs and for tests.
pub fn miroir() -> Result<PathBuf, ProcessError> {
    if let Some(path) = named_by(EXECUTABLE_VARIABLE) {
        return Ok(path);
    }
    let running = std::env::current_exe()?;
    let name = format!("process{}", std::env::consts::EXE_SUFFIX);
    running
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
        .ok_or(ProcessError::NoExecutable {
            variable: EXECUTABLE_VARIABLE,
        })
}

/// The command that starts a node without its arguments: the real server when there is one.
pub(super) fn node_command(engine: Option<&Path>) -> Result<Command, ProcessError> {
    if let Some(path) = engine
        .map(Path::to_path_buf)
        .or_else(|| named_by(ENGINE_VARIABLE))
    {
        return Ok(Command::new(path));
    }
    let mut command = Command::new(miroir()?);
    command.arg("node");
    Ok(command)
}

/// Whether [`PROXY_VARIABLE`] names another proxy than that of this package.
pub(super) fn is_proxy_given() -> bool {
    named_by(PROXY_VARIABLE).is_some()
}

/// The command that starts a proxy without its arguments.
pub(super) fn proxy_command() -> Result<Command, ProcessError> {
    if let Some(path) = named_by(PROXY_VARIABLE) {
        return Ok(Command::new(path));
    }
    let mut command = Command::new(miroir()?);
    command.arg("proxy");
    Ok(command)
}

fn named_by(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}
