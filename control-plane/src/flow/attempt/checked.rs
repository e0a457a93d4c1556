//! What a do-not-call checker lets through is stored before the vendor is asked: a phone that rang has its evidence, whatever
//! happens to the worker.

use super::{lock, run};
use crate::{
    domain::{
        attempt::{Attempt, Event, UNCHECKED},
        error::Result,
        id::{AttemptId, WorkspaceId},
    },
    flow::{Context, Journal, again},
};

/// Stores it, and gives the attempt as it is then; `None` when it is gone.
pub async fn checked(ctx: &Context, workspace: WorkspaceId, id: AttemptId, event: Event) -> Result<Option<Attempt>> {
    again(|| Box::pin(once(ctx, workspace, id, event.clone()))).await
}

async fn once(ctx: &Context, workspace: WorkspaceId, id: AttemptId, event: Event) -> Result<Option<Attempt>> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let Some(held) = lock(&journal, id).await? else { return Ok(None) };
    let before = held.attempt.clone();
    match run(&mut journal, held, event, "effect").await? {
        Ok(held) => {
            journal.commit().await?;
            Ok(Some(held.attempt))
        }
        // It went on without us.
        Err(_) => Ok(Some(before)),
    }
}

/// Somebody should look: people are not reached.
pub(super) fn alarm(before: &Attempt, after: &Attempt) {
    if after.reason == UNCHECKED && before.reason != UNCHECKED {
        tracing::error!(
            attempt = %after.id,
            "nobody was reached, because the do-not-call checker did not answer in time: {}",
            after.error
        );
    }
}
