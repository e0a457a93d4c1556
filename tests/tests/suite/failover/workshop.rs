//! What failovers in a workshop begin with: accounts, numbers, and a verdict. There is a worker and no server.

use callplane_control_plane::{
    domain::{
        id::{AccountId, PhoneNumberId},
        monitor::{Heard, Verdict},
        phone_number::{Assignment, Event, PhoneNumber, PoolEvent},
    },
    flow::{Journal, failover, phone_number},
    rpc::{account::Accounts, failover::Failovers, phone_number::PhoneNumbers},
    server::Plane,
};
use callplane_proto::v1::{
    self as pb, account_service_server::AccountService, failover_service_server::FailoverService,
    phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{NewAccount, NewNumber, SeededAccount};
use callplane_tests::crash::Workshop;

/// An account at Twilio and with us; it is not proved yet.
pub async fn add_account(workshop: &Workshop, plane: &Plane, name: &str) -> (SeededAccount, String) {
    let seeded = workshop.twilio.add_account(NewAccount::default()).expect("an account");
    let account = pb::Account { display_name: name.into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = Accounts::new(plane.ctx.clone()).create_account(workshop.ask(request)).await.expect("created");
    (seeded, created.into_inner().account.expect("an account").id)
}

/// A number of it, imported; Twilio has not been asked yet.
pub async fn add_number(
    workshop: &Workshop,
    plane: &Plane,
    (owner, account_id): (&SeededAccount, &str),
    e164: &str,
) -> String {
    workshop.twilio.add_number(NewNumber::new(e164, &owner.sid)).expect("a number");
    let number = pb::PhoneNumber { account_id: account_id.to_owned(), e164: e164.to_owned(), ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let numbers = PhoneNumbers::new(plane.ctx.clone());
    let imported = numbers.import_phone_number(workshop.ask(request)).await.expect("imported").into_inner();
    imported.phone_number.expect("a number").id
}

/// Lets somebody answer a number.
pub async fn assign(journal: &mut Journal<'_>, number: &str, assignment: Assignment) {
    let number: PhoneNumberId = number.parse().expect("an id");
    phone_number::assign(journal, number, "", assignment).await.expect("assigned");
}

/// Makes a number a backup number.
pub async fn pooled(journal: &mut Journal<'_>, number: &str) {
    let number: PhoneNumberId = number.parse().expect("an id");
    journal.step::<PhoneNumber>(number, Event::Pool(PoolEvent::Pooled)).await.expect("pooled");
}

/// The account turns out to be suspended.
pub async fn critical(workshop: &Workshop, plane: &Plane, account_id: AccountId) {
    let why = "suspended".to_owned();
    let since = plane.ctx.clock.now();
    let heard = Heard { account_id, verdict: Verdict::Critical, good: false, since, why, failing: Vec::new() };
    let mut journal = Journal::begin(&plane.ctx, workshop.workspace).await.expect("begins");
    failover::heard(&mut journal, &heard).await.expect("heard");
    journal.commit().await.expect("commits");
}

/// Every failover, the newest first.
pub async fn failovers(workshop: &Workshop, plane: &Plane) -> Vec<pb::Failover> {
    let service = Failovers::new(plane.ctx.clone(), Default::default());
    let request = workshop.ask(pb::ListFailoversRequest::default());
    service.list_failovers(request).await.expect("listed").into_inner().failovers
}

/// Takes the newest one back.
pub async fn roll_back(workshop: &Workshop, plane: &Plane) {
    let failover_id = failovers(workshop, plane).await.remove(0).id;
    let request = pb::RollbackFailoverRequest { failover_id, reason: "it is back".into(), ..Default::default() };
    let service = Failovers::new(plane.ctx.clone(), Default::default());
    service.rollback_failover(workshop.ask(request)).await.expect("begun");
}

/// The lines of one, and what happened in it.
pub async fn told(workshop: &Workshop, plane: &Plane, id: &str) -> (Vec<pb::FailoverMove>, Vec<pb::FailoverEvent>) {
    let service = Failovers::new(plane.ctx.clone(), Default::default());
    let request = pb::ListFailoverMovesRequest { failover_id: id.to_owned(), ..Default::default() };
    let moves = service.list_failover_moves(workshop.ask(request)).await.expect("listed").into_inner().moves;
    let request = pb::ListFailoverEventsRequest { failover_id: id.to_owned(), page_size: 500, ..Default::default() };
    let events = service.list_failover_events(workshop.ask(request)).await.expect("listed").into_inner().events;
    (moves, events)
}

/// Each step is told once, and each line is turned once.
pub fn must_be_told_once(moves: &[pb::FailoverMove], events: &[pb::FailoverEvent]) {
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>(), "each step is told once");
    let flips = events.iter().filter(|event| event.r#type == "move.flipped").count();
    let turned = moves.iter().filter(|line| line.flip_time.is_some()).count();
    assert_eq!(flips, turned, "each line is turned once");
}
