//! What can be asked of the bench, and the two small servers it starts of itself.

use std::{net::SocketAddr, time::Duration};

use clap::{Parser, Subcommand};

/// Measures Callplane's hot path on this machine. Build it with --release.
#[derive(Parser)]
#[command(name = "bench")]
pub struct Options {
    /// How often every stage is measured; rounds are interleaved.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// Seconds before it that do not count.
    #[arg(long, default_value_t = 1.0)]
    pub warm_up: f64,
    /// How many calls are under way at a time.
    #[arg(long, value_delimiter = ',', default_values_t = [16, 64])]
    pub calls: Vec<usize>,
    /// Only these stages, such as `bare,postgres`.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Leaves out the command line's start-up.
    #[arg(long)]
    pub no_start_up: bool,
    /// A server of the bench's own.
    #[command(subcommand)]
    pub mode: Option<Mode>,
}

/// Servers that stand in for a part.
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
        /// Where.
        listen: SocketAddr,
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
}
