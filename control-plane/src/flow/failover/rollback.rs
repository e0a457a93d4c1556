//! Taking a failover back: the same lines, from the backup numbers to their own, as far as nobody edited them meanwhile.

use super::{EFFECT, Journal, orders, run};
use crate::{
    domain::{
        error::Result,
        failover::{
            Event, Failover, Kind,
            moves::{Move, Work},
        },
        id::MoveId,
    },
    store::{self, Kept, failover::moves as store_moves},
};

/// Rows for whatever the original still holds. The numbers are the lines' own: nothing of a pool is taken.
pub(super) async fn reserve(journal: &mut Journal<'_>, held: &Failover) -> Result<Event> {
    let Some(original) = held.original_id else { return Ok(nothing()) };
    let in_use = store_moves::in_use(&journal.scope(), original).await?;
    let back: Vec<Move> = in_use.into_iter().zip(0..).map(|(moved, place)| back(journal, held, moved, place)).collect();
    if back.is_empty() {
        return Ok(nothing());
    }
    store_moves::insert(journal.txn(), &back).await?;
    Ok(Event::Reserved { planned: u32::try_from(back.len()).unwrap_or(u32::MAX), left_out: 0 })
}

fn nothing() -> Event {
    Event::NothingFits { why: "nothing of it is left to be taken back".to_owned(), passes: false }
}

fn back(journal: &Journal<'_>, held: &Failover, moved: Move, place: i64) -> Move {
    Move {
        id: MoveId::fresh(&*journal.ctx().ids),
        failover_id: held.id,
        kind: Kind::Rollback,
        place,
        from_id: moved.to_id,
        to_id: moved.from_id,
        original_id: Some(moved.id),
        is_native: moved.detaches,
        detaches: moved.is_native,
        work: Work::Waiting,
        begin_time: None,
        flip_time: None,
        end_time: None,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
        ..moved
    }
}

/// What somebody changed since the line was moved away, if it makes moving it back wrong.
pub(super) async fn edited(journal: &Journal<'_>, held: &Failover, planned: &Move) -> Result<Option<String>> {
    let scope = journal.scope();
    let number = async |id| match id {
        Some(id) => store::phone_number::by_id(&scope, id).await,
        None => Ok(None),
    };
    let edited = |why: &str| Ok(Some(why.to_owned()));
    let Some(backup) = number(planned.from_id).await? else { return edited("its backup number is gone") };
    let is_ours = backup.pool.as_ref().is_some_and(|pool| pool.reserved_by == planned.original_id);
    if !is_ours || backup.assignment != Some(planned.assignment) {
        return edited("its backup number leads to somebody else meanwhile");
    }
    let Some(own) = number(planned.to_id).await? else { return edited("its own number is gone") };
    if own.assignment.is_some_and(|now| now != planned.assignment) {
        return edited("its own number leads to somebody else meanwhile");
    }
    let version = orders::version(journal, planned.assignment).await?;
    // A change of its own kind is for a person to look at; `include_edited` says that somebody did.
    match planned.agent_version != version && !held.include_edited {
        true => edited("it was edited since it was moved"),
        false => Ok(None),
    }
}

/// A rollback ended: the original is told how far it was taken back.
pub(super) async fn ended(journal: &mut Journal<'_>, held: &Failover) -> Result<()> {
    let Some(original) = held.original_id.filter(|_| held.kind == Kind::Rollback && held.tally.moved > 0) else {
        return Ok(());
    };
    let Some(taken_back) = Failover::load(journal.txn(), journal.workspace, original).await? else { return Ok(()) };
    let all = store_moves::in_use(&journal.scope(), original).await?.is_empty();
    let event = Event::RolledBack { by: held.id, all };
    // A refusal says that it was taken back before.
    let _ = Box::pin(run(journal, taken_back, event, EFFECT)).await?;
    Ok(())
}
