//! The fuzzer by itself: built in a minute, because nothing of the engine is needed.

fn main() -> std::process::ExitCode {
    miroir_fuzz::command()
}
