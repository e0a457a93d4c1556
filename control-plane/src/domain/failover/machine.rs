//! How a failover goes on. Whatever happens, an open one waits for a deadline, an effect, or a move that is under way.

use chrono::Duration;

use super::{
    CancelledBy, DecidedBy, Event, Failover, Kind, Phase, State, Tally, Then, Trigger,
    approval::{GOOD, MONITOR},
    moves::{Blame, Ended},
};
use crate::domain::{
    id::{AccountId, FailoverId},
    machine::{Machine, Refusal, Step},
    time::Timestamp,
};

/// How many lines are moved at once: well below what either vendor takes, and enough for 50 agents in a few seconds.
const AT_ONCE: u32 = 8;
/// How many lines may go first, one after the other, because the number of the one before was no good. If none of them
/// is, the account is to blame.
const CANARIES: u32 = 3;
/// After so many that could not be moved, one after the other, the target has failed as well: the rest is left alone.
const MOST_FAILURES: u32 = 5;
/// How long what is stuck is left to a person before it is tried again by itself.
const STUCK: Duration = Duration::minutes(15);

const LATE: Refusal = Refusal::stale("it is over, or further on");

impl Machine for Failover {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        use Phase as P;
        match (&self.phase, event) {
            (_, Event::Approved { actor }) => self.approve(&actor, now),
            (_, Event::Cancelled { actor, why }) => self.refuse(&actor, why, now),
            (P::AwaitingApproval { .. }, Event::Heard(heard)) => Ok(self.heard_while_awaiting(&heard, now)),
            (P::Holding { .. }, Event::Heard(heard)) => Ok(self.heard_while_holding(heard.good, now)),
            (P::AwaitingApproval { deadline, elsewhere, .. }, Event::Tick) if now >= *deadline => {
                Ok(self.expire(*elsewhere, now))
            }
            // What is to be done then, the flow does in the same transaction.
            (P::Choosing { at } | P::Reserving { at, .. } | P::Undoing { at, .. }, Event::Tick) if now >= *at => {
                Ok(Step::to(self.clone()))
            }
            (P::ProbingAgain { candidate, attempt, until, .. }, Event::Tick) if now >= *until => {
                Ok(self.probe(*candidate, *attempt))
            }
            (P::Holding { until, .. }, Event::Tick) if now >= *until => Ok(self.look_again(now)),
            (P::Stuck { until, .. }, Event::Tick) if now >= *until => Ok(Step::to(self.clone())),
            (P::Choosing { .. }, Event::Found(candidates)) => Ok(self.choose(candidates, now)),
            (P::Probing { candidate, round: asked, attempt }, Event::Probed { round, outcome }) if *asked == round => {
                Ok(self.probed(*candidate, *attempt, outcome, now))
            }
            (P::Reserving { candidate, .. }, Event::Reserved { planned, left_out }) => {
                Ok(self.reserved(*candidate, planned, left_out, now))
            }
            (P::Reserving { candidate, .. }, Event::NothingFits { why, passes }) => {
                Ok(self.pass_over(*candidate, why, passes, now))
            }
            (P::Canary, Event::MoveEnded(ended)) => Ok(self.canary_ended(ended, now)),
            (P::Moving, Event::MoveEnded(ended)) => Ok(self.move_ended(ended, now)),
            (P::Undoing { .. }, Event::MoveEnded(ended)) => Ok(self.counting(ended).undoing_on(now)),
            (P::Undoing { .. }, Event::Undone { count }) => Ok(self.gave_up(count).undoing_on(now)),
            (P::Stuck { .. }, Event::Retried { count }) => Ok(self.retried(count)),
            (P::Stuck { .. }, Event::Abandoned { count }) => Ok(self.abandoned(count, now)),
            (P::Completed | P::PartiallyCompleted { .. }, Event::RolledBack { by, all }) => {
                Ok(self.rolled_back(by, all))
            }

            (
                P::AwaitingApproval { .. }
                | P::Choosing { .. }
                | P::Probing { .. }
                | P::ProbingAgain { .. }
                | P::Reserving { .. }
                | P::Holding { .. }
                | P::Canary
                | P::Moving
                | P::Undoing { .. }
                | P::Stuck { .. }
                | P::Completed
                | P::PartiallyCompleted { .. }
                | P::Cancelled { .. }
                | P::Failed { .. }
                | P::RolledBack { .. },
                Event::Heard(_)
                | Event::Tick
                | Event::Found(_)
                | Event::Probed { .. }
                | Event::Reserved { .. }
                | Event::NothingFits { .. }
                | Event::MoveEnded(_)
                | Event::Undone { .. }
                | Event::Retried { .. }
                | Event::Abandoned { .. }
                | Event::RolledBack { .. },
            ) => Err(LATE),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::AwaitingApproval { deadline, .. } => Some(*deadline),
            Phase::Choosing { at } | Phase::Reserving { at, .. } => Some(*at),
            // What is under way has deadlines of its own.
            Phase::Undoing { at, .. } => (self.tally.waiting > 0).then_some(*at),
            Phase::ProbingAgain { until, .. } | Phase::Holding { until, .. } | Phase::Stuck { until, .. } => {
                Some(*until)
            }
            // An effect is under way, or moves are, which have deadlines of their own.
            Phase::Probing { .. } | Phase::Canary | Phase::Moving => None,
            Phase::Completed
            | Phase::PartiallyCompleted { .. }
            | Phase::Cancelled { .. }
            | Phase::Failed { .. }
            | Phase::RolledBack { .. } => None,
        }
    }
}

