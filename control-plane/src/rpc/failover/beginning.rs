//! Starting one, taking one back, rehearsing one: each a failover of its own that begins in one transaction.

use std::sync::Arc;

use callplane_proto::v1 as pb;

use super::shape::{shown, shown_plan};
use crate::{
    domain::{
        error::{Error, Kind as ErrorKind, Result},
        failover::{Failover, Kind, State, Trigger},
        id::{AccountId, FailoverId, WorkspaceId},
    },
    flow::{
        Audited, Context, Journal, Once,
        failover::{self as flow, Wish, begin},
    },
    rpc::read::{parse, parse_or_none},
    store::{Kept, account, failover as store},
};

fn wish(kind: Kind, account_id: AccountId, reason: String, audited: &Audited) -> Wish {
    Wish {
        kind,
        trigger: Trigger::Manual,
        account_id,
        target_id: None,
        original_id: None,
        agent_id: None,
        include_edited: false,
        reason,
        actor: audited.actor.clone(),
    }
}

/// Starts a failover, or shows what it would do.
pub async fn start(
    ctx: &Arc<Context>,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::StartFailoverRequest,
) -> Result<pb::StartFailoverResponse> {
    let request_id = request.request_id.clone();
    let once = Once::of("StartFailover", &request_id, &request);
    let pb::StartFailoverRequest { account_id, target_account_id, reason, request_id: _, validate_only } = request;
    let account_id = parse("account_id", &account_id)?;
    let target_id = parse_or_none("target_account_id", &target_account_id)?;
    let wish = Wish { target_id, ..wish(Kind::Failover, account_id, reason, audited) };
    let mut journal = Journal::begin(ctx, workspace).await?;
    if let Some(answer) = journal.replayed(&once).await? {
        return Ok(answer);
    }
    if validate_only {
        let plan = flow::plan(&journal.scope(), account_id, target_id).await?;
        // The same refusals as in earnest; what was written for them goes with the transaction.
        let mut failover = shown(begin(&mut journal, wish).await?);
        failover.id.clear();
        let everybody_moves = plan.target_id.is_some() && plan.left_out.is_empty();
        return Ok(pb::StartFailoverResponse {
            failover: Some(failover),
            plan: Some(shown_plan(plan)),
            everybody_moves,
        });
    }
    let begun = begin(&mut journal, wish).await?;
    let id = begun.id;
    let answer = pb::StartFailoverResponse { failover: Some(shown(begun)), plan: None, everybody_moves: true };
    journal.audit(audited, &id);
    journal.remember(&once, &answer).await?;
    journal.commit().await?;
    Ok(answer)
}

/// Takes a failover back.
pub async fn roll_back(
    ctx: &Arc<Context>,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::RollbackFailoverRequest,
) -> Result<pb::RollbackFailoverResponse> {
    let request_id = request.request_id.clone();
    let once = Once::of("RollbackFailover", &request_id, &request);
    let pb::RollbackFailoverRequest { failover_id, reason, include_edited, request_id: _ } = request;
    let original: FailoverId = parse("failover_id", &failover_id)?;
    let mut journal = Journal::begin(ctx, workspace).await?;
    if let Some(answer) = journal.replayed(&once).await? {
        return Ok(answer);
    }
    let original = store::by_id(&journal.scope(), original).await?.ok_or_else(|| Error::not_found(Failover::NOUN))?;
    let from = can_be_taken_back(&journal, &original).await?;
    let wish = Wish {
        target_id: Some(original.account_id),
        original_id: Some(original.id),
        include_edited,
        ..wish(Kind::Rollback, from, reason, audited)
    };
    let begun = begin(&mut journal, wish).await?;
    let id = begun.id;
    let answer = pb::RollbackFailoverResponse { failover: Some(shown(begun)) };
    journal.audit(audited, &id);
    journal.remember(&once, &answer).await?;
    journal.commit().await?;
    Ok(answer)
}

async fn can_be_taken_back(journal: &Journal<'_>, original: &Failover) -> Result<AccountId> {
    let refuse = |reason, message: &str| Err(Error::new(ErrorKind::FailedPrecondition, reason, message));
    if original.kind != Kind::Failover {
        return refuse("NOT_A_FAILOVER", "only a failover can be taken back; start another one instead");
    }
    let (State::Completed | State::PartiallyCompleted, Some(target)) = (original.state(), original.target_id) else {
        return refuse("NOTHING_TO_ROLL_BACK", "it has moved nothing that could be taken back, or is not over yet");
    };
    match store::moves::in_use(&journal.scope(), original.id).await?.is_empty() {
        true => refuse("NOTHING_TO_ROLL_BACK", "everything that it moved is back already"),
        false => Ok(target),
    }
}

/// Starts a drill.
pub async fn rehearse(
    ctx: &Arc<Context>,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::StartRehearsalRequest,
) -> Result<pb::StartRehearsalResponse> {
    let request_id = request.request_id.clone();
    let once = Once::of("StartRehearsal", &request_id, &request);
    let pb::StartRehearsalRequest { agent_id, account_id, target_account_id, request_id: _ } = request;
    let agent_id = Some(parse("agent_id", &agent_id)?);
    let account_id = parse_or_none("account_id", &account_id)?;
    let target_id = parse_or_none("target_account_id", &target_account_id)?;
    let mut journal = Journal::begin(ctx, workspace).await?;
    if let Some(answer) = journal.replayed(&once).await? {
        return Ok(answer);
    }
    let account_id = match account_id {
        Some(account) => account,
        None => account::primary(&journal.scope()).await?.ok_or_else(|| Error::not_found("primary account"))?.id,
    };
    let wish = Wish { agent_id, target_id, ..wish(Kind::Rehearsal, account_id, "a rehearsal".to_owned(), audited) };
    let begun = begin(&mut journal, wish).await?;
    let id = begun.id;
    let answer = pb::StartRehearsalResponse { failover: Some(shown(begun)) };
    journal.audit(audited, &id);
    journal.remember(&once, &answer).await?;
    journal.commit().await?;
    Ok(answer)
}
