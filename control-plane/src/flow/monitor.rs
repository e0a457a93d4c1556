//! What looks at accounts change here: who is watched, wishes for a look, and what a look found, which becomes rows, a
//! verdict, and news for whoever moves agents, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::{
    Context, Journal, dispatch, failover,
    phone_number::{self, Look},
    pool,
};
use crate::{
    domain::{
        account::{Account, Role},
        agent::{Agent, AgentState},
        error::{Error, Kind, Result},
        id::{AccountId, AgentId, PhoneNumberId, RoutePlanId, WorkspaceId},
        machine::{Machine, Refusal},
        monitor::{Event, Exclusion, Findings, Imports, Monitor, Pace, Policy, Subject, reading},
        phone_number::{Assignment, PhoneNumber, Repair, State},
        time::Timestamp,
    },
    store::{self, Scope, monitor as rows, page::Ask},
};

/// How many accounts are given a row at once.
const TOGETHER: u64 = 500;
/// How many others are looked at when one account does not answer.
const OTHERS: u64 = 16;
/// How many agents without a number are asked about at once.
const UNLINKED: u64 = 1000;
/// Every so many looks, whatever passed is stored too.
const WHOLE: u32 = 20;

/// Whether accounts are watched by themselves.
pub fn is_on(ctx: &Context) -> bool {
    ctx.facts.monitor && ctx.facts.telephony != "mock"
}

/// Watches every account that Twilio can be asked about: new ones, and those from before there were any monitors.
pub async fn enrol(ctx: &Context) -> Result<()> {
    loop {
        let missing = rows::missing(ctx.store.read(), TOGETHER).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let mut cadences = BTreeMap::<WorkspaceId, Duration>::new();
        for (workspace, _) in &missing {
            if !cadences.contains_key(workspace) {
                let policy = store::monitor_policy::of(&Scope::new(ctx.store.read(), *workspace)).await?;
                cadences.insert(*workspace, policy.cadence.delta());
            }
        }
        let now = ctx.clock.now();
        let new = missing.iter().map(|(workspace, id)| Monitor::new(*workspace, *id, cadences[workspace], now));
        let txn = ctx.store.begin().await?;
        rows::add(&txn, &new.collect::<Vec<_>>()).await?;
        txn.commit().await.map_err(store::failed)?;
    }
}

/// Somebody wants an account looked at now.
pub async fn ask(journal: &mut Journal<'_>, account: &Account) -> Result<Monitor> {
    if !account.credentials.reach_twilio() {
        let message = "the account has no credentials to ask Twilio with; set some first";
        return Err(Error::new(Kind::FailedPrecondition, "ACCOUNT_WITHOUT_CREDENTIALS", message));
    }
    let policy = store::monitor_policy::of(&journal.scope()).await?;
    let new = Monitor::new(journal.workspace, account.id, policy.cadence.delta(), journal.now);
    rows::add(journal.txn(), &[new]).await?;
    journal.step::<Monitor>(account.id, Event::Wanted).await.map_err(too_soon)
}

/// Somebody who asks too often is told when to come back; nothing is wrong with the account.
fn too_soon(error: Error) -> Error {
    match error.reason {
        "HEALTH_CHECK_TOO_SOON" => Error::new(Kind::ResourceExhausted, error.reason, error.message),
        _ => error,
    }
}

/// Wants all watched accounts looked at, of whatever workspace. Says how many looks begin, and how many were under way or
/// had just ended: two who ask at the same time get one run.
pub async fn ask_everywhere(ctx: &Context) -> Result<(usize, usize)> {
    enrol(ctx).await?;
    let (mut begun, mut joined, mut after) = (0, 0, None);
    loop {
        let chunk = rows::everywhere(ctx.store.read(), after, TOGETHER).await?;
        let Some((_, last)) = chunk.last() else { return Ok((begun, joined)) };
        after = Some(*last);
        for (workspace, account) in chunk {
            match want(ctx, workspace, account).await? {
                true => begun += 1,
                false => joined += 1,
            }
        }
    }
}

