//! Steps one machine in a transaction of its own, again when somebody else was faster: safe, because a step only decides.

use super::{Audited, Context, Journal};
use crate::{
    domain::{
        error::{Kind, Result},
        id::WorkspaceId,
    },
    store::Kept,
};

const TRIES: usize = 5;

/// Steps a machine and commits.
pub async fn dispatch<M: Kept>(
    ctx: &Context,
    workspace: WorkspaceId,
    id: M::Id,
    event: M::Event,
    audited: Option<&Audited>,
) -> Result<M>
where
    M::Event: Clone,
{
    again(|| Box::pin(once(ctx, workspace, id, event.clone(), audited))).await
}

/// Does it again when somebody else was faster. Only for what writes nothing unless it commits.
pub async fn again<T, F>(mut work: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match work().await {
            Err(error) if error.kind == Kind::Aborted && tries < TRIES => {}
            ended => return ended,
        }
    }
}

async fn once<M: Kept>(
    ctx: &Context,
    workspace: WorkspaceId,
    id: M::Id,
    event: M::Event,
    audited: Option<&Audited>,
) -> Result<M> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let next = journal.step::<M>(id, event).await?;
    if let Some(audited) = audited {
        journal.audit(audited, &id);
    }
    journal.commit().await?;
    Ok(next)
}
