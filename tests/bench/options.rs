//! What can be asked of the bench, and the small programs it starts of itself.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};

use super::noop::Size;

/// Measures Callplane's hot path on this machine. Build it with --release.
#[derive(Parser)]
#[command(name = "bench")]
pub struct Options {
    /// How often every stage is measured; rounds are interleaved.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Seconds before it that do not count.
    #[arg(long, default_value_t = 0.7)]
    pub warm_up: f64,
    /// How many calls are under way at a time, in the closed loop.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    pub calls: Vec<usize>,
    /// Calls a second of the open loop, beside half of what the closed one has found.
    #[arg(long, value_delimiter = ',', default_values_t = [100.0])]
    pub rates: Vec<f64>,
    /// Only these stages, such as `bare,postgres`; then only the closed and the open loop, unless parts are named.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only these parts of the run.
    #[arg(long, value_delimiter = ',')]
    pub parts: Vec<Part>,
    /// Leaves a CPU profile of each stage in this folder; needs perf, and costs some of the rate.
    #[arg(long)]
    pub profile: Option<PathBuf>,
    /// A server of the bench's own.
    #[command(subcommand)]
    pub mode: Option<Mode>,
}

/// What a run has.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Calls at a time: what each stage carries.
    Closed,
    /// Calls a second: how long answers take.
    Open,
    /// Signed traffic beside junk.
    Junk,
    /// What an edge with many accounts and numbers holds.
    Memory,
    /// The command line's start-up.
    StartUp,
}

/// Programs that stand in for a part.
#[derive(Subcommand)]
pub enum Mode {
    /// Answers every path with the same bytes.
    #[command(hide = true)]
    Bare {
        /// Where.
        listen: SocketAddr,
    },
    /// A control plane that remembers nothing.
    #[command(hide = true)]
    NoOp {
        /// What edges are told.
        #[command(flatten)]
        size: Size,
        /// Where.
        listen: SocketAddr,
    },
    /// The yardstick.
    #[command(hide = true)]
    Monolith {
        /// A database that was migrated and filled.
        url: String,
        /// Where.
        listen: SocketAddr,
    },
    /// Sends junk.
    #[command(hide = true)]
    Flood {
        /// Where to.
        target: SocketAddr,
        /// Requests a second.
        rate: f64,
        /// For how long.
        seconds: f64,
    },
}

impl Options {
    /// How long a measurement takes.
    pub fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.1, 3600.0))
    }

    /// How long the time before it is.
    pub fn warmed(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up.clamp(0.0, 3600.0))
    }

    /// Whether this stage is wanted.
    pub fn wants(&self, stage: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == stage)
    }

    /// Whether this part of the run is wanted.
    pub fn does(&self, part: Part) -> bool {
        match self.parts.is_empty() {
            true => self.only.is_empty() || matches!(part, Part::Closed | Part::Open),
            false => self.parts.contains(&part),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Options, Part};

    #[test]
    fn naming_stages_leaves_out_what_has_none() {
        let whole = Options::parse_from(["bench"]);
        assert!(whole.wants("bare") && whole.does(Part::Junk) && whole.does(Part::StartUp));
        let narrow = Options::parse_from(["bench", "--only", "bare,postgres"]);
        assert!(narrow.wants("postgres") && !narrow.wants("sqlite"));
        assert!(narrow.does(Part::Open) && !narrow.does(Part::Junk));
        let junk = Options::parse_from(["bench", "--parts", "junk,start-up"]);
        assert!(junk.does(Part::Junk) && junk.does(Part::StartUp) && !junk.does(Part::Closed));
    }
}
