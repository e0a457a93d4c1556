//! Faults that are planted to be found: a fuzzer that finds nothing is no test.

use crate::{
    corpus::words,
    engine::{Finding, Target, Verdict, search},
};

fn target(check: impl Fn(&[u8]) -> Verdict + 'static) -> Target {
    Target {
        name: "planted",
        inputs: 20_000,
        seeds: words(&["From=%2B18185550100&To=%2B15005550006", "CallStatus=ringing&length=12"]),
        dictionary: words(&["&", "=", "%zz", "\u{0}"]),
        check: Box::new(check),
        reaches: &[],
    }
}

fn found(target: &Target, seed: u64) -> Finding {
    search(target, seed, target.inputs).expect_err("planted to be found")
}

fn contains(input: &[u8], word: &[u8]) -> bool {
    input.windows(word.len()).any(|window| window == word)
}

#[test]
fn a_panic_on_a_word_of_the_dictionary_is_found_and_shrunk_to_the_word() {
    let target = target(|input| {
        assert!(!contains(input, b"%zz"), "planted");
        "held"
    });
    let finding = found(&target, 1);
    assert_eq!((finding.input.as_slice(), finding.message.as_str()), (&b"%zz"[..], "planted"));
    assert!(finding.to_string().contains("FUZZ_INPUT=257a7a "), "{finding}");
}

#[test]
fn a_length_that_is_believed_is_found() {
    let target = target(|input| {
        let Some(digits) = input.strip_prefix(b"CallStatus=ringing&length=") else { return "refused" };
        let length: u64 = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        u32::try_from(length).expect("planted");
        "held"
    });
    assert!(found(&target, 1).message.starts_with("planted"));
}

/// Six words are more than one input gets at a time: the way there leads over those that had some of them.
#[test]
fn what_lies_behind_many_steps_is_found_by_keeping_each() {
    const WORDS: [&str; 6] = ["%1!", "%2!", "%3!", "%4!", "%5!", "%6!"];
    const STEPS: [Verdict; 6] = ["none", "one", "two", "three", "four", "five"];
    let steps = |input: &[u8]| WORDS.iter().filter(|word| contains(input, word.as_bytes())).count();
    let target =
        Target { dictionary: words(&WORDS), ..target(move |input| STEPS.get(steps(input)).copied().expect("planted")) };
    for seed in 1..4 {
        assert_eq!(found(&target, seed).input.len(), 18, "seed {seed}");
    }
}

#[test]
fn a_seed_leads_to_the_same_input_again_and_another_to_another() {
    let target = target(|input| {
        assert!(input.len() < 200, "planted");
        "held"
    });
    assert_eq!(found(&target, 7), found(&target, 7));
    assert_ne!(found(&target, 7), found(&target, 8));
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let reached = search(&target(|_| "held"), 1, 1000).expect("it always holds");
    assert_eq!(reached["held"], 1000);
}

#[test]
#[should_panic(expected = "no input came to `accepted`")]
fn a_check_that_refuses_everything_is_no_test() {
    crate::engine::fuzz(&Target { reaches: &["accepted"], inputs: 10, ..target(|_| "refused") });
}
