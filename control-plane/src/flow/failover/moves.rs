//! Moves across rows: planned, begun, told of their numbers, given up. The failover is locked by whoever comes here.

use chrono::Duration;

use super::{super::pool::Reservation, EFFECT, Journal, Stepped, history, orders, rollback, run};
use crate::{
    domain::{
        agent::{AgentState, Endpoint},
        error::Result,
        failover::{
            Event as FailoverEvent, Failover, Kind,
            moves::{Blame, Ended, Event, Move, Rest, State, Work},
        },
        id::{FailoverId, MoveId, PhoneNumberId},
        machine::{Machine, Step},
        outcome::{Cause, Outcome},
        phone_number::{
            self, Assignment, PhoneNumber, WebhooksState,
            attachment::{self, AttachmentState},
        },
        pool::{LeftOut, Line},
    },
    store::{self, Kept, failover::moves as store_moves},
};

/// How long the first line has: a target that takes longer is no help now. Two workers may die on the way.
const CANARY_PATIENCE: Duration = Duration::seconds(90);
/// How long the others have: the target works, and what passes may pass.
const PATIENCE: Duration = Duration::minutes(5);
/// How many are given up in one transaction.
const TOGETHER: u64 = 200;

/// Rows for lines that got a number, and for those that got none.
pub(super) async fn planned(journal: &Journal<'_>, held: &Failover, taken: Reservation) -> Result<Vec<Move>> {
    let mut place = store_moves::next_place(&journal.scope(), held.id).await?;
    let mut moves = Vec::with_capacity(taken.reserved.len() + taken.left_out.len());
    for reserved in taken.reserved {
        let (id, to_id) = (reserved.move_id, Some(reserved.phone_number_id));
        let is_native = belongs_to_elevenlabs(journal, held, &reserved.line).await?;
        let fresh = fresh(journal, held, &reserved.line, place);
        moves.push(Move { id, to_id, is_native, detaches: is_native, ..fresh });
        place += 1;
    }
    for (line, why) in taken.left_out {
        let work = Work::LeftOut { why: said(why).to_owned() };
        moves.push(Move { work, end_time: Some(journal.now), ..fresh(journal, held, &line, place) });
        place += 1;
    }
    Ok(moves)
}

/// Whoever has a number at ElevenLabs gets the next one there as well.
async fn belongs_to_elevenlabs(journal: &Journal<'_>, held: &Failover, line: &Line) -> Result<bool> {
    let Some(agent) = line.agent_id else { return Ok(false) };
    if line.integration_mode != phone_number::IntegrationMode::Native || held.kind != Kind::Failover {
        return Ok(false);
    }
    let agent = store::agent::by_id(&journal.scope(), agent).await?;
    Ok(agent.is_some_and(|agent| matches!(agent.endpoint, Endpoint::ElevenLabs(_))))
}

/// Why a line gets no number, for people.
pub(super) fn said(why: LeftOut) -> &'static str {
    match why {
        LeftOut::NoNumberOfCountry => "no free backup number of its country is left",
        LeftOut::NoNumberOfPrefix => "no free backup number with the same first digits is left",
    }
}

pub(super) fn fresh(journal: &Journal<'_>, held: &Failover, line: &Line, place: i64) -> Move {
    Move {
        id: MoveId::fresh(&*journal.ctx().ids),
        workspace_id: held.workspace_id,
        failover_id: held.id,
        kind: held.kind,
        place,
        assignment: line.assignment,
        display_name: line.display_name.clone(),
        agent_id: line.agent_id,
        from_id: (held.kind != Kind::Rehearsal).then_some(line.phone_number_id),
        to_id: None,
        original_id: None,
        is_native: false,
        detaches: false,
        own_before: None,
        agent_version: None,
        work: Work::Waiting,
        begin_time: None,
        flip_time: None,
        end_time: None,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    }
}

/// So many lines begin; those that were edited meanwhile are over at once.
pub(super) async fn begin(journal: &mut Journal<'_>, held: &Failover, count: u32) -> Result<Vec<Ended>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let patience = if held.milestones.canary_time.is_none() { CANARY_PATIENCE } else { PATIENCE };
    let until = journal.now + patience;
    let waiting = store_moves::in_state(&journal.scope(), held.id, State::Waiting, count.into()).await?;
    let mut over = Vec::new();
    for next in waiting {
        let event = match Box::pin(edited(journal, held, &next)).await? {
            Some(why) => Event::Edited { why },
            None => Event::Began { until },
        };
        over.extend(Box::pin(turn(journal, next, event, EFFECT)).await?.1);
    }
    Ok(over)
}

