//! The proxy's executable. See the library.

/// A request makes and drops many small things on two threads; that of a static C library would be many times slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    miroir_proxy::run(std::env::args_os())
}
