use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::Effect,
    machine::Machine,
    outcome::{Cause, Refused},
    sample::at,
    webhooks::desired,
};

pub(in crate::domain) fn number(state: State) -> PhoneNumber {
    let now = at("2026-11-20T12:00:00Z");
    PhoneNumber {
        id: PhoneNumberId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        account_id: AccountId::from_uuid(Uuid::from_u128(3)),
        display_name: String::new(),
        e164: "+15005550006".parse().expect("valid"),
        phone_number_sid: None,
        state,
        state_reason: String::new(),
        capabilities: Capabilities { voice: true, ..Capabilities::default() },
        integration_mode: IntegrationMode::Edge,
        assignment: None,
        fallback: None,
        voicemail: None,
        webhooks_state: WebhooksState::Unmanaged,
        webhooks_error: String::new(),
        desired_webhooks: None,
        observed_webhooks: None,
        observe_time: None,
        work: Work::Idle,
        version: 1,
        create_time: now,
        update_time: now,
        pool: None,
        attachment: None,
        drift: None,
        whatsapp_sender: false,
    }
}

pub(super) fn seen(webhooks: Webhooks) -> NumberSeen {
    NumberSeen {
        sid: format!("PN{:032x}", 7).parse().expect("valid"),
        e164: "+15005550006".parse().expect("valid"),
        account_sid: format!("AC{:032x}", 7).parse().expect("valid"),
        capabilities: Capabilities { voice: true, ..Capabilities::default() },
        webhooks,
        all_post: true,
    }
}

pub(super) fn wanted() -> Webhooks {
    desired("https://calls.example.com")
}

fn refused<T>(cause: Cause) -> Outcome<T> {
    Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "no".to_owned() })
}

/// A number with a Twilio of its own behind it: performs effects against `theirs` and counts the writes.
struct World {
    number: PhoneNumber,
    theirs: Webhooks,
    writes: usize,
    now: Timestamp,
}

impl World {
    fn new(state: State) -> Self {
        Self { number: number(state), theirs: Webhooks::default(), writes: 0, now: at("2026-11-20T12:00:00Z") }
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        match self.number.step(event, self.now) {
            Ok(step) => {
                self.number = PhoneNumber { version: self.number.version + 1, ..step.next };
                step.effects
            }
            Err(_) => Vec::new(),
        }
    }

    /// Performs an effect and tells the number, with `unknown` losing the answer after the work was done.
    fn perform(&mut self, effect: &Effect, unknown: bool) -> Vec<Effect> {
        match effect {
            Effect::FindNumber { round, .. } => {
                let outcome = match unknown {
                    true => Outcome::Unknown("lost".to_owned()),
                    false => Outcome::Done(Some(seen(self.theirs.clone()))),
                };
                self.step(Event::Found { round: *round, outcome })
            }
            Effect::WriteWebhooks { round, wanted, .. } => {
                self.theirs = wanted.clone();
                self.writes += 1;
                let outcome = match unknown {
                    true => Outcome::Unknown("lost".to_owned()),
                    false => Outcome::Done(seen(self.theirs.clone())),
                };
                self.step(Event::Written { round: *round, outcome })
            }
            other => panic!("a number wants {other:?}"),
        }
    }

    fn settle(&mut self, mut effects: Vec<Effect>) {
        loop {
            while let Some(effect) = effects.pop() {
                effects.extend(self.perform(&effect, false));
            }
            let Some(deadline) = self.number.deadline() else { return };
            self.now = deadline;
            effects = self.step(Event::Tick);
        }
    }
}

#[test]
fn configuring_writes_once_reads_back_and_the_second_time_writes_nothing() {
    let mut world = World::new(State::Active);
    for _ in 0..2 {
        let effects = world.step(Event::ConfigureRequested(wanted()));
        assert_eq!(world.number.webhooks_state, WebhooksState::Pending);
        world.settle(effects);
        assert_eq!(world.number.webhooks_state, WebhooksState::InSync);
        assert_eq!(world.writes, 1);
    }
}

#[test]
fn an_answer_lost_after_the_write_is_looked_up_and_not_written_again() {
    let mut world = World::new(State::Active);
    let effects = world.step(Event::ConfigureRequested(wanted()));
    let write = world.perform(&effects[0], false);
    assert!(world.perform(&write[0], true).is_empty());
    world.settle(Vec::new());
    assert_eq!((world.writes, world.number.webhooks_state), (1, WebhooksState::InSync));
}

#[test]
fn a_value_that_somebody_keeps_changing_back_is_given_up_with_the_reason() {
    let mut world = World::new(State::Active);
    let mut effects = world.step(Event::ConfigureRequested(wanted()));
    for _ in 0..20 {
        let Some(effect) = effects.pop() else { break };
        effects.extend(world.perform(&effect, false));
        world.theirs = Webhooks::default();
    }
    assert_eq!(world.number.webhooks_state, WebhooksState::Failed);
    assert!(world.number.webhooks_error.contains("3 times"), "{}", world.number.webhooks_error);
}

