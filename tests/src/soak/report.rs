//! What a run has to say: figures first, then every rule that was broken.

use std::{
    collections::{BTreeMap, HashMap},
    mem::{Discriminant, discriminant},
    time::Duration,
};

use super::{
    evidence::Evidence,
    history::{Answer, Told},
    judge::{Violation, calms},
    memory::courses,
    run::{Outcome, Plan},
};

/// So many violations of a kind say enough.
const SHOWN: usize = 12;

/// The report as text.
pub fn report(plan: &Plan, outcome: &Outcome) -> String {
    let mut text = String::new();
    let evidence = &outcome.evidence;
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("seed {}, {} webhooks a second wanted", plan.seed, plan.rate));
    line(format!(
        "{} calls in {:.0} s, {} strikes; {}",
        outcome.calls,
        evidence.length.as_secs_f64(),
        outcome.strikes.len(),
        answers(&evidence.noted.told)
    ));
    line(format!("stored: {} calls, {} webhooks", evidence.stored.len(), evidence.events.len()));
    line(calm(evidence));
    line(timeline(evidence));
    line(match outcome.right_after {
        Some(after) => format!("every call right {:.0} s after the last one had ended", after.as_secs_f64()),
        None => "not every call became right in time".to_owned(),
    });
    line(format!("rounds of writes at Twilio: {}", evidence.rounds.values().sum::<u32>()));
    line(reached(evidence));
    line(format!("ended by themselves and started again: {:?}", outcome.ended_alone));
    for course in courses(&evidence.memory).into_iter().filter(|course| course.lived > Duration::from_secs(60)) {
        let (name, start) = &course.who;
        line(format!(
            "memory of {name} #{start}, {:.0} s: median {} MiB in the middle, {} MiB at the end",
            course.lived.as_secs_f64(),
            course.middle / 1024,
            course.last / 1024
        ));
    }
    for error in &evidence.errors {
        line(format!("logged: {error}"));
    }
    line(violations(outcome));
    text
}

fn reached(evidence: &Evidence) -> String {
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for status in evidence.steps.values().flatten() {
        *statuses.entry(status).or_default() += 1;
    }
    let statuses: Vec<String> = statuses.into_iter().map(|(status, count)| format!("{count} {status}")).collect();
    let rung: usize = evidence.rings.values().map(Vec::len).sum();
    let most = evidence.rings.values().map(Vec::len).max().unwrap_or_default();
    format!(
        "ladders: {} armed; steps: {}; {rung} rings for {} people, {most} for one at most",
        evidence.promised.len(),
        statuses.join(", "),
        evidence.rings.len()
    )
}

fn answers(told: &[Told]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for told in told {
        let kind = match &told.answer {
            Answer::Stored => "acknowledged",
            Answer::Degraded => "answered by an edge alone",
            Answer::GivenUp(_) => "given up by Twilio",
            Answer::Odd(_) => "answered oddly",
        };
        *counts.entry(kind).or_default() += 1;
        *counts.entry("repeated").or_default() += usize::from(told.attempts > 1);
    }
    let counts: Vec<String> = counts.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("{} webhooks: {}", told.len(), counts.join(", "))
}

fn calm(evidence: &Evidence) -> String {
    let calms = calms(&evidence.windows, evidence.length);
    let long: f64 = calms.iter().map(|(start, end)| (*end - *start).as_secs_f64()).sum();
    let inside = |told: &&Told| calms.iter().any(|calm| told.begun >= calm.0 && told.begun < calm.1);
    let told: Vec<&Told> = evidence.noted.told.iter().filter(inside).collect();
    let taken = told.iter().filter(|told| told.answer == Answer::Stored).count();
    format!("away from faults: {taken} of {} webhooks taken in {long:.0} s", told.len())
}

/// What became of webhooks, in steps of so many seconds.
const STEP: u64 = 10;

fn timeline(evidence: &Evidence) -> String {
    let mut steps: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for told in &evidence.noted.told {
        let step = steps.entry(told.begun.as_secs() / STEP * STEP).or_default();
        step.0 += usize::from(told.answer == Answer::Stored);
        step.1 += 1;
    }
    let steps: Vec<String> =
        steps.into_iter().map(|(second, (taken, of))| format!("{second} s {taken}/{of}")).collect();
    format!("acknowledged by time of sending: {}", steps.join(", "))
}

fn violations(outcome: &Outcome) -> String {
    let mut text = match outcome.violations.len() {
        0 => "no rule was broken".to_owned(),
        count => format!("{count} rules were broken:"),
    };
    let mut shown: HashMap<Discriminant<Violation>, usize> = HashMap::new();
    for violation in &outcome.violations {
        let count = shown.entry(discriminant(violation)).or_default();
        *count += 1;
        if *count <= SHOWN {
            text.push_str(&format!("\n  {violation}"));
        }
    }
    text
}