/// Wants a look; says whether one begins.
async fn want(ctx: &Context, workspace: WorkspaceId, account: AccountId) -> Result<bool> {
    let before = rows::by_account(&Scope::new(ctx.store.read(), workspace), account).await?;
    let was_idle = before.is_some_and(|monitor| monitor.deadline().is_some());
    match dispatch::<Monitor>(ctx, workspace, account, Event::Wanted, None).await {
        Ok(_) => Ok(was_idle),
        Err(error) if matches!(error.kind, Kind::FailedPrecondition | Kind::NotFound | Kind::Aborted) => Ok(false),
        Err(error) => Err(error),
    }
}

/// One account does not answer: others are looked at too, because only they tell whose fault it is. After the commit, so
/// that nobody waits for another's row.
pub async fn look_around(ctx: &Context, monitor: &Monitor) -> Result<()> {
    let Some(since) = monitor.memory.trouble_time() else { return Ok(()) };
    let scope = Scope::new(ctx.store.read(), monitor.workspace_id);
    for other in rows::not_seen_since(&scope, monitor.account_id, since, OTHERS).await? {
        want(ctx, monitor.workspace_id, other).await?;
    }
    Ok(())
}

/// Somebody noticed that an account does not work: it is looked at now. Nothing changes when it is being looked at, or was a
/// moment ago.
pub async fn hint(ctx: &Context, workspace: WorkspaceId, account: AccountId) -> Result<()> {
    want(ctx, workspace, account).await.map(drop)
}

/// What a look at an account is about.
pub struct Sight {
    /// The account.
    pub account: Account,
    /// What the workspace wants.
    pub policy: Policy,
    /// The numbers that should be in it.
    pub numbers: Vec<PhoneNumber>,
    /// The agents that answer them.
    pub subjects: Vec<Subject>,
    /// Other agents, which have no number of their own yet. Asked about with the primary account, whose numbers they may have.
    pub unlinked: Vec<Agent>,
}

/// Reads what a look at an account is about; none when the account is gone.
pub async fn sight(ctx: &Context, workspace: WorkspaceId, id: AccountId) -> Result<Option<Sight>> {
    let scope = Scope::new(ctx.store.read(), workspace);
    let Some(account) = store::account::by_id(&scope, id).await? else { return Ok(None) };
    let policy = store::monitor_policy::of(&scope).await?;
    let numbers = numbers(&scope, id).await?;
    let subjects = subjects(&scope, &numbers).await?;
    let mut unlinked = match account.role {
        Role::Primary => store::agent::without_number(&scope, UNLINKED).await?,
        Role::Backup => Vec::new(),
    };
    unlinked.retain(|agent| subjects.iter().all(|subject| subject.agent_id != agent.id));
    Ok(Some(Sight { account, policy, numbers, subjects, unlinked }))
}

async fn numbers<C: sea_orm::ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<PhoneNumber>> {
    let filter = store::phone_number::Filter {
        account_id: Some(account),
        state: Some(State::Active),
        ..store::phone_number::Filter::default()
    };
    let mut ask = Ask { size: store::page::MAX, after: None };
    let mut numbers = Vec::new();
    loop {
        let page = store::phone_number::list(scope, &filter, &ask).await?;
        numbers.extend(page.rows);
        match page.next {
            Some(next) => ask.after = Some(next),
            None => return Ok(numbers),
        }
    }
}

/// The agents that answer numbers of the account, directly or by a plan.
pub async fn subjects<C: sea_orm::ConnectionTrait>(
    scope: &Scope<'_, C>,
    numbers: &[PhoneNumber],
) -> Result<Vec<Subject>> {
    let plans: BTreeSet<RoutePlanId> = numbers
        .iter()
        .filter_map(|number| match number.assignment {
            Some(Assignment::RoutePlan(plan)) => Some(plan),
            Some(Assignment::Agent(_)) | None => None,
        })
        .collect();
    let plans = store::route_plan::by_ids(scope, plans.into_iter().collect()).await?;
    let plans: BTreeMap<RoutePlanId, _> = plans.into_iter().map(|plan| (plan.id, plan.agent_ids())).collect();
    let mut answering = BTreeMap::<AgentId, Vec<PhoneNumberId>>::new();
    for number in numbers.iter().filter(|number| number.capabilities.voice) {
        match number.assignment {
            Some(Assignment::Agent(agent)) => answering.entry(agent).or_default().push(number.id),
            Some(Assignment::RoutePlan(plan)) => {
                for agent in plans.get(&plan).into_iter().flatten() {
                    answering.entry(*agent).or_default().push(number.id);
                }
            }
            None => {}
        }
    }
    let agents = store::agent::by_ids(scope, answering.keys().copied().collect()).await?;
    let subject = |agent: crate::domain::agent::Agent| Subject {
        agent_id: agent.id,
        phone_number_ids: answering.get(&agent.id).cloned().unwrap_or_default(),
        exclusion: (agent.state == AgentState::Paused).then_some(Exclusion::Paused),
    };
    Ok(agents.into_iter().map(subject).collect())
}

