//! The control plane's binary. Everything is in the library.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nobody else has chosen a crypto provider before main");
    callplane_control_plane::command::main().await
}
