//! The programs of the workspace as real processes. Builds nothing: `make test` and `cargo build --workspace` do.

use std::path::PathBuf;

/// Where cargo put a program of the workspace.
pub fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its program");
    // …/debug/deps/suite-0123
    let folder = test.parent().and_then(|deps| deps.parent()).expect("cargo's folders");
    let program = folder.join(name);
    assert!(program.exists(), "{} is missing: run `cargo build --workspace` first", program.display());
    program
}
