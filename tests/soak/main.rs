//! `make soak`: real processes under load while they are killed, frozen and cut apart, judged by what must hold.
//! The same seed gives the same schedule.

use std::{process::ExitCode, time::Duration};

use callplane_tests::soak::{
    judge::Expected,
    report::report,
    run::{Plan, run},
};
use clap::Parser;

/// Keeps the system busy, breaks it, and judges what came of it. Build it with --release.
#[derive(Parser)]
#[command(name = "soak")]
struct Options {
    /// How long faults happen; a fraction will do.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Where the schedule comes from; chosen and printed when left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Webhooks a second, five to a call.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(5..=5000))]
    rate: u32,
    /// Calls under way at a time, at most.
    #[arg(long, default_value_t = 400)]
    at_once: usize,
    /// Seconds without faults, before and after.
    #[arg(long, default_value_t = 20.0)]
    calm: f64,
    /// Judges only what was acknowledged, and not the calls that nobody told us of.
    #[arg(long)]
    acknowledged_only: bool,
    /// Prints the schedule of the seed and ends.
    #[arg(long)]
    dry_run: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(chosen);
    let plan = Plan {
        seed,
        rate: options.rate,
        at_once: options.at_once,
        faults: Duration::from_secs_f64((options.minutes * 60.0).clamp(1.0, 7.0 * 86_400.0)),
        calm: Duration::from_secs_f64(options.calm.clamp(1.0, 3600.0)),
        expected: if options.acknowledged_only { Expected::Acknowledged } else { Expected::All },
    };
    println!("seed {seed}: repeat with SOAK=\"--minutes {} --seed {seed}\"", options.minutes);
    if options.dry_run {
        callplane_tests::soak::schedule::draw(seed, plan.faults).iter().for_each(|strike| println!("{strike}"));
        return ExitCode::SUCCESS;
    }
    let outcome = tokio::select! {
        outcome = run(&plan, |words| println!("{words}")) => outcome,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    match outcome {
        Ok(outcome) => {
            println!("{}", report(&plan, &outcome));
            if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A seed nobody has chosen.
fn chosen() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("soak") % 1_000_000
}