#[test]
fn a_number_of_another_account_is_refused() {
    let mut world = World::new(State::Pending);
    let effects = world.step(Event::Imported);
    let Some(Effect::FindNumber { round, .. }) = effects.first() else { panic!("{effects:?}") };
    world.step(Event::Found { round: *round, outcome: Outcome::Done(None) });
    assert_eq!(world.number.state, State::Refused);
    assert_eq!(world.number.step(Event::Assigned(agent()), world.now).expect_err("refused").reason, "NUMBER_REFUSED");
}

#[test]
fn what_twilio_refuses_for_a_while_is_asked_again_and_what_it_refuses_for_good_is_not() {
    let mut world = World::new(State::Active);
    let effects = world.step(Event::ConfigureRequested(wanted()));
    let Some(Effect::FindNumber { round, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    world.step(Event::Found { round, outcome: refused(Cause::RateLimited) });
    assert!(world.number.deadline().is_some_and(|deadline| deadline > world.now));
    world.now += Duration::seconds(2);
    assert_eq!(world.step(Event::Tick).len(), 1);
    world.step(Event::Found { round, outcome: refused(Cause::Permission) });
    assert_eq!((world.number.webhooks_state, world.number.deadline()), (WebhooksState::Failed, None));
}

#[test]
fn a_number_without_voice_is_not_assigned_to_anybody() {
    let mute = PhoneNumber { capabilities: Capabilities::default(), ..number(State::Active) };
    let refusal = mute.step(Event::Assigned(agent()), mute.create_time).expect_err("mute");
    assert_eq!(refusal.reason, "NUMBER_WITHOUT_VOICE");
}

#[test]
fn every_stored_state_of_the_work_still_loads() {
    for sample in [
        r#"{"state":"idle"}"#,
        r#"{"state":"reading","round":2,"attempt":0,"writes":0}"#,
        r#"{"state":"writing","round":2,"attempt":0,"writes":1}"#,
        r#"{"state":"waiting","round":2,"attempt":1,"writes":1,"until":"2026-11-20T12:00:02Z"}"#,
    ] {
        serde_json::from_str::<Work>(sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
}

fn agent() -> Assignment {
    Assignment::Agent(AgentId::from_uuid(Uuid::from_u128(9)))
}

#[derive(Clone, Debug)]
enum Move {
    Configure,
    Perform { which: usize, lost: bool },
    Repeat { which: usize },
    Meddle,
    Wait,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        1 => Just(Move::Configure),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, lost)| Move::Perform { which, lost }),
        2 => any::<usize>().prop_map(|which| Move::Repeat { which }),
        1 => Just(Move::Meddle),
        3 => Just(Move::Wait),
    ];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    /// Whatever is lost, repeated, reordered or meddled with: once the world is quiet, the work ends, in sync or given up
    /// with a reason, and a number that is in sync really is.
    #[test]
    fn the_work_always_ends_and_in_sync_means_in_sync(moves in moves()) {
        let mut world = World::new(State::Active);
        let mut pending = world.step(Event::ConfigureRequested(wanted()));
        let mut done = Vec::new();
        for step in moves {
            match step {
                Move::Configure => pending.extend(world.step(Event::ConfigureRequested(wanted()))),
                Move::Perform { which, lost } if !pending.is_empty() => {
                    let effect = pending.swap_remove(which % pending.len());
                    pending.extend(world.perform(&effect, lost));
                    done.push(effect);
                }
                Move::Repeat { which } if !done.is_empty() => {
                    let effect = done[which % done.len()].clone();
                    if let Effect::FindNumber { round, .. } = effect {
                        let outcome = Outcome::Done(Some(seen(world.theirs.clone())));
                        pending.extend(world.step(Event::Found { round, outcome }));
                    }
                }
                Move::Meddle => world.theirs = Webhooks::default(),
                Move::Wait => {
                    if let Some(deadline) = world.number.deadline() {
                        world.now = deadline;
                        pending.extend(world.step(Event::Tick));
                    }
                }
                Move::Perform { .. } | Move::Repeat { .. } => {}
            }
        }
        world.settle(pending);
        prop_assert_eq!(&world.number.work, &Work::Idle);
        match world.number.webhooks_state {
            WebhooksState::InSync => {}
            WebhooksState::Failed => prop_assert!(!world.number.webhooks_error.is_empty()),
            other => prop_assert!(false, "ended as {}", other),
        }
        let effects = world.step(Event::ConfigureRequested(wanted()));
        world.settle(effects);
        prop_assert_eq!(world.number.webhooks_state, WebhooksState::InSync);
        prop_assert_eq!(world.theirs, wanted());
    }
}
