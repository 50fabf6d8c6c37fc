//! What the test kit starts as its children: `process node <flags of a server>` is an embedded node,
//! `process proxy --config <file>` is a proxy. Where [`ALLOCATIONS_VARIABLE`] names a socket, it tells there how often memory has been
//! allocated.

use std::alloc::System;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::process::ExitCode;

use miroir_testkit::process::ALLOCATIONS_VARIABLE;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments
        .next()
        .unwrap_or_else(|| OsString::from("process"));
    let role = arguments.next();
    let arguments = std::iter::once(program).chain(arguments);
    match role.as_ref().and_then(|role| role.to_str()) {
        Some("node") => miroir_devnode::run(arguments),
        Some("proxy") => {
            tell_allocations();
            miroir_proxy::run(arguments)
        }
        _ => {
            #[expect(
                clippy::print_stderr,
                reason = "a person who starts this by hand must learn how"
            )]
            {
                eprintln!("usage: process node|proxy <flags>");
            }
            ExitCode::from(2)
        }
    }
}

/// Whoever connects is told the number so far.
fn tell_allocations() {
    let Some(path) = std::env::var_os(ALLOCATIONS_VARIABLE) else {
        return;
    };
    // One of an earlier process in the same folder.
    let _ = std::fs::remove_file(&path);
    let Ok(listener) = UnixListener::bind(path) else {
        return;
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let stats = INSTRUMENTED_SYSTEM.stats();
            let number = stats.allocations + stats.reallocations;
            // Who has gone does not want to know.
            let _ = { stream }.write_all(&number.to_le_bytes());
        }
    });
}
