//! A control plane that dies at any durable boundary while a line of ElevenLabs is moved, or moved back: every run ends as the
//! one without a crash did, the backup number was imported once, and one number leads to the agent.

use std::sync::Mutex;

use callplane_control_plane::{
    domain::{
        outcome::Outcome,
        phone_number::{Assignment, PoolState},
    },
    flow::Journal,
    provider::AgentKey,
    rpc::{agent::Agents, phone_number::PhoneNumbers},
    server::Plane,
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, FailoverMoveState, FailoverState, agent_service_server::AgentService,
    phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, NewAgent, NewElevenLabsKey};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary, at_pairs},
};

use super::{
    standing,
    workshop::{add_account, add_number, assign, critical, failovers, must_be_told_once, pooled, roll_back, told},
};

const OWN: &str = "+14155550000";
const BACKUP: &str = "+16285550000";

/// What ElevenLabs does wrong once: with which kind of request.
type Trouble = Option<(&'static str, FaultAction)>;

fn troubles() -> Vec<Trouble> {
    vec![None, Some(("POST", FaultAction::ErrorAfter { status: 500, code: None }))]
}

/// An account becomes critical; its only agent, of ElevenLabs, goes to the backup account, and back when `back`.
struct Suspension {
    trouble: Trouble,
    back: bool,
    begun: Mutex<Option<Begun>>,
}

#[derive(Clone)]
struct Begun {
    key: String,
    numbers: [String; 2],
}

/// Which numbers ElevenLabs holds, and which agent answers each.
type Held = Vec<(String, Option<String>)>;

async fn held(plane: &Plane, key: &str) -> Held {
    let key = AgentKey { api_key: key.to_owned().into(), api_base_url: None };
    let Outcome::Done(imports) = plane.crew.agents.list_imports(&key).await else { panic!("it answers") };
    let mut held: Held =
        imports.into_iter().map(|import| (import.e164.as_str().to_owned(), import.vendor_agent_id)).collect();
    held.sort();
    held
}

/// How often a number was really imported.
fn imports(workshop: &Workshop) -> usize {
    let is_import = |what: &Happened| {
        matches!(what, Happened::Rest { vendor, method, path, performed: true, .. }
            if vendor == "elevenlabs" && method == "POST" && path.contains("/phone-numbers"))
    };
    workshop.twilio.ledger().iter().filter(|entry| is_import(&entry.what)).count()
}

async fn agent(workshop: &Workshop, plane: &Plane) -> (String, String) {
    let key = workshop.twilio.add_elevenlabs_key(NewElevenLabsKey::default()).key;
    let agent_id = workshop.twilio.add_agent(NewAgent::default()).agent_id;
    let elevenlabs = pb::ElevenLabsAgent { agent_id, api_key: key.clone(), ..Default::default() };
    let endpoint = Some(pb::agent::Endpoint::ElevenLabs(elevenlabs));
    let agent = pb::Agent { display_name: "Desk".into(), endpoint, ..Default::default() };
    let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
    let made = Agents::new(plane.ctx.clone()).create_agent(workshop.ask(request)).await.expect("an agent");
    (made.into_inner().agent.expect("an agent").id, key)
}

async fn furnish(workshop: &Workshop, plane: &Plane) -> (String, Begun) {
    let (primary, primary_id) = add_account(workshop, plane, "Main").await;
    let (backup, backup_id) = add_account(workshop, plane, "Backup").await;
    let own = add_number(workshop, plane, (&primary, primary_id.as_str()), OWN).await;
    let spare = add_number(workshop, plane, (&backup, backup_id.as_str()), BACKUP).await;
    assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
    let (agent_id, key) = agent(workshop, plane).await;
    let mut journal = Journal::begin(&plane.ctx, workshop.workspace).await.expect("begins");
    assign(&mut journal, &own, Assignment::Agent(agent_id.parse().expect("an id"))).await;
    pooled(&mut journal, &spare).await;
    journal.commit().await.expect("commits");
    let numbers = PhoneNumbers::new(plane.ctx.clone());
    let request = pb::AttachPhoneNumberRequest { phone_number_id: own.clone(), agent_id, ..Default::default() };
    numbers.attach_phone_number(workshop.ask(request)).await.expect("taken in");
    assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
    (primary_id, Begun { key, numbers: [own, spare] })
}

impl Scenario for Suspension {
    type End = (FailoverState, Vec<FailoverMoveState>, Vec<(Option<PoolState>, bool)>, Held, usize);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let (primary_id, begun) = furnish(workshop, plane).await;
        if self.back {
            critical(workshop, plane, primary_id.parse().expect("an id")).await;
            assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
        }
        if let Some((method, action)) = &self.trouble {
            workshop.twilio.inject_fault(Fault::once("/phone-numbers", action.clone()).method(method));
        }
        match self.back {
            true => roll_back(workshop, plane).await,
            false => critical(workshop, plane, primary_id.parse().expect("an id")).await,
        }
        *self.begun.lock().expect("nobody panics") = Some(begun);
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let Begun { key, numbers } = self.begun.lock().expect("nobody panics").clone().expect("begun");
        let all = failovers(workshop, plane).await;
        assert_eq!(all.len(), if self.back { 2 } else { 1 }, "one saga");
        let (moves, events) = told(workshop, plane, &all[0].id).await;
        must_be_told_once(&moves, &events);
        assert_eq!(all[0].state(), FailoverState::Completed, "{:#?} {moves:#?}", all[0]);
        let mut pool = Vec::new();
        for number in &numbers {
            pool.push(standing(plane, workshop.workspace, number).await);
        }
        let held = held(plane, &key).await;
        let leading: Vec<_> = held.iter().filter(|(_, agent)| agent.is_some()).map(|(e164, _)| e164.as_str()).collect();
        assert_eq!(leading, [if self.back { OWN } else { BACKUP }], "one number leads to the agent");
        assert_eq!(imports(workshop), 2, "each number once");
        (all[0].state(), moves.iter().map(pb::FailoverMove::state).collect(), pool, held, imports(workshop))
    }
}

fn suspension(trouble: Trouble, back: bool) -> Suspension {
    Suspension { trouble, back, begun: Mutex::default() }
}

#[tokio::test]
async fn a_native_failover_survives_a_crash_at_every_boundary_on_sqlite() {
    for trouble in troubles() {
        at_every_boundary(&suspension(trouble, false), async || Database::sqlite()).await;
    }
}

#[tokio::test]
async fn a_native_failover_survives_a_crash_at_every_boundary_on_postgres() {
    at_every_boundary(&suspension(None, false), async || Database::postgres().await).await;
}

#[tokio::test]
async fn a_native_rollback_survives_a_crash_at_every_boundary_on_sqlite() {
    at_every_boundary(&suspension(None, true), async || Database::sqlite()).await;
}

#[tokio::test]
async fn a_native_rollback_survives_a_crash_at_every_boundary_on_postgres() {
    at_every_boundary(&suspension(None, true), async || Database::postgres().await).await;
}

#[tokio::test]
async fn a_native_failover_survives_two_crashes_on_sqlite() {
    at_pairs(&suspension(None, false), 12, async || Database::sqlite()).await;
}
