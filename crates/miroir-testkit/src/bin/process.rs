//! What the test kit starts as its children: `process node <flags of a server>` is an embedded node,
//! `process proxy --config <file>` is a proxy.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments
        .next()
        .unwrap_or_else(|| OsString::from("process"));
    let role = arguments.next();
    let arguments = std::iter::once(program).chain(arguments);
    match role.as_ref().and_then(|role| role.to_str()) {
        Some("node") => miroir_devnode::run(arguments),
        Some("proxy") => miroir_proxy::run(arguments),
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
