//! What is logged, and how a line looks.

use tracing_subscriber::EnvFilter;

use super::source::Source;

/// For the binary; a program that runs an edge inside itself has its own log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A level, or a list such as `info,callplane_edge=debug`.
    pub filter: String,
    /// One JSON object a line.
    pub json: bool,
}

pub fn read(source: &mut Source<'_>) -> Log {
    let filter = source.text("log").unwrap_or_else(|| "info".to_owned());
    if EnvFilter::try_new(&filter).is_err() {
        source.problem("log", "is neither a level such as `info` nor a list such as `info,callplane_edge=debug`");
    }
    let format = source.text("log_format");
    if !matches!(format.as_deref(), None | Some("text" | "json")) {
        source.problem("log_format", "is neither `text` nor `json`");
    }
    Log { filter, json: format.as_deref() == Some("json") }
}
