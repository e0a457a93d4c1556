//! Where log lines go: stderr, as text or JSON.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::settings::Log;

/// Once, before anything is logged.
pub fn install(log: &Log) {
    let lines =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(&log.filter)).with_writer(stderr).with_target(false);
    if log.json {
        lines.json().init();
    } else {
        lines.with_ansi(stderr().is_terminal()).init();
    }
}