/// Lines that wait are given up, some at a time.
pub(super) async fn give_up(journal: &mut Journal<'_>, held: &Failover) -> Result<FailoverEvent> {
    let waiting = store_moves::in_state(&journal.scope(), held.id, State::Waiting, TOGETHER).await?;
    let why = match &held.phase {
        crate::domain::failover::Phase::Undoing { why, .. } => why.clone(),
        _ => String::new(),
    };
    let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    if count == 0 {
        tracing::error!(failover = %held.id, "it counts moves that wait, and there are none");
        return Ok(FailoverEvent::Undone { count: held.tally.waiting });
    }
    for next in waiting {
        Box::pin(turn(journal, next, Event::Dropped { why: why.clone() }, EFFECT)).await?;
    }
    Ok(FailoverEvent::Undone { count })
}

/// Steps a move, does what it orders, and says how it came to rest. What it orders can be refused at once, which is the
/// next thing that happens to it. A refused event changes nothing.
pub(super) async fn turn(
    journal: &mut Journal<'_>,
    held: Move,
    event: Event,
    actor: &str,
) -> Result<(Move, Option<Ended>)> {
    let first = held.clone();
    let (mut held, mut next_event) = (held, Some(event));
    while let Some(event) = next_event.take() {
        let Ok(step) = held.step(event, journal.now) else { break };
        let Step { mut next, effects, news } = step;
        for order in next.orders_since(&held) {
            if let Some(trouble) = Box::pin(orders::carry_out(journal, &mut next, order)).await? {
                next_event = Some(Event::Settled(trouble));
            }
        }
        held = journal.take(held.version, held.id, Step { next, effects, news: Vec::new() }).await?;
        Box::pin(history::of_move(journal, &held, &news, actor)).await?;
    }
    let ended = held.ended_since(&first);
    if let Some(ended) = ended {
        let kind = held.kind;
        journal.count(move |metrics| metrics.failovers.line_ended(kind, ended));
    }
    Ok((held, ended))
}

/// What somebody changed since the line was planned, if it makes moving it wrong.
pub(super) async fn edited(journal: &Journal<'_>, held: &Failover, planned: &Move) -> Result<Option<String>> {
    if let Some(why) = not_answering(journal, planned).await? {
        return Ok(Some(why));
    }
    if planned.kind == Kind::Rollback {
        return rollback::edited(journal, held, planned).await;
    }
    let Some(from) = planned.from_id else { return Ok(None) };
    let number = store::phone_number::by_id(&journal.scope(), from).await?;
    let still = number.is_some_and(|number| number.assignment == Some(planned.assignment));
    Ok((!still).then(|| "its number leads to somebody else meanwhile".to_owned()))
}

async fn not_answering(journal: &Journal<'_>, planned: &Move) -> Result<Option<String>> {
    let scope = journal.scope();
    Ok(match planned.assignment {
        Assignment::Agent(id) => match store::agent::by_id(&scope, id).await? {
            None => Some("the agent was deleted meanwhile".to_owned()),
            Some(agent) if agent.state == AgentState::Paused && planned.kind == Kind::Failover => {
                Some("the agent was paused meanwhile".to_owned())
            }
            Some(_) => None,
        },
        Assignment::RoutePlan(id) => {
            let is_there = store::route_plan::by_id(&scope, id).await?.is_some();
            (!is_there).then(|| "the route plan was deleted meanwhile".to_owned())
        }
    })
}

/// A move that waits for a number, its failover locked.
pub struct Waiting {
    failover: Failover,
    move_id: MoveId,
}

/// Before anything about a number is changed by what a vendor said: whoever waits for it, locked in the right order.
pub async fn ahead(journal: &Journal<'_>, number: PhoneNumberId) -> Result<Option<Waiting>> {
    let Some((failover, move_id)) = store_moves::of_number(&journal.scope(), number).await? else { return Ok(None) };
    let failover = Failover::load(journal.txn(), journal.workspace, failover).await?;
    Ok(failover.map(|failover| Waiting { failover, move_id }))
}

