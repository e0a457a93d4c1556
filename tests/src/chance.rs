//! How much a test leaves to chance, as whoever runs it says: `CALLPLANE_TEST_SEEDS` seeds from `CALLPLANE_TEST_SEED` on.

use std::{env, ops::Range};

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Whatever there is, where that has an end.
    All,
    /// One run for each of these seeds.
    Seeds(Range<u64>),
}

/// What is asked for, or so many runs from the first seed on. `CALLPLANE_TEST_SEEDS` may be `all`.
pub fn runs(usual: u64) -> Runs {
    match env::var("CALLPLANE_TEST_SEEDS").as_deref() {
        Ok("all") => Runs::All,
        Ok(count) => Runs::Seeds(seeds(count.parse().expect("a number, or `all`"))),
        Err(_) => Runs::Seeds(seeds(usual)),
    }
}

/// The same where chance has no end: `all` is as many as usual.
pub fn some(usual: u64) -> Range<u64> {
    match runs(usual) {
        Runs::All => seeds(usual),
        Runs::Seeds(seeds) => seeds,
    }
}

fn seeds(count: u64) -> Range<u64> {
    let first = env::var("CALLPLANE_TEST_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    first..first + count
}
