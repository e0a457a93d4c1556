//! Backup numbers as operators see them: what may wait in the pool, who is kept which number, how many are missing, and what an
//! agent's own number is.

use std::{collections::BTreeMap, time::Duration};

use callplane_control_plane::{
    domain::{
        id::{AccountId, AgentId, PhoneNumberId, ProbeId, WorkspaceId},
        phone_number::attachment::{ImportId, ImportSeen},
    },
    flow::{Journal, pool},
    store::entity::probe,
};
use callplane_proto::v1::{self as pb, AgentProbeOutcome, PoolState, assignment::Target};
use callplane_simulator::{Fault, FaultAction, NewNumber, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER, announcement, human},
};
use sea_orm::{ActiveValue::Set, EntityTrait};
use tonic::Code;
use tonic_types::StatusExt;

on_both!(
    only_a_number_that_twilio_shows_in_a_backup_account_waits_in_the_pool,
    a_waiting_number_is_neither_assigned_nor_deleted_from_under_a_failover,
    a_pin_is_kept_and_wins,
    a_shortfall_is_counted_by_country_and_told_once,
    an_agent_shows_its_own_number_its_last_good_call_and_its_last_probe,
    an_agent_is_linked_to_the_one_number_that_elevenlabs_has_for_it,
);

const SPARE: &str = "+14155550150";
const GERMAN: &str = "+493012345678";

/// The code and the stable reason of a refusal.
fn why<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, tonic::Status>) -> (Code, String) {
    let status = answer.expect_err("a refusal");
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

/// Imported; Twilio has been asked.
async fn imported(plane: &Plane, account: &Account, e164: &str) -> pb::PhoneNumber {
    plane.twilio.add_number(NewNumber::new(e164, &account.sid)).expect("a number");
    let number = plane.import(account, e164).await;
    plane.settle().await;
    number
}

fn all(numbers: &[&pb::PhoneNumber]) -> Vec<String> {
    numbers.iter().map(|number| number.id.clone()).collect()
}

async fn add(
    plane: &Plane,
    numbers: &[&pb::PhoneNumber],
) -> Result<tonic::Response<pb::AddToPoolResponse>, tonic::Status> {
    plane.api.numbers().add_to_pool(pb::AddToPoolRequest { phone_number_ids: all(numbers) }).await
}

async fn remove(
    plane: &Plane,
    numbers: &[&pb::PhoneNumber],
) -> Result<tonic::Response<pb::RemoveFromPoolResponse>, tonic::Status> {
    plane.api.numbers().remove_from_pool(pb::RemoveFromPoolRequest { phone_number_ids: all(numbers) }).await
}

async fn pooled(plane: &Plane, state: PoolState) -> Vec<String> {
    let request = pb::ListPhoneNumbersRequest { pool: true, pool_state: state.into(), ..Default::default() };
    let listed = plane.api.numbers().list_phone_numbers(request).await.expect("listed").into_inner();
    listed.phone_numbers.into_iter().map(|number| number.id).collect()
}

async fn pin(
    plane: &Plane,
    number: &pb::PhoneNumber,
    agent: &pb::Agent,
) -> Result<tonic::Response<pb::PinPhoneNumberResponse>, tonic::Status> {
    let (phone_number_id, agent_id) = (number.id.clone(), agent.id.clone());
    let request = pb::PinPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
    plane.api.numbers().pin_phone_number(request).await
}

async fn coverage(plane: &Plane) -> pb::GetPoolCoverageResponse {
    let request = pb::GetPoolCoverageRequest::default();
    plane.api.numbers().get_pool_coverage(request).await.expect("counted").into_inner()
}

fn assignment(agent: &pb::Agent) -> Option<pb::Assignment> {
    Some(pb::Assignment { target: Some(Target::AgentId(agent.id.clone())) })
}

async fn only_a_number_that_twilio_shows_in_a_backup_account_waits_in_the_pool(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, backup) = (plane.account().await, plane.account().await);
    let spare = imported(&plane, &backup, SPARE).await;
    // It belongs to the primary at Twilio, whatever an operator says.
    plane.twilio.add_number(NewNumber::new(GERMAN, &primary.sid)).expect("a number");
    // Twilio is away at first, so that nobody has asked it when the number is to wait in the pool.
    plane
        .twilio
        .inject_fault(Fault::once("/IncomingPhoneNumbers", FaultAction::ErrorBefore { status: 503, code: None }));
    let strange = plane.import(&backup, GERMAN).await;
    assert_eq!(why(add(&plane, &[&strange]).await), precondition("NUMBER_NOT_VERIFIED"));
    plane.settle().await;
    plane.advance(Duration::from_secs(3));
    plane.settle().await;
    assert_eq!(why(add(&plane, &[&spare, &strange]).await), precondition("NUMBER_REFUSED"));
    assert!(pooled(&plane, PoolState::Unspecified).await.is_empty(), "all or none");
    let own = imported(&plane, &primary, NUMBER).await;
    assert_eq!(why(add(&plane, &[&own]).await), precondition("ACCOUNT_NOT_BACKUP"));

    let added = add(&plane, &[&spare]).await.expect("added").into_inner().phone_numbers;
    assert_eq!(added[0].pool.as_ref().map(pb::Pool::state), Some(PoolState::Free));
    assert_eq!(pooled(&plane, PoolState::Free).await.as_slice(), std::slice::from_ref(&spare.id));
    assert!(pooled(&plane, PoolState::InUse).await.is_empty());
    remove(&plane, &[&spare]).await.expect("removed");
    assert_eq!(plane.number_now(&spare.id).await.pool, None);
    plane.settle().await;
}

