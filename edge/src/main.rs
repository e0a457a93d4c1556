//! The edge's binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    callplane_edge::command::run()
}
