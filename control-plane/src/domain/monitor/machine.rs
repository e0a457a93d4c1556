//! The watch over one account: when it is looked at, and what the looks have come to. What is concluded is in `verdict`.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Around, Findings, Heard, Memory, Policy, Reach, Verdict, conclude, verdict::failing_for_long};
use crate::domain::{
    effect::Effect,
    id::{AccountId, WorkspaceId},
    machine::{Machine, Refusal, Step},
    time::{Timestamp, stored},
};

/// Somebody who asks again so soon gets the answer there is.
pub const APART: Duration = Duration::seconds(5);
/// An account that cannot be asked is looked at so seldom.
const SELDOM: Duration = Duration::minutes(10);

/// Where the watch stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// The next look is due at `next_time`.
    Idle { next_time: Timestamp },
    /// The account is being looked at.
    Looking { round: u32, begin_time: Timestamp },
}

/// How often an account is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Usually.
    pub cadence: Duration,
    /// A failover of the account is open.
    pub watchful: bool,
}

impl Pace {
    /// What the policy wants.
    pub fn of(policy: &Policy, watchful: bool) -> Self {
        Self { cadence: policy.cadence.delta(), watchful }
    }

    fn usual(self) -> Duration {
        if self.watchful { self.cadence.min(Policy::WATCHFUL.delta()) } else { self.cadence }
    }
}

/// The watch over one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// The account.
    pub account_id: AccountId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What is concluded.
    pub verdict: Verdict,
    /// Since when.
    pub verdict_time: Timestamp,
    /// Why.
    pub why: String,
    /// Whether Twilio answered the last look.
    pub reach: Reach,
    /// Where the watch stands.
    pub work: Work,
    /// What earlier looks left behind.
    pub memory: Memory,
    /// When the last look ended.
    pub run_time: Option<Timestamp>,
    /// From then on the watch is late.
    pub late_time: Option<Timestamp>,
    /// How often the row changed.
    pub version: i64,
    /// When the account began to be watched.
    pub create_time: Timestamp,
    /// When the row last changed.
    pub update_time: Timestamp,
}

/// What can happen to it.
#[derive(Clone, Debug)]
pub enum Event {
    /// The time it asked for has come.
    Tick,
    /// Somebody wants a look now.
    Wanted,
    /// The account was looked at.
    Looked { round: u32, found: Box<Findings>, around: Around, pace: Pace },
    /// An operator knows the API keys that are there now.
    KeysAccepted,
}

impl Machine for Monitor {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match (&self.work, event) {
            (Work::Idle { next_time }, Event::Tick) if now >= *next_time => Ok(self.look(now)),
            (Work::Idle { .. } | Work::Looking { .. }, Event::Tick) => Err(Refusal::stale("it is not its turn")),
            (Work::Idle { .. }, Event::Wanted) => match self.run_time {
                Some(last) if now < last + APART => {
                    Err(Refusal::new("HEALTH_CHECK_TOO_SOON", "the account was looked at less than 5 seconds ago"))
                }
                Some(_) | None => Ok(self.look(now)),
            },
            // Two who want a look at the same time get the same one.
            (Work::Looking { .. }, Event::Wanted) => Ok(Step::to(self.clone())),
            (Work::Looking { round: asked, .. }, Event::Looked { round, found, around, pace }) if *asked == round => {
                Ok(self.learn(round, &found, (&around, pace), now))
            }
            (Work::Idle { .. } | Work::Looking { .. }, Event::Looked { .. }) => {
                Err(Refusal::stale("what was found belongs to a look that is over"))
            }
            (Work::Idle { .. } | Work::Looking { .. }, Event::KeysAccepted) => {
                // The next look takes what it finds for known.
                let memory = Memory { keys: None, ..self.memory.clone() };
                Ok(Step::to(Self { memory, ..self.clone() }).news("monitor.keys-accepted"))
            }
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::Idle { next_time } => Some(next_time),
            // The worker that looks has a lease: when it dies, another one looks.
            Work::Looking { .. } => None,
        }
    }
}

impl Monitor {
    /// Of an account that nobody has watched. The first looks at many accounts are spread over one cadence.
    pub fn new(workspace_id: WorkspaceId, account_id: AccountId, cadence: Duration, now: Timestamp) -> Self {
        let share = i32::from(account_id.uuid().as_u128() as u8);
        Self {
            account_id,
            workspace_id,
            verdict: Verdict::Unknown,
            verdict_time: now,
            why: "not looked at yet".to_owned(),
            reach: Reach::Untried,
            work: Work::Idle { next_time: stored(now + cadence * share / 256) },
            memory: Memory::default(),
            run_time: None,
            late_time: Some(now + cadence * 3),
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// What whoever moves agents hears after a look.
    pub fn heard(&self) -> Heard {
        Heard {
            account_id: self.account_id,
            verdict: self.verdict,
            good: self.memory.last.as_ref().is_some_and(|last| last.good),
            since: self.verdict_time,
            why: self.why.clone(),
            failing: failing_for_long(&self.memory),
        }
    }

    /// The first look that got no answer: others are looked at too, to see whose fault it is.
    pub fn doubts_others(&self) -> bool {
        self.memory.lost.len() == 1
    }

    fn look(&self, now: Timestamp) -> Step<Self> {
        // The version differs in every state ever stored, so a round made from it is never used twice.
        let round = u32::try_from(self.version % i64::from(u32::MAX)).unwrap_or_default();
        Step::to(Self { work: Work::Looking { round, begin_time: now }, ..self.clone() })
            .effect(Effect::ProbeAccount { account_id: self.account_id, round })
    }

    fn learn(&self, round: u32, found: &Findings, (around, pace): (&Around, Pace), now: Timestamp) -> Step<Self> {
        let conclusion = conclude(self.verdict, &self.memory, found, around);
        let usual = if found.reach == Reach::Untried { SELDOM } else { pace.usual() };
        let interval = conclusion.soon.map_or(usual, |soon| soon.min(usual));
        // Counted from the beginning of this look, so that a slow vendor does not stretch the cadence.
        let next_time = (found.begin_time + interval).max(now + Duration::seconds(1));
        let is_new = conclusion.verdict != self.verdict;
        let next = Self {
            verdict: conclusion.verdict,
            verdict_time: if is_new { now } else { self.verdict_time },
            why: conclusion.why,
            reach: found.reach,
            work: Work::Idle { next_time },
            memory: Memory { round, ..conclusion.memory },
            run_time: Some(now),
            late_time: Some(next_time + usual * 2),
            ..self.clone()
        };
        match is_new {
            true => Step::to(next).news(news(conclusion.verdict)),
            false => Step::to(next),
        }
    }
}

fn news(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "monitor.unknown",
        Verdict::Healthy => "monitor.healthy",
        Verdict::Degraded => "monitor.degraded",
        Verdict::Critical => "monitor.critical",
        Verdict::VendorWide => "monitor.vendor-wide",
        Verdict::OwnNetwork => "monitor.own-network",
    }
}