async fn a_waiting_number_is_neither_assigned_nor_deleted_from_under_a_failover(db: Database) {
    let plane = Plane::start(db).await;
    let (_, _, agent) = plane.answered_by(announcement("Hello.")).await;
    let backup = plane.account().await;
    let spare = imported(&plane, &backup, SPARE).await;
    add(&plane, &[&spare]).await.expect("added");
    let assign = pb::AssignPhoneNumberRequest {
        phone_number_id: spare.id.clone(),
        assignment: assignment(&agent),
        ..Default::default()
    };
    assert_eq!(why(plane.api.numbers().assign_phone_number(assign).await), precondition("NUMBER_POOLED"));

    let taken = reserve(&plane, &backup).await.reserved.remove(0);
    assert_eq!(why(remove(&plane, &[&spare]).await), precondition("NUMBER_IN_FAILOVER"));
    let delete = pb::DeletePhoneNumberRequest { phone_number_id: spare.id.clone(), ..Default::default() };
    assert_eq!(why(plane.api.numbers().delete_phone_number(delete).await), precondition("NUMBER_IN_FAILOVER"));

    // The move found that it does not work; an operator looks at it and trusts it again.
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    let why_not = "its webhooks could not be written".to_owned();
    pool::quarantine(&mut journal, taken.phone_number_id, taken.move_id, why_not.clone()).await.expect("put aside");
    journal.commit().await.expect("commits");
    let aside = plane.number_now(&spare.id).await.pool.expect("still in the pool");
    assert_eq!((aside.state(), aside.reason), (PoolState::Quarantined, why_not));
    assert!(reserve(&plane, &backup).await.reserved.is_empty());
    let requalify = pb::RequalifyPhoneNumberRequest { phone_number_id: spare.id.clone(), ..Default::default() };
    plane.api.numbers().requalify_phone_number(requalify).await.expect("requalified");
    assert_eq!(pooled(&plane, PoolState::Free).await, [spare.id]);
    plane.settle().await;
}

/// Takes what a failover of the primary account to this one would take.
async fn reserve(plane: &Plane, backup: &Account) -> pool::Reservation {
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    let primary = coverage(plane).await.account_id.parse().expect("an id");
    let lines = pool::lines(&journal.scope(), primary).await.expect("read");
    let backup: AccountId = backup.id.parse().expect("an id");
    let reservation = pool::reserve(&mut journal, backup, &lines).await.expect("reserved");
    journal.commit().await.expect("commits");
    reservation
}

