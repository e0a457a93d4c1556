//! Chance: faults, crashes, two replicas and an acknowledgement at any moment, from a seed that is printed. Nobody is rung more
//! than twice, nobody is rung anew after somebody acknowledged, and every step has its outcome.
//!
//! `CALLPLANE_TEST_SEEDS` runs so many, from `CALLPLANE_TEST_SEED` on; `CALLPLANE_TEST_LOST` loses so many answers.

use std::time::Duration;

use callplane_control_plane::{
    domain::incident::{State, Status},
    server::Plane,
    worker::{Boundaries, Crew, effects, timers},
};
use callplane_proto::v1 as pb;
use callplane_simulator::{Answer, Callee, Fault, FaultAction};
use callplane_tests::{
    Database,
    crash::{Workshop, open_effects},
    ladder::{ADA, rung},
    soak::dice::Dice,
};

use super::workshop::{acknowledge, contact, furnish, open, policy, rings, stored};

fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[tokio::test]
async fn whatever_chance_does_nobody_is_rung_more_than_twice() {
    let first = asked("CALLPLANE_TEST_SEED", 1);
    for seed in first..first + asked("CALLPLANE_TEST_SEEDS", 12) {
        eprintln!("seed {seed}");
        one(seed).await;
    }
}

fn trouble(dice: &mut Dice) -> Fault {
    let action = match dice.below(6) {
        0 => FaultAction::ErrorAfter { status: 500, code: Some(20500) },
        1 => FaultAction::ErrorBefore { status: 503, code: None },
        2 => FaultAction::Reset,
        3 => FaultAction::ResetAfter,
        4 => FaultAction::TooManyRequests,
        _ => FaultAction::Garbage,
    };
    let (path, method) = match dice.below(3) {
        0 => ("/Messages.json", "POST"),
        1 => ("/Calls.json", "GET"),
        _ => ("/Calls.json", "POST"),
    };
    Fault::once(path, action).method(method)
}

fn callee(dice: &mut Dice) -> Callee {
    match dice.below(5) {
        0 => Callee::Busy,
        1 => Callee::NoAnswer,
        2 => Callee::machine(),
        3 => Callee::Failed,
        _ => Callee::Answers(Answer::default()),
    }
}

async fn one(seed: u64) {
    let mut dice = Dice::new(seed);
    let workshop = Workshop::open(Database::sqlite()).await;
    let mut replicas = vec![workshop.process().await, workshop.process().await];
    furnish(&workshop, &replicas[0]).await;
    workshop.twilio.set_callee(ADA, callee(&mut dice));
    for _ in 0..dice.below(4) {
        workshop.twilio.inject_fault(trouble(&mut dice));
    }
    let rungs = vec![
        rung(pb::Channel::Sms, -175),
        pb::Rung { redials: 1, ..rung(pb::Channel::Voice, -160) },
        rung(pb::Channel::Voice, 300),
    ];
    let (policy, ada) = (policy(&workshop, &replicas[0], rungs).await, contact(&workshop, &replicas[0], ADA).await);
    let id = open(&workshop, &replicas[0], (&policy, &ada), 190).await;
    let acknowledged = round_after_round(&workshop, &mut replicas, &id, &mut dice).await;
    let rung = rings(&workshop, ADA);
    assert!(rung.len() <= 2, "seed {seed}: rung {} times", rung.len());
    let incident = stored(&workshop, &replicas[0], &id).await;
    let open: Vec<_> = incident.steps.iter().filter(|step| step.status == Status::Pending).collect();
    assert!(open.is_empty(), "seed {seed}: steps without an outcome: {open:?}");
    if let Some(acknowledged) = acknowledged {
        let late = rung.iter().filter(|at| **at > acknowledged).count();
        assert_eq!(late, 0, "seed {seed}: rung after the acknowledgement at {acknowledged}: {rung:?} {incident:#?}");
    }
}

/// Two replicas work, die and come back, until nothing is left to do; says when somebody acknowledged.
async fn round_after_round(
    workshop: &Workshop,
    replicas: &mut [Plane],
    id: &str,
    dice: &mut Dice,
) -> Option<callplane_control_plane::domain::time::Timestamp> {
    let mut acknowledged = None;
    for _ in 0..2_000 {
        workshop.twilio.settle().await;
        let which = dice.below(replicas.len());
        let stop_at = if dice.below(3) == 0 { 1 + dice.below(5) } else { usize::MAX };
        if work(&replicas[which], Boundaries::stop_at(stop_at)).await {
            replicas[which] = workshop.process().await;
        }
        if acknowledged.is_none() && dice.below(40) == 0 && acknowledge(workshop, &replicas[0], id).await {
            acknowledged = Some(replicas[0].ctx.clock.now());
        }
        let incident = stored(workshop, &replicas[0], id).await;
        let is_quiet = open_effects(replicas[0].ctx.store.read()).await == 0;
        if incident.state == State::Resolved && is_quiet && incident.under_way().next().is_none() {
            return acknowledged;
        }
        let is_over = incident.exhausted || incident.state == State::Acknowledged;
        let most = if is_over && incident.under_way().next().is_none() { 1_200 } else { 15 };
        workshop.advance(dice.between(Duration::from_secs(1), Duration::from_secs(most)));
    }
    let left = stored(workshop, &replicas[0], id).await;
    panic!("it does not come to an end: {left:#?}");
}

/// One turn of a replica; whether it died in it.
async fn work(plane: &Plane, boundaries: Boundaries) -> bool {
    let crew = Crew { boundaries, ..plane.crew.clone() };
    timers::tick(&crew.ctx).await.expect("timers are read");
    effects::settle(&crew).await.expect("effects are claimed").is_err()
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_call_was_taken_rings_once_each_time() {
    let people = asked("CALLPLANE_TEST_LOST", 20);
    let workshop = Workshop::open(Database::sqlite()).await;
    let plane = workshop.process().await;
    furnish(&workshop, &plane).await;
    let policy = policy(&workshop, &plane, vec![rung(pb::Channel::Voice, 0)]).await;
    for person in 0..people {
        let number = format!("+1415666{person:04}");
        workshop.twilio.set_callee(&number, Callee::Busy);
        let lost = FaultAction::ErrorAfter { status: 500, code: Some(20500) };
        workshop.twilio.inject_fault(Fault::once("/Calls.json", lost).method("POST"));
        let somebody = contact(&workshop, &plane, &number).await;
        let id = open(&workshop, &plane, (&policy, &somebody), 0).await;
        for _ in 0..8 {
            work(&plane, Boundaries::default()).await;
            workshop.twilio.settle().await;
            workshop.advance(Duration::from_secs(10));
        }
        let steps = stored(&workshop, &plane, &id).await.steps;
        assert_eq!(rings(&workshop, &number).len(), 1, "{steps:?}");
        assert_eq!(steps[0].ending.map(|ending| ending.as_str()), Some("busy"), "{steps:?}");
    }
}
