//! Chance: faults, crashes, two or three replicas, a suspended account, a failover and an acknowledgement at any moment, from a
//! seed that is printed. Nobody is rung more than twice, nobody is rung anew after somebody acknowledged, and every step has
//! its outcome.
//!
//! `CALLPLANE_TEST_SEEDS` runs so many, from `CALLPLANE_TEST_SEED` on; `CALLPLANE_TEST_LOST` loses so many answers.

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        id::AccountId,
        incident::{State, Status},
    },
    server::Plane,
    store::{self, Scope},
    worker::{Boundaries, Crew, effects, timers},
};
use callplane_proto::v1 as pb;
use callplane_simulator::{Answer, Callee, Fault, FaultAction};
use callplane_tests::{
    Database,
    chance::some,
    crash::{Workshop, open_attempts, unfinished},
    ladder::{ADA, rung},
    soak::dice::Dice,
};
use sea_orm::ConnectionTrait;

use super::workshop::{acknowledge, contact, furnish, open, out_of_the_way, policy, rings, stored};
use crate::failover;

#[tokio::test]
async fn whatever_chance_does_nobody_is_rung_more_than_twice() {
    for seed in some(12) {
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
    if dice.below(2) == 0 {
        replicas.push(workshop.process().await);
    }
    let mut perils = Perils::prepare(&workshop, &replicas[0], &mut dice).await;
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
    let acknowledged = round_after_round(&workshop, &mut replicas, (&id, &mut perils), &mut dice).await;
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

/// What may still happen to the account that calls: Twilio suspends it, and its agents are moved to another one.
struct Perils {
    account: Option<(AccountId, String)>,
    is_suspended: bool,
    is_moved: bool,
}

impl Perils {
    /// Every second time there is another account to move to.
    async fn prepare(workshop: &Workshop, plane: &Plane, dice: &mut Dice) -> Self {
        let has_backup = dice.below(2) == 0;
        let account = match has_backup {
            true => {
                let ((id, sid), _) = failover::crash::furnish(workshop, plane).await;
                out_of_the_way(workshop, plane).await;
                Some((id.parse().expect("an id"), sid))
            }
            false => {
                furnish(workshop, plane).await;
                None
            }
        };
        Self { account, is_suspended: false, is_moved: false }
    }

    /// One of them happens now and then, each once.
    async fn strike(&mut self, workshop: &Workshop, plane: &Plane, dice: &mut Dice) {
        let Some((id, sid)) = &self.account else { return };
        if !self.is_suspended && dice.below(30) == 0 {
            workshop.twilio.suspend(sid).expect("suspended");
            self.is_suspended = true;
        }
        if !self.is_moved && dice.below(30) == 0 {
            failover::workshop::critical(workshop, plane, *id).await;
            self.is_moved = true;
        }
    }
}

/// Replicas work, die and come back, until nothing is left to do; says when somebody acknowledged.
async fn round_after_round(
    workshop: &Workshop,
    replicas: &mut [Plane],
    (id, perils): (&str, &mut Perils),
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
        perils.strike(workshop, &replicas[0], dice).await;
        if acknowledged.is_none() && dice.below(40) == 0 && acknowledge(workshop, &replicas[0], id).await {
            acknowledged = Some(replicas[0].ctx.clock.now());
        }
        let incident = stored(workshop, &replicas[0], id).await;
        let db = replicas[0].ctx.store.read();
        // A failover may have stopped half-way for somebody to decide; that is no part of this.
        let is_quiet = open_attempts(db).await == 0 && is_over(&Scope::new(db, workshop.workspace)).await;
        if incident.state == State::Resolved && is_quiet {
            return acknowledged;
        }
        let has_time = is_quiet && (incident.exhausted || incident.state == State::Acknowledged);
        let most = if has_time { 1_200 } else { 15 };
        workshop.advance(dice.between(Duration::from_secs(1), Duration::from_secs(most)));
    }
    let left = stored(workshop, &replicas[0], id).await;
    let effects = unfinished(replicas[0].ctx.store.read()).await;
    panic!("it does not come to an end: {effects:?} {left:#?}");
}

/// Nothing waits, is being made, or may ring as far as anybody knows.
async fn is_over<C: ConnectionTrait>(scope: &Scope<'_, C>) -> bool {
    store::attempt::under_way(scope).await.expect("attempts are read").is_empty()
}

/// One turn of a replica; whether it died in it.
async fn work(plane: &Plane, boundaries: Boundaries) -> bool {
    let crew = Crew { boundaries, ..plane.crew.clone() };
    timers::tick(&crew.ctx).await.expect("timers are read");
    effects::settle(&crew).await.expect("effects are claimed").is_err()
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_call_was_taken_rings_once_each_time() {
    let people = std::env::var("CALLPLANE_TEST_LOST").map_or(20, |text| text.parse().expect("a number"));
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
