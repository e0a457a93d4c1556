//! How a reconciliation goes on: it waits for its turn, asks for page after page from the newest call back, and looks
//! once more when Twilio's list may have been behind. What could not be asked is asked again, never dropped.

use chrono::Duration;

use super::{Ended, Event, Listed, Look, Reconciliation, Rhythm, State, Tally, Tries, Window, Work};
use crate::domain::{
    effect::Effect,
    id::{AccountId, WorkspaceId},
    machine::{Machine, Refusal, Step, back_off},
    outcome::{Outcome, Refused},
    time::Timestamp,
};

/// Clocks differ, and a call begins before its first webhook: looking at a call twice costs nothing.
const MARGIN: Duration = Duration::minutes(5);
/// How far Twilio's list may be behind what really happened.
const LAG: Duration = Duration::seconds(30);
/// When a list that may have been behind is looked through again; with it, all is right two minutes after an outage.
const SETTLE: Duration = Duration::seconds(45);
/// The longest wait while Twilio cannot be reached: what is looked for is overdue already.
const PATIENCE: Duration = Duration::seconds(60);
/// A regular look takes up where the last one ended, unless regular looks were off for longer than this.
const MEMORY: Duration = Duration::days(1);
/// A list that goes on after so many pages is not one anybody meant to ask for.
const MOST_PAGES: u32 = 5000;

impl Machine for Reconciliation {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Wanted(window) => Ok(Step::to(self.wanting(window))),
            Event::Tick(_) if self.deadline().is_none_or(|deadline| now < deadline) => {
                Err(Refusal::stale("it is not its turn"))
            }
            Event::Tick(rhythm) => Ok(self.take_turn(rhythm, now)),
            Event::Listed { round, outcome, rhythm } => match &self.work {
                Work::Listing { round: asked, tries, look } if *asked == round => {
                    Ok(self.learn(*tries, look, outcome, rhythm, now))
                }
                Work::Listing { .. } | Work::Waiting { .. } | Work::Settling { .. } | Work::Idle { .. } => {
                    Err(Refusal::stale("the page belongs to a look that is over"))
                }
            },
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let by_itself = match &self.work {
            Work::Listing { .. } => return None,
            Work::Idle { next_time } => *next_time,
            Work::Waiting { until, .. } | Work::Settling { until, .. } => *until,
        };
        Some(self.wanted.map_or(by_itself, |wanted| wanted.until.min(by_itself)))
    }
}

impl Reconciliation {
    /// Of an account we have just come to know: nothing before was ours to see.
    pub fn new(workspace_id: WorkspaceId, account_id: AccountId, rhythm: Rhythm, now: Timestamp) -> Self {
        Self {
            account_id,
            workspace_id,
            wanted: None,
            work: Work::Idle { next_time: rhythm.next(account_id, 0, now) },
            covered_until: now,
            quiet: 0,
            active_time: now,
            last: None,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Where it stands, in a word.
    pub fn state(&self) -> State {
        match &self.work {
            Work::Idle { .. } if self.wanted.is_some() => State::Wanted,
            Work::Idle { .. } => State::Idle,
            Work::Listing { .. } => State::Listing,
            Work::Waiting { tries, .. } if tries.refused > 0 => State::Refused,
            Work::Waiting { .. } => State::Waiting,
            Work::Settling { .. } => State::Settling,
        }
    }

    /// The look that asked for this page, if it still wants it.
    pub fn look_of(&self, round: u32) -> Option<&Look> {
        match &self.work {
            Work::Listing { round: asked, look, .. } if *asked == round => Some(look),
            Work::Listing { .. } | Work::Waiting { .. } | Work::Settling { .. } | Work::Idle { .. } => None,
        }
    }

    /// An urgent look was brought to its end: the open calls that were not heard of since it began are asked about one
    /// by one. They began before what was looked for, or are missing in the list.
    pub fn doubts_after(&self, look: &Look) -> Option<Timestamp> {
        let is_over = matches!(self.work, Work::Idle { .. } | Work::Settling { .. });
        (look.urgent && is_over).then_some(look.begin_time)
    }

    fn wanting(&self, window: Window) -> Self {
        Self { wanted: Some(self.wanted.map_or(window, |wanted| wanted.joined(window))), ..self.clone() }
    }

    fn round(&self) -> u32 {
        // The version differs in every state ever stored, so a round made from it is never used twice.
        u32::try_from(self.version % i64::from(u32::MAX)).unwrap_or_default()
    }

    fn take_turn(&self, rhythm: Rhythm, now: Timestamp) -> Step<Self> {
        let wanted = self.wanted.map(|wanted| self.widened(wanted, now));
        let (begun, tally) = match &self.work {
            Work::Idle { .. } | Work::Listing { .. } => (None, Tally::default()),
            Work::Waiting { tries, look, .. } if wanted.is_none() => return self.ask(*tries, look.resumed(now)),
            Work::Waiting { look, .. } => (Some(look.window), look.tally.known()),
            Work::Settling { window, tally, .. } => (Some(*window), tally.known()),
        };
        let is_urgent = wanted.is_some() || begun.is_some();
        if !is_urgent && rhythm.every.is_none() {
            return Step::to(self.resting(rhythm, now));
        }
        let window = match (wanted, begun) {
            (Some(wanted), Some(begun)) => wanted.joined(begun),
            (Some(window), None) | (None, Some(window)) => window,
            (None, None) => self.widened(Window { since: now, until: now }, now),
        };
        let look = Look { window, begin_time: now, urgent: is_urgent, cursor: None, pages: 0, tally };
        self.ask(Tries::default(), look)
    }

    /// With a margin, and back to where the last look ended, so that nothing in between is left out.
    fn widened(&self, window: Window, now: Timestamp) -> Window {
        let is_near = now - self.covered_until <= MEMORY;
        let since = if is_near { window.since.min(self.covered_until) } else { window.since };
        Window { since: since - MARGIN, ..window }
    }

    fn ask(&self, tries: Tries, look: Look) -> Step<Self> {
        let round = self.round();
        let (since, cursor) = (look.window.since, look.cursor.clone());
        Step::to(Self { wanted: None, work: Work::Listing { round, tries, look }, ..self.clone() })
            .effect(Effect::ListCalls { account_id: self.account_id, since, cursor, round })
    }

    fn learn(&self, tries: Tries, look: &Look, outcome: Outcome<Listed>, rhythm: Rhythm, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(listed) => self.go_on(look, listed, rhythm, now),
            Outcome::Unknown(why) => self.wait(tries, look.clone(), why, now),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                self.wait(tries, look.clone(), refused.message, now)
            }
            // A place in a list can grow old: from the start once more, before anything is concluded from it.
            Outcome::Refused(refused) if look.cursor.is_some() => {
                let look = Look { cursor: None, pages: 0, tally: look.tally.known(), ..look.clone() };
                self.wait(tries, look, refused.message, now)
            }
            Outcome::Refused(refused) => self.refused(tries, look, refused, rhythm, now),
        }
    }

