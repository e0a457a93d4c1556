//! The emergency stop and the limits of whatever goes out. The stop is one row that every guard reads and every worker reads
//! again before it asks a vendor, so it holds on every replica from its commit on.

use super::{Audited, Context, Journal, again, attempt, seen::unchanged};
use crate::{
    domain::{
        error::{Kind, Result},
        id::{AttemptId, WorkspaceId},
        outbound::{Limits, Policy},
    },
    store::{self, Scope},
};

/// Changes the limits.
pub async fn change(
    journal: &mut Journal<'_>,
    etag: &str,
    patch: impl FnOnce(Limits) -> Result<Limits>,
) -> Result<Policy> {
    let held = store::outbound::lock(&journal.scope(), journal.now).await?;
    unchanged("outbound policy", etag, held.version)?;
    let limits = patch(held.limits.clone())?;
    save(journal, Policy { limits, ..held }).await
}

/// Stops everything that goes out, and takes back what waits or rings; says how many that were.
pub async fn stop(ctx: &Context, workspace: WorkspaceId, reason: &str, audited: &Audited) -> Result<usize> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let held = store::outbound::lock(&journal.scope(), journal.now).await?;
    let stop_time = held.stop_time.filter(|_| held.stopped).or(Some(journal.now));
    save(&journal, Policy { stopped: true, stop_reason: reason.to_owned(), stop_time, ..held }).await?;
    journal.tell("outbound.stopped", &workspace, serde_json::json!({}));
    journal.audit(audited, &workspace);
    journal.commit().await?;
    // From here on nothing begins. What is under way is taken back one by one: there may be thousands.
    let mut withdrawn = 0;
    for id in store::attempt::under_way(&Scope::new(ctx.store.read(), workspace)).await? {
        match again(|| Box::pin(withdraw(ctx, workspace, id, &audited.actor))).await {
            Ok(()) => withdrawn += 1,
            Err(error) if matches!(error.kind, Kind::FailedPrecondition | Kind::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(withdrawn)
}

async fn withdraw(ctx: &Context, workspace: WorkspaceId, id: AttemptId, actor: &str) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    attempt::withdraw(&mut journal, id, "outbound_stopped", actor).await?;
    journal.commit().await
}

/// Lets calls and messages go out again.
pub async fn resume(ctx: &Context, workspace: WorkspaceId, audited: &Audited) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let held = store::outbound::lock(&journal.scope(), journal.now).await?;
    save(&journal, Policy { stopped: false, stop_reason: String::new(), stop_time: None, ..held }).await?;
    journal.tell("outbound.resumed", &workspace, serde_json::json!({}));
    journal.audit(audited, &workspace);
    journal.commit().await
}

async fn save(journal: &Journal<'_>, next: Policy) -> Result<Policy> {
    let next = Policy { version: next.version + 1, update_time: journal.now, ..next };
    store::outbound::save(journal.txn(), &next).await?;
    Ok(next)
}
