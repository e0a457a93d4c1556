//! Failovers from end to end: an account with agents, backup accounts with numbers, and everything that can go wrong
//! between them.

mod back;
mod calling;
pub mod crash;
mod crash_native;
mod deciding;
mod faults;
mod moving;
mod native;
mod network;
mod racing;
mod sharing;
mod watching;
pub mod workshop;

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        id::{PhoneNumberId, WorkspaceId},
        monitor::{Heard, Policy, Verdict},
        phone_number::{Event, PhoneNumber, PoolEvent, PoolState},
    },
    flow::{Journal, failover},
    server,
    store::{self, Scope, monitor_policy},
};
use callplane_proto::v1::{self as pb, FailoverState};
use callplane_simulator::{Happened, NewNumber, PlaceCall};
use callplane_tests::{
    Plane,
    scene::{Account, CALLER, announcement},
};

/// An account that agents are reached by, and one that can take over.
pub struct Stage {
    pub primary: Account,
    pub backup: Account,
    /// Each agent and its own number.
    pub lines: Vec<(pb::Agent, pb::PhoneNumber)>,
    /// The backup numbers.
    pub pool: Vec<pb::PhoneNumber>,
}

/// So many agents, and so many backup numbers for them.
pub async fn stage(plane: &Plane, agents: usize, numbers: usize) -> Stage {
    let primary = plane.account().await;
    let mut lines = Vec::new();
    for place in 0..agents {
        let number = plane.number(&primary, &format!("+1415555{place:04}")).await;
        let agent = plane.agent(announcement(&says(place))).await;
        plane.assign(&number, pb::assignment::Target::AgentId(agent.id.clone())).await;
        lines.push((agent, number));
    }
    let (backup, pool) = backup(plane, numbers, "628").await;
    Stage { primary, backup, lines, pool }
}

/// What the agent at this place says.
pub fn says(place: usize) -> String {
    format!("Agent {place} speaking.")
}

/// Another account, with backup numbers of this area.
pub async fn backup(plane: &Plane, numbers: usize, area: &str) -> (Account, Vec<pb::PhoneNumber>) {
    let backup = plane.account().await;
    let mut pool = Vec::new();
    for place in 0..numbers {
        pool.push(backup_number(plane, &backup, &format!("+1{area}555{place:04}")).await);
    }
    (backup, pool)
}

/// A number of the account, imported and in the pool; its webhooks are nobody's yet.
pub async fn backup_number(plane: &Plane, account: &Account, e164: &str) -> pb::PhoneNumber {
    plane.twilio.add_number(NewNumber::new(e164, &account.sid)).expect("a number");
    let number = plane.import(account, e164).await;
    plane.settle().await;
    let id: PhoneNumberId = number.id.parse().expect("an id");
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    journal.step::<PhoneNumber>(id, Event::Pool(PoolEvent::Pooled)).await.expect("it may");
    journal.commit().await.expect("commits");
    plane.number_now(&number.id).await
}

/// What a look at the account has come to.
pub async fn hear(plane: &Plane, account: &Account, verdict: Verdict, good: bool) {
    let heard = Heard {
        account_id: account.id.parse().expect("an id"),
        verdict,
        good,
        since: plane.now(),
        why: "Twilio suspended the account".to_owned(),
        failing: Vec::new(),
    };
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    failover::heard(&mut journal, &heard).await.expect("heard");
    journal.commit().await.expect("commits");
}

/// A person starts one.
pub async fn start(plane: &Plane, account: &Account) -> Result<pb::Failover, tonic::Status> {
    let request = pb::StartFailoverRequest {
        account_id: account.id.clone(),
        reason: "the account is suspended".into(),
        ..Default::default()
    };
    let begun = plane.api.failovers().start_failover(request).await?.into_inner();
    Ok(begun.failover.expect("a failover"))
}

/// Every failover, the newest first.
pub async fn all(plane: &Plane) -> Vec<pb::Failover> {
    let request = pb::ListFailoversRequest::default();
    plane.api.failovers().list_failovers(request).await.expect("listed").into_inner().failovers
}

