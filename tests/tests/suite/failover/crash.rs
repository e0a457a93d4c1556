//! A control plane that dies at any durable boundary of a failover, and the one that takes over: every run ends as the one
//! without a crash did, with one owner for each number and no write too many.

use std::{collections::BTreeSet, sync::Mutex};

use callplane_control_plane::{
    domain::{
        agent::{Announcement, Endpoint},
        id::{AccountId, FailoverId},
        phone_number::{Assignment, PoolState},
    },
    flow::{Journal, agent},
    rpc::phone_number::PhoneNumbers,
    server::Plane,
    store::failover::claim,
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, FailoverMoveState, FailoverState, phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, SeededAccount};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary, at_pairs},
};

use super::{
    standing,
    workshop::{add_account, add_number, assign, critical, failovers, must_be_told_once, pooled, roll_back, told},
};

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
        assign(&mut journal, &number, Assignment::Agent(agent.id)).await;
        pooled(&mut journal, &spare).await;
        journal.commit().await.expect("commits");
    }
    ((primary_id, primary.sid), backup)
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
            roll_back(workshop, plane).await;
        }
        *self.begun.lock().expect("nobody panics") = Some(primary_id);
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let all = failovers(workshop, plane).await;
        assert_eq!(all.len(), if self.back { 2 } else { 1 }, "one saga");
        let (moves, events) = told(workshop, plane, &all[0].id).await;
        must_be_told_once(&moves, &events);

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
            let held = claim::holder(plane.ctx.store.read(), account).await;
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

/// So many pairs of crashes are tried each time.
const PAIRS: u64 = 24;

async fn pairs(back: bool, database: impl AsyncFnMut() -> Database, usual: u64) {
    at_pairs(&Suspension { trouble: None, back, begun: Mutex::default() }, usual, database).await;
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

#[tokio::test]
async fn a_failover_survives_two_crashes_on_sqlite() {
    pairs(false, async || Database::sqlite(), PAIRS).await;
}

#[tokio::test]
async fn a_failover_survives_two_crashes_on_postgres() {
    pairs(false, async || Database::postgres().await, PAIRS / 4).await;
}

#[tokio::test]
async fn a_rollback_survives_two_crashes_on_sqlite() {
    pairs(true, async || Database::sqlite(), PAIRS / 2).await;
}
