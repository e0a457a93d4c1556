//! The soak, bounded: one minute of faults. `make soak` runs it for as long as you like.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use callplane_tests::soak::{
    judge::Expected,
    report::report,
    run::{Plan, run},
};

/// A debug build on two busy cores takes no more; `make soak` sends 200 a second to a release build.
const RATE: u32 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_whatever_is_killed_frozen_or_cut() {
    let given = std::env::var("CALLPLANE_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one("soak") % 1_000_000);
    println!("seed {seed}: repeat with CALLPLANE_SOAK_SEED={seed}");
    let (faults, calm) = (Duration::from_secs(60), Duration::from_secs(5));
    let plan = Plan { seed, rate: RATE, at_once: 200, faults, calm, expected: Expected::All };
    let outcome = run(&plan, |words| println!("{words}")).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    println!("{}", report(&plan, &outcome));
    outcome.strikes.iter().for_each(|strike| println!("{strike}"));
    assert!(outcome.violations.is_empty(), "seed {seed}: see the report above");
}