/// The only one there is.
pub async fn only(plane: &Plane) -> pb::Failover {
    let mut all = all(plane).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// One as it stands.
pub async fn now(plane: &Plane, id: &str) -> pb::Failover {
    let request = pb::GetFailoverRequest { failover_id: id.to_owned() };
    plane.api.failovers().get_failover(request).await.expect("there").into_inner().failover.expect("a failover")
}

/// Its lines.
pub async fn moves(plane: &Plane, id: &str) -> Vec<pb::FailoverMove> {
    let request = pb::ListFailoverMovesRequest { failover_id: id.to_owned(), page_size: 500, ..Default::default() };
    plane.api.failovers().list_failover_moves(request).await.expect("listed").into_inner().moves
}

/// What happened in it.
pub async fn history(plane: &Plane, id: &str) -> Vec<pb::FailoverEvent> {
    let request = pb::ListFailoverEventsRequest { failover_id: id.to_owned(), page_size: 500, ..Default::default() };
    plane.api.failovers().list_failover_events(request).await.expect("listed").into_inner().events
}

/// Works and lets time pass until it is over or stuck.
pub async fn end(plane: &Plane, id: &str) -> pb::Failover {
    for round in 0..200 {
        plane.settle().await;
        let failover = now(plane, id).await;
        let is_open = matches!(
            failover.state(),
            FailoverState::AwaitingApproval
                | FailoverState::Preparing
                | FailoverState::Holding
                | FailoverState::Canary
                | FailoverState::Moving
                | FailoverState::Undoing
        );
        if !is_open {
            return failover;
        }
        // Small steps first: what is waited for a moment must not run into the deadline of who waits for it.
        plane.advance(Duration::from_secs(if round < 60 { 3 } else { 31 }));
    }
    panic!("it never ends: {:#?}", now(plane, id).await);
}

/// What a caller of a number hears.
pub async fn heard_at(plane: &Plane, e164: &str) -> String {
    plane.edge_hears(|directory| directory.owner(e164).is_some()).await;
    plane.place(PlaceCall::new(CALLER, e164)).await.said()
}

/// The number that a line went to.
pub async fn new_number(plane: &Plane, line: &pb::FailoverMove) -> pb::PhoneNumber {
    plane.number_now(&line.to_phone_number_id).await
}

/// How often something was really written at an account.
pub fn writes(plane: &Plane, account: &Account) -> usize {
    let written = |what: &Happened| {
        matches!(what, Happened::Rest { method, path, performed: true, .. }
            if method == "POST" && path.contains("/IncomingPhoneNumbers/") && path.contains(&account.sid))
    };
    plane.twilio.ledger().iter().filter(|entry| written(&entry.what)).count()
}

/// Changes the policy of the workspace, whatever the monitor service offers for it.
pub async fn policy(plane: &Plane, change: impl FnOnce(&mut Policy)) {
    let ctx = &plane.within().ctx;
    let journal = Journal::begin(ctx, plane.workspace).await.expect("begins");
    let mut policy = monitor_policy::lock(&journal.scope(), journal.now).await.expect("read");
    let seen = policy.version;
    change(&mut policy);
    policy.version = seen + 1;
    assert!(monitor_policy::save(journal.txn(), &policy, seen).await.expect("written"));
    journal.commit().await.expect("commits");
}

/// How a number stands in the pool, and whether anybody answers it.
pub async fn standing(plane: &server::Plane, workspace: WorkspaceId, id: &str) -> (Option<PoolState>, bool) {
    let scope = Scope::new(plane.ctx.store.read(), workspace);
    let number = store::phone_number::by_id(&scope, id.parse().expect("an id")).await.expect("read").expect("there");
    (number.pool.map(|pool| pool.state), number.assignment.is_some())
}

/// How each of these numbers stands in the pool.
pub async fn pool(plane: &Plane, numbers: &[pb::PhoneNumber]) -> Vec<(Option<PoolState>, bool)> {
    let mut pool = Vec::new();
    for number in numbers {
        pool.push(standing(plane.within(), plane.workspace, &number.id).await);
    }
    pool
}
