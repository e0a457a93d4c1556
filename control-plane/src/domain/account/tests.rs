use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::Effect,
    machine::Machine,
    outcome::{Cause, Refused},
    sample::at,
    telephony::AccountStatus,
};

fn account() -> Account {
    let now = at("2026-11-20T12:00:00Z");
    Account {
        id: AccountId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        display_name: "Main".to_owned(),
        account_sid: format!("AC{:032x}", 1).parse().expect("valid"),
        parent_id: None,
        role: Role::Primary,
        backup_order: 0,
        region: String::new(),
        edge_location: String::new(),
        api_base_url: String::new(),
        status: Status::Unverified,
        status_reason: String::new(),
        credentials: Credentials { auth_token_time: Some(now), ..Credentials::default() },
        verify_time: None,
        proof: Proof::Idle,
        version: 0,
        create_time: now,
        update_time: now,
    }
}

fn seen(account: &Account, status: AccountStatus) -> AccountSeen {
    let sid = account.account_sid.clone();
    AccountSeen { owner_account_sid: sid.clone(), sid, status, trial: false }
}

fn refused(cause: Cause) -> Outcome<AccountSeen> {
    Outcome::Refused(Refused { cause, code: 20003, http_status: 401, message: "no".to_owned() })
}

fn asked(account: &Account, event: Event, now: Timestamp) -> (Account, u32) {
    let step = account.step(event, now).expect("asks");
    match step.effects.as_slice() {
        [Effect::ReadAccount { round, .. }] => (Account { version: account.version + 1, ..step.next }, *round),
        other => panic!("expected one read, got {other:?}"),
    }
}

#[test]
fn each_answer_of_twilio_has_its_own_status() {
    let now = at("2026-11-20T12:00:00Z");
    let fresh = account();
    let answers = [
        (Outcome::Done(seen(&fresh, AccountStatus::Active)), Status::Active),
        (Outcome::Done(seen(&fresh, AccountStatus::Suspended)), Status::Suspended),
        (Outcome::Done(seen(&fresh, AccountStatus::Closed)), Status::Closed),
        (refused(Cause::Credentials), Status::Refused),
        (refused(Cause::Suspended), Status::Suspended),
        (refused(Cause::Closed), Status::Closed),
        (refused(Cause::WrongRegion), Status::WrongRegion),
        (refused(Cause::Permission), Status::Refused),
        (refused(Cause::RateLimited), Status::Unverified),
        (Outcome::Unknown("timeout".to_owned()), Status::Unverified),
    ];
    for (outcome, status) in answers {
        let (waiting, round) = asked(&fresh, Event::Created, now);
        let told = waiting.step(Event::Read { round, outcome: outcome.clone() }, now).expect("in time").next;
        assert_eq!(told.status, status, "{outcome:?}");
        assert_eq!(told.deadline().is_some(), status == Status::Unverified, "{outcome:?}");
    }
}

#[test]
fn the_answer_about_replaced_credentials_counts_for_nothing() {
    let now = at("2026-11-20T12:00:00Z");
    let (first, old) = asked(&account(), Event::Created, now);
    let (second, new) = asked(&first, Event::CredentialsChanged(first.credentials.clone()), now);
    assert_ne!(old, new);
    assert!(second.step(Event::Read { round: old, outcome: refused(Cause::Credentials) }, now).is_err());
    let outcome = Outcome::Done(seen(&second, AccountStatus::Active));
    assert_eq!(second.step(Event::Read { round: new, outcome }, now).expect("in time").next.status, Status::Active);
}

#[test]
fn credentials_of_another_account_are_refused() {
    let now = at("2026-11-20T12:00:00Z");
    let (waiting, round) = asked(&account(), Event::Created, now);
    let other =
        AccountSeen { sid: format!("AC{:032x}", 2).parse().expect("valid"), ..seen(&waiting, AccountStatus::Active) };
    let told = waiting.step(Event::Read { round, outcome: Outcome::Done(other) }, now).expect("in time").next;
    assert_eq!((told.status, told.verify_time), (Status::Refused, None));
}

#[test]
fn an_account_without_credentials_is_verify_only_and_cannot_be_proved() {
    let now = at("2026-11-20T12:00:00Z");
    let bare = Account { credentials: Credentials::default(), ..account() };
    let step = bare.step(Event::Created, now).expect("steps");
    assert_eq!((step.next.status, step.effects.len()), (Status::VerifyOnly, 0));
    let refusal = step.next.step(Event::VerifyRequested, now).expect_err("nothing to prove");
    assert_eq!(refusal.reason, "ACCOUNT_WITHOUT_CREDENTIALS");
}

#[test]
fn waiting_grows_and_ends_at_five_minutes() {
    let mut now = at("2026-11-20T12:00:00Z");
    let (mut waiting, round) = asked(&account(), Event::Created, now);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        waiting = waiting.step(Event::Read { round, outcome: refused(Cause::Unreachable) }, now).expect("in time").next;
        let deadline = waiting.deadline().expect("waits");
        pauses.push((deadline - now).num_seconds());
        assert!(waiting.step(Event::Tick, deadline - Duration::microseconds(1)).is_err(), "too early");
        now = deadline;
        waiting = waiting.step(Event::Tick, now).expect("due").next;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[test]
fn every_stored_state_of_the_proof_still_loads() {
    for sample in [
        r#"{"state":"idle"}"#,
        r#"{"state":"asked","round":1,"attempt":0}"#,
        r#"{"state":"waiting","round":1,"attempt":2,"until":"2026-11-20T12:00:02Z"}"#,
    ] {
        serde_json::from_str::<Proof>(sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
}

fn events() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        Just(Outcome::Done(seen(&account(), AccountStatus::Active))),
        Just(Outcome::Done(seen(&account(), AccountStatus::Suspended))),
        Just(refused(Cause::Credentials)),
        Just(refused(Cause::RateLimited)),
        Just(Outcome::Unknown("lost".to_owned())),
    ];
    prop_oneof![
        Just(Event::VerifyRequested),
        Just(Event::CredentialsChanged(account().credentials)),
        Just(Event::CredentialsChanged(Credentials::default())),
        Just(Event::Changed(Patch { region: Some("ie1".to_owned()), ..Patch::default() })),
        Just(Event::Changed(Patch { display_name: Some("Other".to_owned()), ..Patch::default() })),
        Just(Event::Tick),
        (0..40_u32, outcome).prop_map(|(round, outcome)| Event::Read { round, outcome }),
    ]
}

proptest! {
    /// A read is wanted exactly when the state says that Twilio is being asked, and a proved account was proved.
    #[test]
    fn random_events_never_leave_a_question_open(events in proptest::collection::vec(events(), 1..80)) {
        let mut now = at("2026-11-20T12:00:00Z");
        let mut held = account();
        for event in events {
            now += Duration::seconds(60);
            let Ok(step) = held.step(event, now) else { continue };
            let is_new_question = !step.effects.is_empty();
            let next = Account { version: held.version + 1, ..step.next };
            if is_new_question {
                let is_asked = matches!(next.proof, Proof::Asked { .. });
                prop_assert!(is_asked);
            }
            prop_assert_eq!(next.deadline().is_some(), matches!(next.proof, Proof::Waiting { .. }));
            if next.status == Status::Active {
                prop_assert!(next.verify_time.is_some() && next.credentials.reach_twilio());
            }
            held = next;
        }
    }
}
