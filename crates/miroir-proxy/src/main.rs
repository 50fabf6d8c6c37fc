//! The proxy's executable. See the library.

fn main() -> std::process::ExitCode {
    miroir_proxy::run(std::env::args_os())
}
