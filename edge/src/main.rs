//! The edge's binary.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A webhook is some dozen small allocations, many of them freed on another thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    callplane_edge::command::run()
}
