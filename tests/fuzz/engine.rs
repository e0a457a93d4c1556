//! Feeds a target with inputs that a seed leads to, keeps those that came somewhere new, and tells how a failure is had again.
//! Knows no target.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt, panic,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use callplane_tests::soak::dice::Dice;

use crate::{input, mutation::mutated, shrink::shrunk};

/// How far an input came, such as `refused: unknown key id`.
pub type Verdict = &'static str;

/// Says how far an input came, and panics if something does not hold for it.
pub type Check = Box<dyn Fn(&[u8]) -> Verdict>;

/// Something that must hold for all bytes.
pub struct Target {
    /// The test's name.
    pub name: &'static str,
    /// How many inputs `make test` takes: a few seconds in a debug build.
    pub inputs: usize,
    /// Inputs that are nearly right, tried first and mutated ever after.
    pub seeds: Vec<Vec<u8>>,
    /// Words that chance alone does not hit upon.
    pub dictionary: Vec<Vec<u8>>,
    /// What must hold.
    pub check: Check,
    /// Verdicts without which nothing was tested: a check that refuses all inputs at its door holds for ever.
    pub reaches: &'static [Verdict],
}

/// How often each verdict came.
pub type Reached = BTreeMap<Verdict, usize>;

/// So many inputs of a verdict are worth mutating: without instrumented code, a verdict is all we see of the way it took.
const KEPT: usize = 16;

/// Runs the target as the environment says; see `input`.
pub fn fuzz(target: &Target) {
    if let Some(input) = input::wanted() {
        println!("{}: {}", target.name, (target.check)(&input));
        return;
    }
    let (seed, inputs) = (input::seed(), input::count().unwrap_or(target.inputs));
    let reached = search(target, seed, inputs).unwrap_or_else(|finding| panic!("{finding}"));
    println!("{}: seed {seed}, {inputs} inputs, {reached:?}", target.name);
    for verdict in target.reaches {
        assert!(reached.contains_key(verdict), "{}: no input came to `{verdict}`: {reached:?}", target.name);
    }
}

/// Tries all seeds and then mutations, until one fails.
pub fn search(target: &Target, seed: u64, inputs: usize) -> Result<Reached, Finding> {
    let mut dice = Dice::new(seed);
    let mut corpus = target.seeds.clone();
    let mut reached = Reached::new();
    for number in 0..inputs.max(target.seeds.len()) {
        let input = match target.seeds.get(number) {
            Some(seed) => seed.clone(),
            None => mutated(&mut dice, &corpus, &target.dictionary),
        };
        match outcome(target, &input) {
            Ok(verdict) => {
                let times = reached.entry(verdict).or_default();
                *times += 1;
                if *times <= KEPT && number >= target.seeds.len() {
                    corpus.push(input);
                }
            }
            Err(_) => {
                let input = shrunk(input, |shorter| outcome(target, shorter).is_err());
                let message = outcome(target, &input).err().unwrap_or_default();
                return Err(Finding { target: target.name, seed, number, input, message });
            }
        }
    }
    Ok(reached)
}

/// An input for which it does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub target: &'static str,
    pub seed: u64,
    /// How many inputs came before it.
    pub number: usize,
    pub input: Vec<u8>,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, number, input, message } = self;
        let hex = hex::encode(input);
        writeln!(formatter, "{target}: {message}")?;
        writeln!(formatter, "seed {seed}, input {number}, shrunk to {} bytes: {hex}", input.len())?;
        writeln!(formatter, "as text: {}", input.escape_ascii())?;
        write!(formatter, "again: FUZZ_INPUT={hex} cargo test --workspace --test fuzz -- --exact {target} --nocapture")
    }
}

/// What became of one input: its verdict, or what the check panicked with.
fn outcome(target: &Target, input: &[u8]) -> Result<Verdict, String> {
    let result = quietly(|| catch_unwind(AssertUnwindSafe(|| (target.check)(input))));
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Shrinking panics thousands of times; only the last one is worth reading.
fn quietly<T>(act: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                told(info);
            }
        }));
    });
    QUIET.set(true);
    let result = act();
    QUIET.set(false);
    result
}