/// The number that a move waits for came to rest.
pub async fn settled(journal: &mut Journal<'_>, waiting: Waiting, rest: Rest) -> Result<()> {
    let Waiting { failover, move_id } = waiting;
    Box::pin(told(journal, failover, move_id, Event::Settled(rest), EFFECT)).await
}

/// Something happens to a move of a locked failover, and the failover goes on if the move came to rest.
pub(super) async fn told(
    journal: &mut Journal<'_>,
    failover: Failover,
    id: MoveId,
    event: Event,
    actor: &str,
) -> Result<()> {
    let Some(held) = Move::load(journal.txn(), journal.workspace, id).await? else { return Ok(()) };
    // What was edited while its number was made ready is not turned.
    let event = match (held.state(), event) {
        (State::Preparing, Event::Settled(Rest::Right)) => match edited(journal, &failover, &held).await? {
            Some(why) => Event::Edited { why },
            None => Event::Settled(Rest::Right),
        },
        (_, event) => event,
    };
    let (_, ended) = Box::pin(turn(journal, held, event, actor)).await?;
    if let Some(ended) = ended {
        let stepped: Stepped = Box::pin(run(journal, failover, FailoverEvent::MoveEnded(ended), actor)).await?;
        stepped?;
    }
    Ok(())
}

/// How a number came to rest by a step, if it did.
pub fn rest(before: &PhoneNumber, after: &PhoneNumber, event: &phone_number::Event) -> Option<Rest> {
    let wrong = |why: &str| Some(Rest::Wrong { why: why.to_owned(), blame: blame(event) });
    if is_busy(before) == is_busy(after) || is_busy(after) {
        return None;
    }
    // At ElevenLabs, what Twilio shows is a part of what is looked at.
    let was_there = before.attachment.as_ref().is_some_and(|place| place.work != attachment::Work::Idle);
    if let Some(place) = after.attachment.as_ref().filter(|_| was_there) {
        return match place.state {
            AttachmentState::InSync | AttachmentState::Detached | AttachmentState::Unattached => Some(Rest::Right),
            AttachmentState::Failed | AttachmentState::Drifted => wrong(&place.error),
            AttachmentState::Pending => None,
        };
    }
    match (after.state, after.webhooks_state) {
        (phone_number::State::Refused, _) => wrong(&after.state_reason),
        (_, WebhooksState::InSync) => Some(Rest::Right),
        (_, WebhooksState::Failed | WebhooksState::Drifted) => wrong(&after.webhooks_error),
        (_, WebhooksState::Unmanaged | WebhooksState::Pending) => None,
    }
}

fn is_busy(number: &PhoneNumber) -> bool {
    let at_elevenlabs = number.attachment.as_ref().is_some_and(|place| place.work != attachment::Work::Idle);
    at_elevenlabs || number.work != phone_number::Work::Idle
}

/// A refusal that has to do with the account says nothing about its numbers.
fn blame(event: &phone_number::Event) -> Blame {
    let cause = match event {
        phone_number::Event::Found { outcome: Outcome::Refused(refused), .. } => refused.cause,
        phone_number::Event::Written { outcome: Outcome::Refused(refused), .. } => refused.cause,
        phone_number::Event::Managed { .. } => return Blame::Surroundings,
        _ => return Blame::Number,
    };
    match cause {
        Cause::NotFound | Cause::Invalid => Blame::Number,
        Cause::Credentials
        | Cause::WrongRegion
        | Cause::Suspended
        | Cause::Closed
        | Cause::Permission
        | Cause::RateLimited
        | Cause::Unreachable
        | Cause::NoAddress
        | Cause::Insecure
        | Cause::NotTried => Blame::Surroundings,
    }
}

/// The failover of a move, locked.
pub(super) async fn failover_of(journal: &Journal<'_>, id: MoveId) -> Result<Option<Failover>> {
    let Some(held) = store_moves::by_id(&journal.scope(), id).await? else { return Ok(None) };
    let failover: FailoverId = held.failover_id;
    Failover::load(journal.txn(), journal.workspace, failover).await
}
