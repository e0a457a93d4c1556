//! A control plane that dies at any durable boundary of a failover, and the one that takes over: every run ends as the one
//! without a crash did, with one owner for each number and no write too many.

use std::{collections::BTreeSet, sync::Mutex};

use callplane_control_plane::{
    domain::{
        agent::{Announcement, Endpoint},
        id::{AccountId, FailoverId, PhoneNumberId},
        monitor::{Heard, Verdict},
        phone_number::{Event, PhoneNumber, PoolEvent, PoolState},
    },
    flow::{Journal, agent, failover},
    rpc::{account::Accounts, failover::Failovers, phone_number::PhoneNumbers},
    server::Plane,
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, FailoverMoveState, FailoverState, account_service_server::AccountService,
    failover_service_server::FailoverService, phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, NewAccount, NewNumber, SeededAccount};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary},
};

use super::standing;

/// What Twilio does wrong once while the target is asked.
type Trouble = Option<(&'static str, FaultAction)>;

fn troubles(database: &str) -> Vec<Trouble> {
    let all = vec![
        None,
        Some(("POST", FaultAction::ErrorAfter { status: 500, code: Some(20500) })),
        Some(("GET", FaultAction::ErrorBefore { status: 503, code: None })),
        Some(("POST", FaultAction::TooManyRequests)),
        Some(("POST", FaultAction::ErrorBefore { status: 400, code: Some(21402) })),
    ];
    all.into_iter().take(if database == "postgres" { 1 } else { 5 }).collect()
}

/// An account becomes critical; its two agents go to the backup account, and back when `back`.
struct Suspension {
    trouble: Trouble,
    back: bool,
    begun: Mutex<Option<String>>,
}

async fn add_account(workshop: &Workshop, plane: &Plane, name: &str) -> (SeededAccount, String) {
    let seeded = workshop.twilio.add_account(NewAccount::default()).expect("an account");
    let account = pb::Account { display_name: name.into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = Accounts::new(plane.ctx.clone()).create_account(workshop.ask(request)).await.expect("created");
    (seeded, created.into_inner().account.expect("an account").id)
}

async fn add_number(
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

/// Two agents with a number each, and as many backup numbers; gives the primary account, its SID, and the backup account.
pub async fn furnish(workshop: &Workshop, plane: &Plane) -> ((String, String), SeededAccount) {
    let (primary, primary_id) = add_account(workshop, plane, "Main").await;
    let (backup, backup_id) = add_account(workshop, plane, "Backup").await;
    for place in 0..2 {
        let number = add_number(workshop, plane, (&primary, primary_id.as_str()), &format!("+1415555000{place}")).await;
        let spare = add_number(workshop, plane, (&backup, backup_id.as_str()), &format!("+1628555000{place}")).await;
        assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
        let mut journal = Journal::begin(&plane.ctx, workshop.workspace).await.expect("begins");
        let endpoint = Endpoint::Announcement(Announcement { text: "Hello.".into(), ..Announcement::default() });
        let reach = agent::Reach { endpoint, api_key: None };
        let new = agent::New { display_name: format!("Desk {place}"), reach, fallback_agent_id: None };
        let agent = agent::create(&mut journal, new).await.expect("created");
        let assignment = callplane_control_plane::domain::phone_number::Assignment::Agent(agent.id);
        let number: PhoneNumberId = number.parse().expect("an id");
        callplane_control_plane::flow::phone_number::assign(&mut journal, number, "", assignment)
            .await
            .expect("assigned");
        let spare: PhoneNumberId = spare.parse().expect("an id");
        journal.step::<PhoneNumber>(spare, Event::Pool(PoolEvent::Pooled)).await.expect("pooled");
        journal.commit().await.expect("commits");
    }
    ((primary_id, primary.sid), backup)
}

/// What a look at the account has come to.
pub async fn critical(workshop: &Workshop, plane: &Plane, account_id: AccountId) {
    let why = "suspended".to_owned();
    let since = plane.ctx.clock.now();
    let heard = Heard { account_id, verdict: Verdict::Critical, good: false, since, why, failing: Vec::new() };
    let mut journal = Journal::begin(&plane.ctx, workshop.workspace).await.expect("begins");
    failover::heard(&mut journal, &heard).await.expect("heard");
    journal.commit().await.expect("commits");
}

impl Suspension {
    async fn list(workshop: &Workshop, plane: &Plane) -> Vec<pb::Failover> {
        let service = Failovers::new(plane.ctx.clone(), Default::default());
        let request = workshop.ask(pb::ListFailoversRequest::default());
        service.list_failovers(request).await.expect("listed").into_inner().failovers
    }
}

impl Scenario for Suspension {
    type End = (FailoverState, Vec<(String, FailoverMoveState)>, Vec<(String, Option<PoolState>, bool)>, usize, bool);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let ((primary_id, _), backup) = furnish(workshop, plane).await;
        if let Some((method, action)) = &self.trouble {
            let fault = Fault::once("/IncomingPhoneNumbers", action.clone()).method(method).account(&backup.sid);
            // A refusal that nobody heard of is met again, and must be the same.
            let is_final = matches!(action, FaultAction::ErrorBefore { status: 400, .. });
            let fault = fault.times(if is_final { 0 } else { 1 });
            workshop.twilio.inject_fault(fault);
        }
        critical(workshop, plane, primary_id.parse().expect("an id")).await;
        if self.back {
            assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
            let failover_id = Self::list(workshop, plane).await.remove(0).id;
            let request =
                pb::RollbackFailoverRequest { failover_id, reason: "it is back".into(), ..Default::default() };
            let service = Failovers::new(plane.ctx.clone(), Default::default());
            service.rollback_failover(workshop.ask(request)).await.expect("begun");
        }
        *self.begun.lock().expect("nobody panics") = Some(primary_id);
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let all = Self::list(workshop, plane).await;
        assert_eq!(all.len(), if self.back { 2 } else { 1 }, "one saga");
        let service = Failovers::new(plane.ctx.clone(), Default::default());
        let request = pb::ListFailoverMovesRequest { failover_id: all[0].id.clone(), ..Default::default() };
        let moves = service.list_failover_moves(workshop.ask(request)).await.expect("listed").into_inner().moves;
        let request =
            pb::ListFailoverEventsRequest { failover_id: all[0].id.clone(), page_size: 500, ..Default::default() };
        let events = service.list_failover_events(workshop.ask(request)).await.expect("listed").into_inner().events;
        let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>(), "each step is told once");
        let flips = events.iter().filter(|event| event.r#type == "move.flipped").count();
        let turned = moves.iter().filter(|line| line.flip_time.is_some()).count();
        assert_eq!(flips, turned, "each line is turned once");

        let numbers = PhoneNumbers::new(plane.ctx.clone());
        let request = workshop.ask(pb::ListPhoneNumbersRequest::default());
        let numbers = numbers.list_phone_numbers(request).await.expect("listed").into_inner().phone_numbers;
        let owners: Vec<_> = numbers.iter().filter_map(|number| number.assignment.as_ref()).collect();
        let mut pool = Vec::new();
        for number in &numbers {
            let (state, is_answered) = standing(plane, workshop.workspace, &number.id).await;
            pool.push((number.e164.clone(), state, is_answered));
        }
        let distinct: BTreeSet<String> = owners.iter().map(|owner| format!("{owner:?}")).collect();
        assert_eq!(distinct.len(), 2, "the two agents, and nobody else");
        let moves = moves.iter().map(|line| (line.display_name.clone(), line.state())).collect();
        let is_free = {
            let id: FailoverId = all[0].id.parse().expect("an id");
            let account: AccountId =
                self.begun.lock().expect("nobody panics").clone().expect("set").parse().expect("an id");
            let held = callplane_control_plane::store::failover::claim::holder(plane.ctx.store.read(), account).await;
            held.expect("read") != Some(id)
        };
        (all[0].state(), moves, pool, writes(workshop), is_free)
    }
}

/// How often something was really written at Twilio.
fn writes(workshop: &Workshop) -> usize {
    let written = |what: &Happened| matches!(what, Happened::Rest { method, performed: true, .. } if method != "GET");
    workshop.twilio.ledger().iter().filter(|entry| written(&entry.what)).count()
}

async fn every_boundary(kind: &str, back: bool, mut database: impl AsyncFnMut() -> Database) {
    let troubles = if back { vec![None] } else { troubles(kind) };
    for trouble in troubles {
        let scenario = Suspension { trouble, back, begun: Mutex::default() };
        at_every_boundary(&scenario, async || database().await).await;
    }
}

#[tokio::test]
async fn a_failover_survives_a_crash_at_every_boundary_on_sqlite() {
    every_boundary("sqlite", false, async || Database::sqlite()).await;
}

#[tokio::test]
async fn a_failover_survives_a_crash_at_every_boundary_on_postgres() {
    every_boundary("postgres", false, async || Database::postgres().await).await;
}

#[tokio::test]
async fn a_rollback_survives_a_crash_at_every_boundary_on_sqlite() {
    every_boundary("sqlite", true, async || Database::sqlite()).await;
}

#[tokio::test]
async fn a_rollback_survives_a_crash_at_every_boundary_on_postgres() {
    every_boundary("postgres", true, async || Database::postgres().await).await;
}
