//! The control plane's binary. Everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A webhook is some hundred small allocations, many of them freed on another thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nobody else has chosen a crypto provider before main");
    callplane_control_plane::command::main().await
}
