//! What the monitor says of an account: it begins failovers, speeds them up, or calls them off.

use super::{Journal, MONITOR, Wish, begin, run};
use crate::{
    domain::{
        error::{Kind as ErrorKind, Result},
        failover::{Event, Failover, Kind, Trigger, pace},
        monitor::{Heard, Verdict},
    },
    store::{
        Kept,
        failover::{self as rows, claim},
        monitor_policy,
    },
};

/// After every look at an account, in its transaction.
pub async fn heard(journal: &mut Journal<'_>, heard: &Heard) -> Result<()> {
    match claim::holder(journal.txn(), heard.account_id).await? {
        Some(open) => {
            let Some(held) = Failover::load(journal.txn(), journal.workspace, open).await? else { return Ok(()) };
            // Of the target, its own probe says what matters. What comes too late is a refusal, and changes nothing.
            if held.account_id == heard.account_id {
                let _ = Box::pin(run(journal, held, Event::Heard(heard.clone()), MONITOR)).await?;
            }
            Ok(())
        }
        None => begin_by_itself(journal, heard).await,
    }
}

async fn begin_by_itself(journal: &mut Journal<'_>, heard: &Heard) -> Result<()> {
    let trigger = match heard.verdict {
        Verdict::Critical => Trigger::Critical,
        Verdict::Degraded => Trigger::Degraded,
        Verdict::Healthy | Verdict::Unknown | Verdict::VendorWide | Verdict::OwnNetwork => return Ok(()),
    };
    if !monitor_policy::of(&journal.scope()).await?.automatic {
        return Ok(());
    }
    let recent = rows::recent(&journal.scope(), heard.account_id, journal.now - pace::MEMORY).await?;
    if let Some((until, why)) = pace::held_back(&recent, trigger, journal.now) {
        tracing::info!(account = %heard.account_id, %until, "no failover begins by itself: {why}");
        return Ok(());
    }
    let wish = Wish {
        kind: Kind::Failover,
        trigger,
        account_id: heard.account_id,
        target_id: None,
        original_id: None,
        agent_id: None,
        include_edited: false,
        reason: heard.why.clone(),
        actor: MONITOR.to_owned(),
    };
    match Box::pin(begin(journal, wish)).await {
        // Nobody is reached there, or somebody was faster: the look itself is stored all the same.
        Err(error) if error.kind == ErrorKind::FailedPrecondition => Ok(()),
        begun => begun.map(|_| ()),
    }
}
