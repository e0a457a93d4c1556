//! What happened in a failover, in words: one row for each thing, in the transaction in which it happened, numbered while
//! the failover is locked. Watchers are told of the row by the event log.

use serde_json::json;

use super::Journal;
use crate::{
    domain::{
        error::Result,
        failover::{Failover, moves::Move},
        id::{AccountId, EventId, FailoverId, MoveId},
    },
    store::{
        self,
        entity::failover_event::Model,
        failover::history::{add, last},
    },
};

/// Tells what a step of the failover brought.
pub(super) async fn of_failover(
    journal: &mut Journal<'_>,
    held: &Failover,
    kinds: &[&'static str],
    actor: &str,
) -> Result<()> {
    for kind in kinds {
        let message = said(journal, held, kind).await?;
        write(journal, held.id, vec![Line { kind, actor, message, move_id: None }]).await?;
    }
    Ok(())
}

/// Tells what a step of a move brought.
pub(super) async fn of_move(journal: &mut Journal<'_>, held: &Move, kinds: &[&'static str], actor: &str) -> Result<()> {
    let lines =
        kinds.iter().map(|kind| Line { kind, actor, message: said_of_move(held, kind), move_id: Some(held.id) });
    write(journal, held.failover_id, lines.collect()).await
}

/// Tells who is left out from the start.
pub(super) async fn of_plan(journal: &mut Journal<'_>, held: &Failover, moves: &[Move]) -> Result<()> {
    let left_out = moves.iter().filter(|planned| planned.to_id.is_none());
    let lines = left_out.map(|planned| Line {
        kind: "move.left-out",
        actor: super::EFFECT,
        message: format!("{}: {}", planned.display_name, planned.why()),
        move_id: Some(planned.id),
    });
    write(journal, held.id, lines.collect()).await
}

/// Tells that backup numbers were put aside before anybody was moved to them.
pub(super) async fn of_numbers(journal: &mut Journal<'_>, held: &Failover, put_aside: usize) -> Result<()> {
    let target = account(journal, held.target_id).await?;
    let message = match put_aside {
        0 => return Ok(()),
        1 => format!("1 backup number of {target} would not work and is quarantined"),
        more => format!("{more} backup numbers of {target} would not work and are quarantined"),
    };
    let kind = "failover.numbers-quarantined";
    write(journal, held.id, vec![Line { kind, actor: super::EFFECT, message, move_id: None }]).await
}

struct Line<'a> {
    kind: &'static str,
    actor: &'a str,
    message: String,
    move_id: Option<MoveId>,
}

async fn write(journal: &mut Journal<'_>, failover: FailoverId, lines: Vec<Line<'_>>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let first = last(journal.txn(), failover).await? + 1;
    let mut rows = Vec::with_capacity(lines.len());
    for (sequence, Line { kind, actor, message, move_id }) in (first..).zip(lines) {
        // Every kind of a failover's history is one family for watchers: `failover.…`.
        let told = if kind.starts_with("failover.") { kind } else { "failover.move" };
        journal.tell(told, &failover, json!({ "sequence": sequence, "kind": kind }));
        rows.push(Model {
            id: EventId::fresh(&*journal.ctx().ids),
            workspace_id: journal.workspace,
            failover_id: failover,
            sequence,
            kind: kind.to_owned(),
            actor: actor.to_owned(),
            message,
            move_id,
            create_time: journal.now,
        });
    }
    add(journal.txn(), rows).await
}

/// The name that people gave an account, or its id.
pub(super) async fn account(journal: &Journal<'_>, id: Option<AccountId>) -> Result<String> {
    let Some(id) = id else { return Ok("no account".to_owned()) };
    let found = store::account::by_id(&journal.scope(), id).await?;
    let named = found.map(|account| account.display_name).filter(|name| !name.is_empty());
    Ok(named.unwrap_or_else(|| id.to_string()))
}

async fn said(journal: &Journal<'_>, held: &Failover, kind: &str) -> Result<String> {
    let tally = held.tally;
    Ok(match kind {
        "failover.detected" => {
            format!("{} is {}: {}", account(journal, Some(held.account_id)).await?, held.trigger, held.reason)
        }
        "failover.started" => {
            format!("started for {}: {}", account(journal, Some(held.account_id)).await?, held.reason)
        }
        "failover.critical" => "the account became critical; nobody is waited for".to_owned(),
        "failover.approved" => "approved".to_owned(),
        "failover.approved-once" => "approved by one of two people; one more is needed".to_owned(),
        "failover.expired" => "nobody decided before the deadline: carried out, as the policy says".to_owned(),
        "failover.target-probed" => format!("{} answers and is active", account(journal, held.target_id).await?),
        "failover.target-passed-over" => passed_over(journal, held).await?,
        "failover.reserved" => reserved(journal, held).await?,
        "failover.canary-moved" => {
            format!("the first line is moved and verified; {} to go", tally.waiting + tally.under_way)
        }
        "failover.canary-replaced" => "the first line's number was no good; the next line goes first".to_owned(),
        "failover.canary-failed" => "nobody could be moved first; the others were not begun".to_owned(),
        "failover.holding"
        | "failover.stopped"
        | "failover.stuck"
        | "failover.failed"
        | "failover.partially-completed" => held.why().to_owned(),
        "failover.retried" => "what is stuck is verified again".to_owned(),
        "failover.abandoned" => "abandoned: what is moved stays moved, what waited is given up".to_owned(),
        "failover.completed" => format!("all {} lines are moved and verified", tally.moved),
        "failover.cancelled" => held.why().to_owned(),
        "failover.rolled-back" => "everything it moved is back".to_owned(),
        "failover.partially-rolled-back" => {
            "a part of what it moved is back; the rest was skipped or failed".to_owned()
        }
        other => other.to_owned(),
    })
}

async fn passed_over(journal: &Journal<'_>, held: &Failover) -> Result<String> {
    let Some(passed) = held.passed_over.last() else { return Ok(String::new()) };
    Ok(format!("{} cannot take over: {}", account(journal, Some(passed.account_id)).await?, passed.why))
}

async fn reserved(journal: &Journal<'_>, held: &Failover) -> Result<String> {
    let lines = held.tally.waiting + held.tally.under_way;
    let target = account(journal, held.target_id).await?;
    Ok(match held.tally.left_out {
        0 => format!("{lines} numbers of {target} are reserved; the first line goes alone"),
        left => format!("{lines} numbers of {target} are reserved, {left} lines get none; the first line goes alone"),
    })
}

fn said_of_move(held: &Move, kind: &str) -> String {
    let who = &held.display_name;
    let why = held.why();
    match kind {
        "move.began" => format!("{who}: its new number is being made ready"),
        "move.flipped" => format!("{who}: is reached by its new number from now on"),
        "move.verified" => format!("{who}: the new number is verified"),
        "move.moved" if why.is_empty() => format!("{who}: moved and verified"),
        "move.moved" => format!("{who}: moved; {why}"),
        "move.unwinding" => format!("{who}: what was prepared is taken back: {why}"),
        "move.retried" => format!("{who}: is verified again"),
        "move.stuck" => format!("{who}: is moved and cannot be verified: {why}"),
        "move.failed" => format!("{who}: could not be moved: {why}"),
        "move.undone" => format!("{who}: given up: {why}"),
        "move.skipped" => format!("{who}: skipped: {why}"),
        _ => format!("{who}: {kind}"),
    }
}
