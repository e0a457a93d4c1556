//! Mails about a failover: what happened, what was moved, who is left out. Enqueued in the transaction in which it happens.

use super::{super::notification, Journal, history};
use crate::{
    domain::{
        error::Result,
        failover::{Failover, Kind, Phase, moves::State},
        notification::{Kind as Mail, LeftOut, Notice},
    },
    store::failover::moves,
};

/// More than anybody reads; the command line lists them all.
const NAMES: u64 = 40;

/// Tells people, where the news are worth a mail.
pub(super) async fn tell(journal: &mut Journal<'_>, held: &Failover, news: &[&'static str]) -> Result<()> {
    let Some(kind) = news.iter().find_map(|news| mail(held.kind, news)) else { return Ok(()) };
    let notice = Notice {
        kind,
        failover_id: held.id,
        source: history::account(journal, Some(held.account_id)).await?,
        target: match held.target_id {
            Some(target) => Some(history::account(journal, Some(target)).await?),
            None => None,
        },
        why: if held.why().is_empty() { held.reason.clone() } else { held.why().to_owned() },
        moved: held.tally.moved,
        left_out: left_out(journal, held).await?,
        approve_by: match &held.phase {
            Phase::AwaitingApproval { deadline, .. } => Some(*deadline),
            _ => None,
        },
        again: again(held),
    };
    notification::tell(journal, &notice).await
}

/// Which mail it is. A drill wakes nobody; what a rollback comes to is told of the failover that it takes back.
fn mail(kind: Kind, news: &str) -> Option<Mail> {
    match (kind, news) {
        (Kind::Rehearsal, _) => None,
        (Kind::Failover, "failover.detected" | "failover.started") => Some(Mail::Detected),
        (Kind::Failover, "failover.completed") => Some(Mail::Completed),
        (_, "failover.partially-completed") => Some(Mail::PartiallyCompleted),
        (Kind::Failover, "failover.cancelled") => Some(Mail::Cancelled),
        (_, "failover.failed") => Some(Mail::Failed),
        (_, "failover.stuck") => Some(Mail::Stuck),
        (Kind::Failover, "failover.rolled-back") => Some(Mail::RolledBack),
        _ => None,
    }
}

/// Only what is stuck is retried; what is over is begun anew.
fn again(held: &Failover) -> String {
    match (&held.phase, held.kind, held.original_id, held.agent_id) {
        (Phase::Stuck { .. }, ..) => format!("callplane failover retry {}", held.id),
        (_, Kind::Rollback, Some(original), _) => format!("callplane failover rollback {original} --reason '…'"),
        (_, Kind::Rehearsal, _, Some(agent)) => format!("callplane failover rehearse {agent}"),
        (_, Kind::Failover | Kind::Rollback | Kind::Rehearsal, ..) => {
            format!("callplane failover start {} --reason '…'", held.account_id)
        }
    }
}

async fn left_out(journal: &Journal<'_>, held: &Failover) -> Result<Vec<LeftOut>> {
    if !held.is_over() {
        return Ok(Vec::new());
    }
    let mut left = Vec::new();
    for state in [State::LeftOut, State::Failed, State::Undone, State::Skipped] {
        let behind = moves::in_state(&journal.scope(), held.id, state, NAMES).await?;
        left.extend(behind.into_iter().map(|line| LeftOut { why: line.why().to_owned(), name: line.display_name }));
    }
    Ok(left)
}