async fn a_pin_is_kept_and_wins(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, _, first) = plane.answered_by(announcement("One.")).await;
    let second = plane.agent(announcement("Two.")).await;
    let other = plane.number(&primary, "+14155550124").await;
    plane.assign(&other, Target::AgentId(second.id.clone())).await;
    let backup = plane.account().await;
    let (spare, german) = (imported(&plane, &backup, SPARE).await, imported(&plane, &backup, GERMAN).await);
    assert_eq!(why(pin(&plane, &german, &second).await), precondition("NUMBER_NOT_POOLED"));
    add(&plane, &[&spare, &german]).await.expect("added");
    // Of another country, which nobody gets otherwise.
    let pinned = pin(&plane, &german, &second).await.expect("pinned").into_inner().phone_number.expect("a number");
    assert_eq!(pinned.pool.map(|pool| pool.pinned_agent_id), Some(second.id.clone()));
    pin(&plane, &german, &second).await.expect("a second time changes nothing");
    assert_eq!(why(pin(&plane, &spare, &second).await), precondition("AGENT_PINNED"));
    let absent = pb::Agent { id: AgentId::fresh(&*plane.within().ctx.ids).to_string(), ..Default::default() };
    assert_eq!(why(pin(&plane, &spare, &absent).await).0, Code::NotFound);

    assert!(coverage(&plane).await.covered);
    let taken = reserve(&plane, &backup).await;
    let given: BTreeMap<String, String> = taken
        .reserved
        .iter()
        .map(|one| (one.line.agent_id.expect("an agent").to_string(), one.phone_number_id.to_string()))
        .collect();
    assert_eq!(given, BTreeMap::from([(first.id.clone(), spare.id.clone()), (second.id.clone(), german.id.clone())]));

    let unassign = pb::UnassignPhoneNumberRequest { phone_number_id: other.id.clone(), ..Default::default() };
    plane.api.numbers().unassign_phone_number(unassign).await.expect("unassigned");
    let delete = pb::DeleteAgentRequest { agent_id: second.id.clone(), ..Default::default() };
    assert_eq!(why(plane.api.agents().delete_agent(delete.clone()).await), precondition("AGENT_IN_USE"));
    let unpin = pb::UnpinPhoneNumberRequest { phone_number_id: german.id.clone(), ..Default::default() };
    plane.api.numbers().unpin_phone_number(unpin).await.expect("unpinned");
    plane.api.agents().delete_agent(delete).await.expect("nothing needs it any more");
    plane.settle().await;
}

async fn watch(plane: &Plane, account: &Account) {
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    pool::watch_coverage(&mut journal, account.id.parse().expect("an id")).await.expect("looked");
    journal.commit().await.expect("commits");
}

