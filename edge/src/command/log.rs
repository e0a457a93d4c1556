//! Where log lines go: stderr, as text or JSON, filtered by `CALLPLANE_LOG`.

use tracing_subscriber::EnvFilter;

/// Once, before anything is logged.
pub fn install() {
    let filter = EnvFilter::try_from_env("CALLPLANE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if std::env::var("CALLPLANE_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().init();
    } else {
        lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}
