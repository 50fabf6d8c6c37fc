//! The fuzzer beside the other tools of the testkit.

fn main() -> std::process::ExitCode {
    miroir_fuzz::command()
}