async fn told(plane: &Plane) -> Vec<String> {
    let request = pb::ListEventsRequest { page_size: 500, types: vec!["pool.*".to_owned()], ..Default::default() };
    let listed = plane.api.events().list_events(request).await.expect("listed").into_inner();
    listed.events.into_iter().map(|event| event.r#type).collect()
}

async fn doctor(plane: &Plane, line: &str) -> pb::CheckOutcome {
    let asked = plane.api.system().run_doctor(pb::RunDoctorRequest {}).await.expect("checked").into_inner();
    asked.checks.iter().find(|check| check.name == line).expect("a line").outcome()
}

async fn a_shortfall_is_counted_by_country_and_told_once(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, _, agent) = plane.answered_by(announcement("Hello.")).await;
    let backup = plane.account().await;
    assert_eq!(doctor(&plane, "backup-account").await, pb::CheckOutcome::Failed);
    let spare = imported(&plane, &backup, SPARE).await;
    add(&plane, &[&spare]).await.expect("added");
    watch(&plane, &primary).await;
    assert!(told(&plane).await.is_empty() && coverage(&plane).await.covered);
    assert_eq!(doctor(&plane, "backup-numbers").await, pb::CheckOutcome::Passed);

    // One more agent, whose callers are in Germany.
    let german = plane.agent(announcement("Guten Tag.")).await;
    let number = plane.number(&primary, GERMAN).await;
    plane.assign(&number, Target::AgentId(german.id.clone())).await;
    for _ in 0..3 {
        watch(&plane, &primary).await;
    }
    assert_eq!(told(&plane).await, ["pool.shortfall"]);
    let shown = coverage(&plane).await;
    assert_eq!((shown.covered, shown.lines, shown.account_id.as_str()), (false, 2, primary.id.as_str()));
    let left = &shown.left_out[0];
    assert_eq!((left.country_code.as_str(), left.reason.as_str()), ("DE", "no-number-of-country"));
    assert_eq!(left.assignment, assignment(&german));
    let areas: Vec<_> =
        shown.areas.iter().map(|area| (area.country_code.as_str(), area.lines, area.free, area.left_out)).collect();
    assert_eq!(areas, [("DE", 1, 0, 1), ("US", 1, 1, 0)]);
    assert_eq!((shown.backups[0].usable, shown.backups[0].left_out), (true, 1));
    assert_eq!(doctor(&plane, "backup-numbers").await, pb::CheckOutcome::Failed);
    let metrics = plane.metrics().await;
    let short = ["callplane_pool_accounts_short", "callplane_pool_lines_left_out"].map(|line| metrics.value(line));
    assert_eq!(short, [1.0, 1.0]);

    // A paused agent has nobody to lose.
    let pause = pb::PauseAgentRequest { agent_id: german.id, ..Default::default() };
    plane.api.agents().pause_agent(pause).await.expect("paused");
    watch(&plane, &primary).await;
    assert_eq!(told(&plane).await, ["pool.shortfall", "pool.covered"]);
    assert!(coverage(&plane).await.covered);
    remove(&plane, &[&spare]).await.expect("removed");
    watch(&plane, &primary).await;
    assert_eq!(told(&plane).await, ["pool.shortfall", "pool.covered", "pool.shortfall"]);
    assert_eq!(coverage(&plane).await.left_out[0].assignment, assignment(&agent));
    plane.settle().await;
}

async fn listed(plane: &Plane, id: &str) -> pb::Agent {
    let listed = plane.api.agents().list_agents(pb::ListAgentsRequest::default()).await.expect("listed").into_inner();
    listed.agents.into_iter().find(|agent| agent.id == id).expect("listed")
}

/// What a look at an account leaves behind.
async fn probed(plane: &Plane, agent: &pb::Agent, round: i64, outcomes: &[&str]) {
    let row = |outcome: &&str| probe::ActiveModel {
        id: Set(ProbeId::fresh(&*plane.within().ctx.ids)),
        workspace_id: Set::<WorkspaceId>(plane.workspace),
        account_id: Set(agent.account_id.parse().expect("an id")),
        round: Set(round),
        kind: Set("number-present".to_owned()),
        agent_id: Set(Some(agent.id.parse().expect("an id"))),
        phone_number_id: Set(Some(agent.phone_number_id.parse::<PhoneNumberId>().expect("an id"))),
        outcome: Set((*outcome).to_owned()),
        cause: Set(String::new()),
        latency_ms: Set(5),
        vendor_code: Set(0),
        message: Set(String::new()),
        simulated: Set(false),
        create_time: Set(plane.now()),
    };
    let rows = outcomes.iter().map(row);
    probe::Entity::insert_many(rows).exec_without_returning(plane.within().ctx.store.write()).await.expect("written");
}

