//! `make bench`: what a whole inbound call costs, stage by stage, against a bare server and a plain monolith measured in the
//! same run; how long answers take at a fixed rate; what junk does to signed traffic; what an edge holds in memory.
//!
//! Figures are medians over interleaved rounds, and ratios. It fails only when an answer was wrong, or when a database
//! does not hold exactly the calls that were acknowledged.

mod bare;
mod conditions;
mod junk;
mod load;
mod measure;
mod memory;
mod monolith;
mod noop;
mod options;
mod postgres;
mod process;
mod profile;
mod report;
mod round;
mod seed;
mod stage;
mod startup;
mod webhook;
mod world;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use options::{Mode, Options};

/// The bound and the yardstick have the allocator that edge and control plane have.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What went wrong, fit to show.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    // A program that runs this one may have chosen a provider already; then that one is used.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let options = Options::parse();
    let outcome = match &options.mode {
        Some(Mode::Bare { listen }) => bare::serve(*listen).await.map(|()| true),
        Some(Mode::NoOp { size, listen }) => noop::serve(*listen, *size).await.map(|()| true),
        Some(Mode::Monolith { url, listen }) => monolith::serve(*listen, url).await.map(|()| true),
        Some(Mode::Flood { target, rate, seconds }) => junk::flood(*target, *rate, *seconds).await.map(|()| true),
        None => round::run(&options).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            let causes = std::iter::successors(error.source(), |cause| cause.source());
            causes.for_each(|cause| eprintln!("  because: {cause}"));
            ExitCode::FAILURE
        }
    }
}
