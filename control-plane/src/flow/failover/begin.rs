//! Beginning one: by a person or by the monitor, of an account, of what a failover moved, or of a spare agent.

use super::{super::pool, Journal, go_on, history, notice};
use crate::{
    domain::{
        error::{Error, Kind as ErrorKind, Result},
        failover::{Failover, Kind, Milestones, Phase, Rules, Tally, Trigger},
        id::{AccountId, AgentId, FailoverId},
        machine::Step,
    },
    store::{
        self, Kept,
        failover::{self as rows, claim},
        monitor_policy,
    },
};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What is moved.
    pub kind: Kind,
    /// What began it.
    pub trigger: Trigger,
    /// The account that is left.
    pub account_id: AccountId,
    /// The account that takes over; none for the first backup that can.
    pub target_id: Option<AccountId>,
    /// The failover that is taken back.
    pub original_id: Option<FailoverId>,
    /// The spare agent of a drill.
    pub agent_id: Option<AgentId>,
    /// Agents that were edited meanwhile are moved back all the same.
    pub include_edited: bool,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// Begins one, and does what can be done at once.
pub async fn begin(journal: &mut Journal<'_>, wish: Wish) -> Result<Failover> {
    Box::pin(must_make_sense(journal, &wish)).await?;
    let policy = monitor_policy::of(&journal.scope()).await?;
    // A drill moves nobody's line, and taking back is what people want when all is well again.
    let asks_two = policy.second_approver && wish.kind == Kind::Failover;
    let rules = Rules {
        on_expiry: policy.on_expiry,
        approval_window: policy.approval_window,
        approvals: if asks_two { 2 } else { 1 },
        cadence: policy.cadence,
    };
    let new = fresh(journal, wish, rules);
    if new.kind != Kind::Rehearsal {
        claim_source(journal, &new).await?;
    }
    let Step { next, effects, news } = new.begun(journal.now);
    let next = next.stamped(1, journal.now);
    rows::insert(journal.txn(), &next).await?;
    journal.publish(&next, next.id, effects, Vec::new()).await?;
    let (kind, trigger) = (next.kind, next.trigger);
    journal.count(move |metrics| metrics.failovers.began(kind, trigger));
    let actor = next.actor.clone();
    Box::pin(history::of_failover(journal, &next, &news, &actor)).await?;
    Box::pin(notice::tell(journal, &next, &news)).await?;
    Box::pin(go_on(journal, (next, Vec::new()), None)).await
}

fn fresh(journal: &Journal<'_>, wish: Wish, rules: Rules) -> Failover {
    Failover {
        id: FailoverId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        kind: wish.kind,
        trigger: wish.trigger,
        account_id: wish.account_id,
        target_id: wish.target_id,
        target_is_fixed: wish.target_id.is_some(),
        original_id: wish.original_id,
        agent_id: wish.agent_id,
        include_edited: wish.include_edited,
        reason: wish.reason,
        actor: wish.actor,
        rules,
        good: 0,
        phase: Phase::Choosing { at: journal.now },
        decision: None,
        passed_over: Vec::new(),
        tally: Tally::default(),
        milestones: Milestones::default(),
        rollback_id: None,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    }
}

async fn claim_source(journal: &Journal<'_>, new: &Failover) -> Result<()> {
    if claim::take(journal.txn(), new.account_id, new.id).await? {
        return Ok(());
    }
    let holder = claim::holder(journal.txn(), new.account_id).await?;
    let which = holder.map(|id| id.to_string()).unwrap_or_default();
    let message = format!("the account takes part in {which}; watch it with `callplane failover watch {which}`");
    Err(Error::new(ErrorKind::FailedPrecondition, "FAILOVER_UNDER_WAY", message))
}

async fn must_make_sense(journal: &Journal<'_>, wish: &Wish) -> Result<()> {
    let scope = journal.scope();
    store::account::by_id(&scope, wish.account_id).await?.ok_or_else(|| Error::not_found("account"))?;
    if let Some(target) = wish.target_id {
        store::account::by_id(&scope, target).await?.ok_or_else(|| Error::not_found("target account"))?;
        if target == wish.account_id {
            return Err(Error::invalid("target_account_id", "expected another account than the one that is left"));
        }
    }
    let refuse = |reason, message: &str| Err(Error::new(ErrorKind::FailedPrecondition, reason, message));
    match wish.kind {
        Kind::Failover if pool::lines(&scope, wish.account_id).await?.is_empty() => refuse(
            "NOTHING_TO_MOVE",
            "no active agent or route plan is reached by a number of this account, or they are moved already",
        ),
        Kind::Rehearsal => must_be_spare(journal, wish).await,
        Kind::Failover | Kind::Rollback => Ok(()),
    }
}

/// A drill never touches production: an agent that callers can reach is not spare.
async fn must_be_spare(journal: &Journal<'_>, wish: &Wish) -> Result<()> {
    let scope = journal.scope();
    let agent = wish.agent_id.ok_or_else(|| Error::invalid("agent_id", "is required"))?;
    let agent = store::agent::by_id(&scope, agent).await?.ok_or_else(|| Error::not_found("agent"))?;
    let reached = store::agent::references(journal.txn(), agent.id).await?.numbers;
    let refuse = |reason, message: &str| Err(Error::new(ErrorKind::FailedPrecondition, reason, message));
    if !agent.takes_calls() {
        return refuse("AGENT_PAUSED", "the agent is paused; a drill needs one that takes calls");
    }
    match reached {
        0 => Ok(()),
        _ => refuse("AGENT_IN_PRODUCTION", "callers reach this agent; rehearse with one that has no number"),
    }
}
