//! Catches every log line of a test, and knows what must never be in one.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{Level, Metadata, subscriber::DefaultGuard};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// More than production logs, but none of the libraries' own frames and headers.
const FILTER: &str = "info,callplane_control_plane=trace,callplane_edge=trace,callplane_simulator=off";

#[derive(Default)]
struct Caught {
    lines: Vec<(Level, String)>,
    secrets: BTreeSet<String>,
}

/// The log lines of this thread since it was made; a test with tokio's current-thread runtime has one thread.
pub struct Logs {
    caught: Arc<Mutex<Caught>>,
    _guard: DefaultGuard,
}

impl Logs {
    /// Catches from now on.
    pub fn catch() -> Self {
        let caught = Arc::new(Mutex::new(Caught::default()));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(FILTER))
            .with_ansi(false)
            .with_writer(Writers(Arc::clone(&caught)))
            .finish();
        Self { caught, _guard: tracing::subscriber::set_default(subscriber) }
    }

    fn caught(&self) -> MutexGuard<'_, Caught> {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, and looking back, no line may hold this.
    pub fn never(&self, secret: &str) {
        // Numbers are often printed without their plus.
        let secret = secret.trim_start_matches('+');
        assert!(secret.len() >= 7, "too short to look for: it would be found by chance");
        self.caught().secrets.insert(secret.to_owned());
    }

    /// What must not be seen anywhere.
    pub fn secrets(&self) -> Vec<String> {
        self.caught().secrets.iter().cloned().collect()
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.caught().lines.iter().map(|(_, line)| line.clone()).collect()
    }

    /// The lines that say that somebody should look.
    pub fn errors(&self) -> Vec<String> {
        self.caught().lines.iter().filter(|(level, _)| *level == Level::ERROR).map(|(_, line)| line.clone()).collect()
    }

    /// The secrets that were logged, with their lines.
    pub fn leaks(&self) -> Vec<String> {
        let caught = self.caught();
        let leaks = |line: &&(Level, String)| caught.secrets.iter().any(|secret| line.1.contains(secret.as_str()));
        caught.lines.iter().filter(leaks).map(|(_, line)| line.clone()).collect()
    }
}

struct Writers(Arc<Mutex<Caught>>);

impl<'a> MakeWriter<'a> for Writers {
    type Writer = Writer;

    fn make_writer(&'a self) -> Writer {
        Writer(Arc::clone(&self.0), Level::TRACE)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Writer {
        Writer(Arc::clone(&self.0), *meta.level())
    }
}

struct Writer(Arc<Mutex<Caught>>, Level);

impl io::Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.push((self.1, text));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