    fn go_on(&self, look: &Look, listed: Listed, rhythm: Rhythm, now: Timestamp) -> Step<Self> {
        let Listed { tally, next, is_past } = listed;
        let look = Look { tally: look.tally.plus(tally), pages: look.pages + 1, ..look.clone() };
        match next.filter(|_| !is_past) {
            Some(cursor) if look.pages < MOST_PAGES => self.ask_on(Look { cursor: Some(cursor), ..look }),
            Some(_) => {
                let problem = format!("the list has more than {MOST_PAGES} pages; older calls were not looked at");
                self.finish(&look, problem, rhythm, now)
            }
            None => self.finish(&look, String::new(), rhythm, now),
        }
    }

    /// The next page. A wish that came meanwhile waits: its calls are newer than where this look has come to.
    fn ask_on(&self, look: Look) -> Step<Self> {
        let wanted = self.wanted;
        let step = self.ask(Tries::default(), look);
        Step { next: Self { wanted, ..step.next }, ..step }
    }

    fn finish(&self, look: &Look, problem: String, rhythm: Rhythm, now: Timestamp) -> Step<Self> {
        let tally = look.tally;
        let had_calls = tally.listed > 0;
        let known = Self {
            covered_until: self.covered_until.max(look.begin_time),
            quiet: if had_calls { 0 } else { self.quiet.saturating_add(1) },
            active_time: if had_calls { self.active_time.max(look.begin_time) } else { self.active_time },
            last: Some(Ended { time: now, tally, problem }),
            ..self.clone()
        };
        if look.urgent && look.begin_time < look.window.until + LAG {
            let until = look.begin_time + SETTLE;
            let work = Work::Settling { window: look.window, tally, until };
            return Step::to(Self { work, ..known });
        }
        let step = Step::to(known.resting(rhythm, now));
        match look.urgent || tally.found + tally.repaired > 0 {
            true => step.news("reconciliation.ended"),
            false => step,
        }
    }

    fn resting(&self, rhythm: Rhythm, now: Timestamp) -> Self {
        Self { work: Work::Idle { next_time: rhythm.next(self.account_id, self.quiet, now) }, ..self.clone() }
    }

    fn wait(&self, tries: Tries, look: Look, why: String, now: Timestamp) -> Step<Self> {
        let until = now + back_off(tries.failed).min(PATIENCE);
        let tries = Tries { failed: tries.failed.saturating_add(1), ..tries };
        let step = Step::to(Self { work: Work::Waiting { tries, look, until, why }, ..self.clone() });
        match tries {
            Tries { failed: 1, refused: 0 } => step.news("reconciliation.delayed"),
            _ => step,
        }
    }

    /// Nothing that passes by itself: tried again ever more seldom, as a quiet account is looked at, or when somebody asks.
    fn refused(&self, tries: Tries, look: &Look, refused: Refused, rhythm: Rhythm, now: Timestamp) -> Step<Self> {
        let until = rhythm.next(self.account_id, tries.refused, now);
        let tries = Tries { failed: 0, refused: tries.refused.saturating_add(1) };
        let work = Work::Waiting { tries, look: look.clone(), until, why: refused.message };
        let step = Step::to(Self { work, ..self.clone() });
        match tries.refused {
            1 => step.news("reconciliation.refused"),
            _ => step,
        }
    }
}

impl Look {
    /// A look that starts again from the newest call sees what Twilio has now.
    fn resumed(&self, now: Timestamp) -> Self {
        let begin_time = if self.cursor.is_none() { now } else { self.begin_time };
        Self { begin_time, ..self.clone() }
    }
}

impl Tally {
    /// What stays true when the same calls are listed again.
    fn known(self) -> Self {
        Self { listed: 0, ..self }
    }
}
