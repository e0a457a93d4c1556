//! What people decide about a failover: approve, cancel, try again, accept. Whoever comes second is told who was first.

use super::{Journal, moves, run};
use crate::{
    domain::{
        error::{Error, Kind as ErrorKind, Result},
        failover::{
            DecidedBy, Event, Failover,
            moves::{Event as MoveEvent, State as MoveState},
        },
        id::FailoverId,
    },
    flow::seen,
    store::failover::moves as rows,
};

/// Moves that are stuck are few: most would have been stopped before.
const STUCK: u64 = 10_000;

/// A person wants it carried out.
pub async fn approve(journal: &mut Journal<'_>, id: FailoverId, etag: &str, actor: &str) -> Result<Failover> {
    let held: Failover = seen(journal, id, etag).await?;
    let event = Event::Approved { actor: actor.to_owned() };
    decided(Box::pin(run(journal, held.clone(), event, actor)).await?, &held)
}

/// A person does not want it.
pub async fn cancel(
    journal: &mut Journal<'_>,
    id: FailoverId,
    etag: &str,
    actor: &str,
    why: String,
) -> Result<Failover> {
    let held: Failover = seen(journal, id, etag).await?;
    let event = Event::Cancelled { actor: actor.to_owned(), why };
    decided(Box::pin(run(journal, held.clone(), event, actor)).await?, &held)
}

fn decided(stepped: super::Stepped, held: &Failover) -> Result<Failover> {
    stepped.map_err(|refusal| match &held.decision {
        Some(decision) => {
            let who = match decision.by {
                DecidedBy::Start => format!("it was started at once by {}", decision.actor),
                DecidedBy::Approval => format!("{} approved it", decision.actor),
                DecidedBy::Cancellation => format!("{} cancelled it", decision.actor),
                DecidedBy::Recovery => "the account recovered, which cancelled it".to_owned(),
                DecidedBy::Expiry if decision.carried_out => "its deadline passed, which carried it out".to_owned(),
                DecidedBy::Expiry => "its deadline passed, which cancelled it".to_owned(),
                DecidedBy::Critical => "the account was critical, which carried it out".to_owned(),
            };
            let at = decision.time.format("%Y-%m-%dT%H:%M:%SZ");
            Error::new(ErrorKind::FailedPrecondition, refusal.reason, format!("it is decided: {who} at {at}"))
        }
        None => refusal.into(),
    })
}

/// What is stuck is verified again.
pub async fn retry(journal: &mut Journal<'_>, id: FailoverId, actor: &str) -> Result<Failover> {
    let held: Failover = seen(journal, id, "").await?;
    Box::pin(retried(journal, held, actor)).await
}

pub(super) async fn retried(journal: &mut Journal<'_>, held: Failover, actor: &str) -> Result<Failover> {
    let count = turn_stuck(journal, &held, MoveEvent::Retried, actor).await?;
    Box::pin(run(journal, held, Event::Retried { count }, actor)).await?.map_err(not_stuck)
}

/// What is stuck is taken as it is; what waits is given up.
pub async fn abandon(journal: &mut Journal<'_>, id: FailoverId, actor: &str) -> Result<Failover> {
    let held: Failover = seen(journal, id, "").await?;
    let count = turn_stuck(journal, &held, MoveEvent::Accepted { actor: actor.to_owned() }, actor).await?;
    Box::pin(run(journal, held, Event::Abandoned { count }, actor)).await?.map_err(not_stuck)
}

fn not_stuck(_: crate::domain::machine::Refusal) -> Error {
    Error::new(ErrorKind::FailedPrecondition, "FAILOVER_NOT_STUCK", "it is not stuck: there is nothing to decide")
}

async fn turn_stuck(journal: &mut Journal<'_>, held: &Failover, event: MoveEvent, actor: &str) -> Result<u32> {
    if held.state() != crate::domain::failover::State::Stuck {
        return Ok(0);
    }
    let stuck = rows::in_state(&journal.scope(), held.id, MoveState::Stuck, STUCK).await?;
    let count = u32::try_from(stuck.len()).unwrap_or(u32::MAX);
    for one in stuck {
        Box::pin(moves::turn(journal, one, event.clone(), actor)).await?;
    }
    Ok(count)
}