/// What came of a look.
pub struct Learned {
    /// Watchers are told.
    pub is_news: bool,
    /// How it stands now.
    pub monitor: Monitor,
}

/// Takes in what a look found.
pub async fn learn(
    journal: &mut Journal<'_>,
    held: Monitor,
    round: u32,
    found: Findings,
) -> Result<std::result::Result<Learned, Refusal>> {
    let policy = store::monitor_policy::of(&journal.scope()).await?;
    let since = held.memory.trouble_time().unwrap_or(found.begin_time);
    let around = rows::around(&journal.scope(), held.account_id, since).await?;
    let pace = Pace::of(&policy, is_watchful(journal, held.account_id).await?);
    let event = Event::Looked { round, found: Box::new(found.clone()), around, pace };
    let step = match held.step(event, journal.now) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let is_news = !step.news.is_empty();
    let monitor = journal.take(held.version, held.account_id, step).await?;
    keep(journal, &monitor, round, &found).await?;
    Box::pin(failover::heard(journal, &monitor.heard())).await?;
    observe(journal, monitor.account_id, &policy, found).await?;
    pool::watch_coverage(journal, monitor.account_id).await?;
    Ok(Ok(Learned { is_news, monitor }))
}

/// While something is wrong, and every so often, all is kept; otherwise what passed again says nothing new.
async fn keep(journal: &Journal<'_>, monitor: &Monitor, round: u32, found: &Findings) -> Result<()> {
    let is_well = monitor.memory.last.as_ref().is_some_and(|last| last.good) && monitor.memory.failing.is_empty();
    let whole = !is_well || monitor.memory.looks % WHOLE == 1;
    let look = store::probe::Look {
        workspace_id: monitor.workspace_id,
        account_id: monitor.account_id,
        round,
        simulated: found.simulated,
        time: journal.now,
    };
    let kept: Vec<_> = found.readings.iter().filter(|reading| reading::is_kept(reading, whole)).collect();
    store::probe::add(journal.txn(), &look, &kept, &*journal.ctx().ids).await
}

/// What the vendors showed of the numbers; what somebody else changed is set right, if the policy says so. After whoever
/// moves agents was told: their rows are locked before the numbers'.
async fn observe(journal: &mut Journal<'_>, account: AccountId, policy: &Policy, found: Findings) -> Result<()> {
    let repair = if policy.repair_drift { Repair::Allowed } else { Repair::Withheld };
    let began = found.begin_time;
    if let Some(seen) = found.seen {
        phone_number::observed(journal, account, Look { began, seen }, repair).await?;
    }
    for Imports { agents, seen } in found.imports {
        phone_number::imports_observed(journal, &agents, Look { began, seen }, repair).await?;
    }
    Ok(())
}

/// Whether the account takes part in an open failover, so that it is looked at more often.
async fn is_watchful(journal: &Journal<'_>, account: AccountId) -> Result<bool> {
    Ok(store::failover::claim::holder(journal.txn(), account).await?.is_some())
}

/// Forgets old results of probes of every workspace, a little at a time.
pub async fn prune(ctx: &Context, limit: u64) -> Result<()> {
    let db = ctx.store.write();
    let now: Timestamp = ctx.clock.now();
    let mut ask = Ask { size: store::page::MAX, after: None };
    loop {
        let page = store::workspace::list(ctx.store.read(), &ask).await?;
        for workspace in page.rows {
            let scope = Scope::new(db, workspace.id);
            let policy = store::monitor_policy::of(&scope).await?;
            let before = now - policy.probes_kept.delta();
            while store::probe::prune(&scope, before, limit).await? == limit {}
        }
        match page.next {
            Some(next) => ask.after = Some(next),
            None => return Ok(()),
        }
    }
}