async fn an_agent_shows_its_own_number_its_last_good_call_and_its_last_probe(db: Database) {
    let plane = Plane::start(db).await;
    let agent = plane.agent(announcement("Hello.")).await;
    let fresh = listed(&plane, &agent.id).await;
    assert_eq!((fresh.account_id.as_str(), fresh.last_good_call_time, fresh.last_probe_time), ("", None, None));
    let account = plane.account().await;
    let (number, other) = (plane.number(&account, NUMBER).await, plane.number(&account, SPARE).await);
    plane.assign(&number, Target::AgentId(agent.id.clone())).await;
    plane.assign(&other, Target::AgentId(agent.id.clone())).await;
    let linked = listed(&plane, &agent.id).await;
    assert_eq!((&linked.account_id, &linked.phone_number_id), (&account.id, &number.id), "the first one stays");

    let call = plane.call(Script::default()).await;
    let call = plane.stored_call(&call.call_sid).await;
    assert_eq!(listed(&plane, &agent.id).await.last_good_call_time, call.start_time);
    probed(&plane, &linked, 1, &["pass", "fail", "pass"]).await;
    let seen = listed(&plane, &agent.id).await;
    assert_eq!((seen.last_probe_outcome(), seen.last_probe_time.is_some()), (AgentProbeOutcome::Fail, true));
    probed(&plane, &linked, 2, &["pass", "pass"]).await;
    assert_eq!(listed(&plane, &agent.id).await.last_probe_outcome(), AgentProbeOutcome::Pass);

    // Whoever loses the number falls back on the other one.
    let somebody = plane.agent(human("+14155550177")).await;
    plane.assign(&number, Target::AgentId(somebody.id.clone())).await;
    assert_eq!(listed(&plane, &agent.id).await.phone_number_id, other.id);
    assert_eq!(listed(&plane, &somebody.id).await.phone_number_id, number.id);
    let delete = pb::DeletePhoneNumberRequest { phone_number_id: other.id, ..Default::default() };
    plane.api.numbers().delete_phone_number(delete).await.expect("deleted");
    assert_eq!(listed(&plane, &agent.id).await.phone_number_id, "");
    plane.settle().await;
}

fn import(e164: &str, vendor_agent_id: &str) -> ImportSeen {
    ImportSeen {
        id: ImportId(format!("phnum_{}", &e164[1..])),
        e164: e164.parse().expect("E.164"),
        label: String::new(),
        vendor_agent_id: Some(vendor_agent_id.to_owned()),
        is_twilio: true,
    }
}

async fn an_agent_is_linked_to_the_one_number_that_elevenlabs_has_for_it(db: Database) {
    let plane = Plane::start(db).await;
    let (account, second) = (plane.account().await, plane.account().await);
    let number = imported(&plane, &account, NUMBER).await;
    let (here, there) = (imported(&plane, &account, SPARE).await, imported(&plane, &second, GERMAN).await);
    let mut agents = Vec::new();
    for name in ["agent_one", "agent_two"] {
        let endpoint = pb::ElevenLabsAgent { agent_id: name.to_owned(), ..Default::default() };
        agents.push(plane.agent(pb::agent::Endpoint::ElevenLabs(endpoint)).await);
    }
    let ids: Vec<AgentId> = agents.iter().map(|agent| agent.id.parse().expect("an id")).collect();
    let seen = [import(NUMBER, "agent_one"), import(SPARE, "agent_two"), import(GERMAN, "agent_two")];
    for _ in 0..2 {
        let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
        pool::link(&mut journal, &ids, &seen).await.expect("linked");
        journal.commit().await.expect("commits");
    }
    let linked = listed(&plane, &agents[0].id).await;
    assert_eq!((linked.account_id, linked.phone_number_id), (account.id, number.id.clone()));
    assert_eq!(plane.number_now(&number.id).await.assignment, assignment(&agents[0]));

    // Two accounts have a number for it: a person has to say which.
    assert_eq!(listed(&plane, &agents[1].id).await.phone_number_id, "");
    for untouched in [&here, &there] {
        assert_eq!(plane.number_now(&untouched.id).await.assignment, None);
    }
    let request = pb::ListEventsRequest { page_size: 500, resource_id: agents[1].id.clone(), ..Default::default() };
    let told = plane.api.events().list_events(request).await.expect("listed").into_inner().events;
    let told: Vec<_> = told.into_iter().map(|event| event.r#type).collect();
    assert_eq!(told, ["agent.created", "agent.number-ambiguous"], "once, however often it is looked at");
    plane.settle().await;
}
