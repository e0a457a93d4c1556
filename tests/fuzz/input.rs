//! What the environment asks for: `FUZZ_SEED` (a number, or `fresh`), `FUZZ_INPUTS` (how many), `FUZZ_INPUT` (one, as hex).

use std::{
    env,
    hash::{BuildHasher, RandomState},
};

/// The seed unless told otherwise. It is fixed, so that a change of ours never fails over an input that has nothing to do
/// with it; new ground is for `make fuzz`, whose seed is fresh.
const SEED: u64 = 1;

pub fn seed() -> u64 {
    match env::var("FUZZ_SEED").as_deref() {
        Err(_) | Ok("") => SEED,
        // The standard library seeds its hashes from the operating system.
        Ok("fresh") => RandomState::new().hash_one(()),
        Ok(number) => number.parse().expect("FUZZ_SEED is a number or `fresh`"),
    }
}

pub fn count() -> Option<usize> {
    let number = env::var("FUZZ_INPUTS").ok().filter(|number| !number.is_empty())?;
    Some(number.parse().expect("FUZZ_INPUTS is a number"))
}

pub fn wanted() -> Option<Vec<u8>> {
    let text = env::var("FUZZ_INPUT").ok()?;
    Some(hex::decode(text).expect("FUZZ_INPUT is hex"))
}