impl Failover {
    /// It begins: at once, or when people have approved it.
    pub fn begun(self, now: Timestamp) -> Step<Self> {
        match self.trigger {
            Trigger::Degraded => Step::to(self.awaiting(Vec::new(), now)).news("failover.detected"),
            Trigger::Critical => {
                Step::to(self.carried_out(DecidedBy::Critical, MONITOR, now)).news("failover.detected")
            }
            // Whoever starts one by hand has agreed to it.
            Trigger::Manual if self.rules.approvals > 1 => {
                Step::to(self.awaiting(vec![self.actor.clone()], now)).news("failover.started")
            }
            Trigger::Manual => Step::to(self.carried_out(DecidedBy::Start, &self.actor, now)).news("failover.started"),
        }
    }

    fn awaiting(&self, approvals: Vec<String>, now: Timestamp) -> Self {
        let deadline = now + self.rules.approval_window.delta();
        Self { phase: Phase::AwaitingApproval { deadline, approvals, elsewhere: None }, ..self.clone() }
    }

    /// Where it stands, in a word.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::AwaitingApproval { .. } => State::AwaitingApproval,
            Phase::Choosing { .. } | Phase::Probing { .. } | Phase::ProbingAgain { .. } | Phase::Reserving { .. } => {
                State::Preparing
            }
            Phase::Holding { .. } => State::Holding,
            Phase::Canary => State::Canary,
            Phase::Moving => State::Moving,
            Phase::Undoing { .. } => State::Undoing,
            Phase::Stuck { .. } => State::Stuck,
            Phase::Completed => State::Completed,
            Phase::PartiallyCompleted { .. } => State::PartiallyCompleted,
            Phase::Cancelled { .. } => State::Cancelled,
            Phase::Failed { .. } => State::Failed,
            Phase::RolledBack { .. } => State::RolledBack,
        }
    }

    /// Why it is where it is; empty when all is well.
    pub fn why(&self) -> &str {
        match &self.phase {
            Phase::ProbingAgain { why, .. }
            | Phase::Holding { why, .. }
            | Phase::Undoing { why, .. }
            | Phase::Stuck { why, .. }
            | Phase::PartiallyCompleted { why }
            | Phase::Cancelled { why, .. }
            | Phase::Failed { why } => why,
            Phase::AwaitingApproval { elsewhere: Some(CancelledBy::OwnNetwork), .. } => "our own network fails",
            Phase::AwaitingApproval { elsewhere: Some(_), .. } => "the vendor fails everywhere",
            Phase::AwaitingApproval { elsewhere: None, .. }
            | Phase::Choosing { .. }
            | Phase::Probing { .. }
            | Phase::Reserving { .. }
            | Phase::Canary
            | Phase::Moving
            | Phase::Completed
            | Phase::RolledBack { .. } => "",
        }
    }

    /// It takes part in nothing any more.
    pub fn is_over(&self) -> bool {
        self.state().is_over()
    }

    fn heard_while_holding(&self, good: bool, now: Timestamp) -> Step<Self> {
        let good = if good { self.good + 1 } else { 0 };
        let next = Self { good, ..self.clone() };
        match good >= GOOD && self.trigger != Trigger::Manual {
            true => next.cancel(CancelledBy::Recovery, format!("{GOOD} probes in a row were good"), now),
            false => Step::to(next),
        }
    }

    /// The first line goes alone: it shows whether the target is any good.
    fn reserved(&self, candidate: AccountId, planned: u32, left_out: u32, now: Timestamp) -> Step<Self> {
        let mut next = Self { phase: Phase::Canary, target_id: Some(candidate), ..self.clone() };
        next.tally = Tally { waiting: planned, left_out, ..self.tally };
        next.milestones.reserve_time = Some(now);
        if planned == 0 {
            // Everything was edited meanwhile.
            return next.finish(now);
        }
        Step::to(next.filled(1)).news("failover.reserved")
    }

    fn canary_ended(&self, ended: Ended, now: Timestamp) -> Step<Self> {
        let counted = self.counting(ended);
        match ended {
            Ended::Moved => {
                let mut next = Self { phase: Phase::Moving, ..counted };
                next.milestones.canary_time = Some(now);
                next.go_on(now).news("failover.canary-moved")
            }
            // It says nothing about the target.
            Ended::Skipped => counted.go_on(now),
            Ended::Failed(Blame::Number) if counted.tally.failed < CANARIES && counted.tally.waiting > 0 => {
                counted.go_on(now).news("failover.canary-replaced")
            }
            Ended::Failed(_) | Ended::Undone => {
                let why = match counted.tally.failed {
                    0 | 1 => "the first line could not be moved there".to_owned(),
                    failed => format!("the first {failed} lines could not be moved there"),
                };
                counted.undo(Then::NextTarget, why, now).news("failover.canary-failed")
            }
            Ended::Stuck => counted.stuck(now),
        }
    }

    fn move_ended(&self, ended: Ended, now: Timestamp) -> Step<Self> {
        let counted = self.counting(ended);
        if counted.tally.failed_in_a_row >= MOST_FAILURES && counted.tally.waiting > 0 {
            let why = format!("{MOST_FAILURES} lines in a row could not be moved: the target fails as well");
            return counted.undo(Then::End, why, now).news("failover.stopped");
        }
        counted.go_on(now)
    }

    fn counting(&self, ended: Ended) -> Self {
        let mut next = self.clone();
        let tally = &mut next.tally;
        tally.under_way = tally.under_way.saturating_sub(1);
        let count = match ended {
            Ended::Moved => &mut tally.moved,
            Ended::Failed(_) => &mut tally.failed,
            Ended::Undone => &mut tally.undone,
            Ended::Skipped => &mut tally.skipped,
            Ended::Stuck => &mut tally.stuck,
        };
        *count += 1;
        tally.failed_in_a_row = match ended {
            Ended::Failed(_) => tally.failed_in_a_row + 1,
            Ended::Moved => 0,
            Ended::Undone | Ended::Skipped | Ended::Stuck => tally.failed_in_a_row,
        };
        next
    }

    /// So many lines that wait begin, and no more are under way than `at_once`.
    fn filled(&self, at_once: u32) -> Self {
        let mut next = self.clone();
        let begin = at_once.saturating_sub(next.tally.under_way).min(next.tally.waiting);
        next.tally.waiting -= begin;
        next.tally.under_way += begin;
        next
    }

    /// How many lines begin by this step.
    pub fn begins_since(&self, before: &Self) -> u32 {
        match self.phase {
            Phase::Canary | Phase::Moving if matches!(before.phase, Phase::Reserving { .. }) => self.tally.under_way,
            Phase::Canary | Phase::Moving => before.tally.waiting.saturating_sub(self.tally.waiting),
            _ => 0,
        }
    }

    fn go_on(&self, now: Timestamp) -> Step<Self> {
        let at_once = if matches!(self.phase, Phase::Canary) { 1 } else { AT_ONCE };
        let next = self.filled(at_once);
        match next.tally.under_way {
            0 => next.finish(now),
            _ => Step::to(next),
        }
    }

    fn finish(&self, now: Timestamp) -> Step<Self> {
        let Tally { moved, failed, undone, skipped, left_out, stuck, unverified, .. } = self.tally;
        if stuck > 0 {
            return self.stuck(now);
        }
        let lacking = failed + undone + skipped + left_out + unverified;
        if lacking == 0 {
            return self.end(Phase::Completed, now).news("failover.completed");
        }
        if moved == 0 && skipped == 0 {
            return self.fail("no line could be moved".to_owned(), now);
        }
        let why = left_behind(&self.tally);
        self.end(Phase::PartiallyCompleted { why }, now).news("failover.partially-completed")
    }

    fn stuck(&self, now: Timestamp) -> Step<Self> {
        let id = self.id;
        let lines = match self.tally.stuck {
            1 => "1 moved line".to_owned(),
            more => format!("{more} moved lines"),
        };
        let why = format!(
            "{lines} could not be verified, and callplane_failovers_stuck counts it until somebody decides: `callplane failover \
             moves {id}` says why, `callplane failover retry {id}` looks again, `callplane failover abandon {id}` accepts it"
        );
        Step::to(Self { phase: Phase::Stuck { until: now + STUCK, why }, ..self.clone() }).news("failover.stuck")
    }

    fn retried(&self, count: u32) -> Step<Self> {
        let mut next = Self { phase: Phase::Moving, ..self.clone() };
        next.tally.stuck = next.tally.stuck.saturating_sub(count);
        next.tally.under_way += count;
        // What has not begun yet waits for the first line to be verified.
        if next.tally.moved == 0 && next.milestones.canary_time.is_none() {
            next.phase = Phase::Canary;
        }
        Step::to(next).news("failover.retried")
    }

    fn abandoned(&self, count: u32, now: Timestamp) -> Step<Self> {
        let mut next = self.clone();
        next.tally.stuck = next.tally.stuck.saturating_sub(count);
        next.tally.moved += count;
        next.tally.unverified += count;
        next.undo(Then::End, "a person abandoned it".to_owned(), now).news("failover.abandoned")
    }

    /// Lines that wait are given up, then it goes on as `then` says.
    fn undo(&self, then: Then, why: String, now: Timestamp) -> Step<Self> {
        Self { phase: Phase::Undoing { at: now, then, why }, ..self.clone() }.undoing_on(now)
    }

    fn gave_up(&self, count: u32) -> Self {
        let mut next = self.clone();
        let count = count.min(next.tally.waiting);
        next.tally.waiting -= count;
        next.tally.undone += count;
        next
    }

    fn undoing_on(&self, now: Timestamp) -> Step<Self> {
        let Phase::Undoing { then, why, .. } = &self.phase else { return Step::to(self.clone()) };
        if self.tally.waiting > 0 || self.tally.under_way > 0 {
            return Step::to(self.clone());
        }
        match (then, self.target_id) {
            (Then::NextTarget, Some(target)) if self.tally.moved == 0 && self.kind == Kind::Failover => {
                let next = Self { tally: Tally::default(), ..self.clone() };
                next.pass_over(target, why.clone(), false, now)
            }
            (Then::NextTarget, _) if self.tally.moved == 0 => self.fail(why.clone(), now),
            (Then::NextTarget | Then::End, _) => self.finish(now),
        }
    }

    fn rolled_back(&self, by: FailoverId, all: bool) -> Step<Self> {
        let mut next = Self { rollback_id: Some(by), ..self.clone() };
        if all {
            next.phase = Phase::RolledBack { by };
            return Step::to(next).news("failover.rolled-back");
        }
        Step::to(next).news("failover.partially-rolled-back")
    }

    pub(super) fn fail(&self, why: String, now: Timestamp) -> Step<Self> {
        self.end(Phase::Failed { why }, now).news("failover.failed")
    }

    pub(super) fn cancel(&self, by: CancelledBy, why: String, now: Timestamp) -> Step<Self> {
        self.end(Phase::Cancelled { by, why }, now).news("failover.cancelled")
    }

    fn end(&self, phase: Phase, now: Timestamp) -> Step<Self> {
        let mut next = Self { phase, ..self.clone() };
        next.milestones.end_time = Some(now);
        Step::to(next)
    }
}

/// Such as `2 could not be moved, 1 has no backup number`.
fn left_behind(tally: &Tally) -> String {
    let kinds = [
        (tally.left_out, "without a backup number"),
        (tally.failed, "could not be moved"),
        (tally.undone, "given up before they were moved"),
        (tally.skipped, "edited meanwhile"),
        (tally.unverified, "moved and not verified"),
    ];
    let said = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    said.collect::<Vec<_>>().join(", ")
}
