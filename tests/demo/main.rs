//! `make demo-failover` and `make demo-escalation`: one process with everything in it, a clock that runs fast, and the real
//! command line beside it.

mod escalation;
mod failover;
mod ledger;
mod stage;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Shows what Callplane does on a bad day, against a simulated Twilio and a clock that runs fast")]
struct Arguments {
    #[command(subcommand)]
    story: Story,
}

#[derive(Subcommand)]
enum Story {
    /// Twilio suspends an account with twelve agents
    Failover,
    /// Somebody must not miss a meeting: once they answer, once nobody does
    Escalation,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match Arguments::parse().story {
        Story::Failover => failover::tell().await,
        Story::Escalation => escalation::tell().await,
    }
}
