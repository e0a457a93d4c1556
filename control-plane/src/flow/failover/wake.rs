//! What wakes a failover or one of its moves: their deadlines, and what the probe of a target brought.

use super::{EFFECT, Journal, TIMER, decide, moves, run, run_with};
use crate::{
    domain::{
        error::{Error, Result},
        failover::{Event, Failover, Phase, TargetSeen, moves::Event as MoveEvent},
        id::{FailoverId, MoveId, WorkspaceId},
        machine::Refusal,
        outcome::Outcome,
    },
    flow::Context,
    store::{self, Kept, failover::moves as rows},
};

/// The time of a failover has come.
pub async fn tick(ctx: &Context, workspace: WorkspaceId, id: FailoverId) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let held = Failover::load(journal.txn(), workspace, id).await?.ok_or_else(|| Error::not_found(Failover::NOUN))?;
    match &held.phase {
        Phase::Stuck { until, .. } if journal.now >= *until => {
            Box::pin(decide::retried(&mut journal, held, TIMER)).await?;
        }
        _ => {
            Box::pin(run(&mut journal, held, Event::Tick, TIMER)).await??;
        }
    }
    journal.commit().await
}

/// The time of a move has come.
pub async fn tick_move(ctx: &Context, workspace: WorkspaceId, id: MoveId) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let failover = moves::failover_of(&journal, id).await?.ok_or_else(|| Error::not_found(Failover::NOUN))?;
    let held = rows::by_id(&journal.scope(), id).await?.ok_or_else(|| Error::not_found("move"))?;
    let number = match held.to_id {
        Some(number) => store::phone_number::by_id(&journal.scope(), number).await?,
        None => None,
    };
    let seen = number.map(|number| number.attachment.map_or(number.webhooks_error, |place| place.error));
    let seen = seen.unwrap_or_default();
    Box::pin(moves::told(&mut journal, failover, id, MoveEvent::Tick { seen }, TIMER)).await?;
    journal.commit().await
}

/// The probe of a target ended, one way or another.
pub async fn probed(
    journal: &mut Journal<'_>,
    held: Failover,
    round: u32,
    outcome: Outcome<TargetSeen>,
) -> Result<std::result::Result<(), Refusal>> {
    let mut shown = None;
    let outcome = outcome.map(|TargetSeen { account, numbers }| {
        shown = numbers;
        account
    });
    let event = Event::Probed { round, outcome };
    Ok(Box::pin(run_with(journal, held, event, EFFECT, shown.as_ref())).await?.map(|_| ()))
}
