//! What is concluded from look after look. Slow to call an account bad and slow to call it good again: one look proves
//! nothing, and a fault that others share is not the account's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Exclusion, Findings, Norm, Reach, Signal, Standing, Verdict};
use crate::domain::{id::AgentId, time::Timestamp};

/// A second look at what would be critical comes so soon, so that it is known within five seconds.
pub const CONFIRM: Duration = Duration::seconds(3);
/// Looks that got no answer come so soon one after another.
pub const RETRY: Duration = Duration::seconds(20);
/// Within so long an API must be lost `LOST` times to be down.
pub const LOST_WITHIN: Duration = Duration::seconds(60);
/// See `LOST_WITHIN`.
pub const LOST: usize = 3;
/// So many looks in a row make an agent fail, and so many good ones make an account well.
pub const IN_A_ROW: u32 = 3;
/// So many failing agents are too many, however many there are.
pub const FAILING: usize = 2;
/// So many signals together mean that somebody else uses the account.
pub const SIGNALS: usize = 2;

/// What earlier looks left behind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// What was concluded of the account by itself, whatever others had.
    pub held: Option<Verdict>,
    /// How many looks there were.
    pub looks: u32,
    /// Good looks in a row.
    pub good: u32,
    /// Looks in a row without a sign of anything critical.
    pub calm: u32,
    /// What would be critical was seen once, at this time.
    pub suspect_time: Option<Timestamp>,
    /// When Twilio was lost lately.
    pub lost: Vec<Timestamp>,
    /// Twilio is down since then.
    pub down_time: Option<Timestamp>,
    /// Nothing at all answers since then.
    pub mute_time: Option<Timestamp>,
    /// The run that the last look was.
    pub round: u32,
    /// Agents that ElevenLabs did not know in the last look.
    pub excluded: BTreeMap<AgentId, Exclusion>,
    /// Agents that callers do not reach, and for how many looks in a row.
    pub failing: BTreeMap<AgentId, u32>,
    /// How many looks in a row all numbers were silent.
    pub silent: u32,
    /// The API keys that are known.
    pub keys: Option<BTreeSet<String>>,
    /// How calls usually go.
    pub norm: Norm,
    /// What the last look found, for whoever asks why.
    pub last: Option<Last>,
}

/// What the last look found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// Whether Twilio answered.
    pub reach: Reach,
    /// What it said of the account.
    pub standing: Standing,
    /// What looked as if somebody else used it.
    pub signals: BTreeSet<Signal>,
    /// How many agents counted.
    pub counted: u32,
    /// It was a good look.
    pub good: bool,
}

/// How other accounts of the workspace did since this one's trouble began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Other accounts that are watched.
    pub others: usize,
    /// Those of them that were looked at since.
    pub fresh: usize,
    /// Those of them that answered.
    pub answered: usize,
    /// Those of them that answered that they are broken.
    pub erring: usize,
    /// Those of them that did not answer.
    pub mute: usize,
    /// Accounts of the other role, backups for a primary, that were looked at since.
    pub counterparts: usize,
    /// Those of them that were lost.
    pub counterparts_lost: usize,
}

impl Around {
    fn lost(self) -> usize {
        self.erring + self.mute
    }
}

impl Memory {
    /// Since when the trouble goes on that others are asked about, if there is any.
    pub fn trouble_time(&self) -> Option<Timestamp> {
        self.mute_time.or(self.lost.first().copied())
    }
}

/// What a look has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// What the next look needs to know.
    pub memory: Memory,
    /// What is concluded.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// By itself this look found nothing wrong.
    pub good: bool,
    /// The next look comes so soon; none for when it usually does.
    pub soon: Option<Duration>,
}

/// Whether so many failing agents are too many.
pub fn too_many(failing: usize, counted: usize) -> bool {
    failing >= FAILING || (failing > 0 && failing * 2 >= counted)
}

/// Concludes from one more look.
pub fn conclude(before: Verdict, memory: &Memory, found: &Findings, around: &Around) -> Conclusion {
    let mut next = Memory { looks: memory.looks.saturating_add(1), norm: found.norm.clone(), ..memory.clone() };
    let excluded = found.subjects.iter().filter_map(|subject| Some((subject.agent_id, subject.exclusion?)));
    next.excluded = excluded.collect();
    next.keys = memory.keys.clone().or_else(|| found.keys.clone());
    let good = is_good(found);
    next.last = Some(Last {
        reach: found.reach,
        standing: found.standing,
        signals: found.signals.clone(),
        counted: u32::try_from(found.counted()).unwrap_or(u32::MAX),
        good,
    });
    if found.reach == Reach::Untried {
        let why = "Twilio was not asked, so nothing is known of the account".to_owned();
        return Conclusion { memory: next, verdict: before, why, good: false, soon: None };
    }
    if is_own_network(found, around) {
        next.mute_time = next.mute_time.or(next.lost.first().copied()).or(Some(found.begin_time));
        next.lost.clear();
        (next.good, next.calm) = (0, 0);
        let why = "neither Twilio nor anything else answers: it is our own network, nothing is known of the account";
        let verdict = Verdict::OwnNetwork;
        return Conclusion {
            memory: next,
            verdict,
            why: why.to_owned(),
            good: false,
            soon: Some(Duration::seconds(30)),
        };
    }
    next.mute_time = None;
    let confirmed = suspect(&mut next, found);
    lose(&mut next, found);
    count(&mut next, found, good);
    let (verdict, why) = judge(before, &mut next, found, around, confirmed);
    let soon = if next.suspect_time == Some(found.begin_time) {
        Some(CONFIRM)
    } else if found.reach.is_lost() {
        Some(RETRY)
    } else {
        (!good || verdict != Verdict::Healthy).then(|| Duration::seconds(30))
    };
    Conclusion { memory: next, verdict, why, good, soon }
}

fn is_good(found: &Findings) -> bool {
    let failing = found.failing.as_ref().map(BTreeMap::len);
    found.reach == Reach::Answered
        && found.standing == Standing::Fine
        && found.signals.len() < SIGNALS
        && failing.is_some_and(|failing| !too_many(failing, found.counted()))
        && !found.silent
}

/// Nobody answers, and nobody else was answered either. An account that is alone is only as mute as its connection.
fn is_own_network(found: &Findings, around: &Around) -> bool {
    let nobody_answers =
        !matches!(found.agents_reach, Reach::Answered | Reach::Erring) && around.answered + around.erring == 0;
    let others_are_mute = around.mute > 0 || found.agents_reach.is_mute();
    let alone = around.others == 0 && found.reach == Reach::Unreachable;
    found.reach.is_mute() && nobody_answers && (others_are_mute || alone)
}

/// Whether what would be critical was seen twice. An answer that did not come proves nothing either way.
fn suspect(next: &mut Memory, found: &Findings) -> bool {
    let is_suspicious = found.standing.is_lost() || found.signals.len() >= SIGNALS;
    if found.reach.is_lost() && !is_suspicious {
        return false;
    }
    let seen_before = next.suspect_time;
    next.suspect_time = is_suspicious.then(|| seen_before.unwrap_or(found.begin_time));
    is_suspicious && seen_before.is_some()
}

fn lose(next: &mut Memory, found: &Findings) {
    if !found.reach.is_lost() {
        next.lost.clear();
        return;
    }
    next.lost.push(found.begin_time);
    next.lost.retain(|lost| found.begin_time - *lost <= LOST_WITHIN);
    if next.lost.len() >= LOST {
        next.down_time = next.down_time.or(next.lost.first().copied());
    }
}

fn count(next: &mut Memory, found: &Findings, good: bool) {
    let is_calm = !found.reach.is_lost() && next.suspect_time.is_none();
    next.calm = if is_calm { next.calm.saturating_add(1) } else { 0 };
    let is_bad = found.failing.as_ref().is_some_and(|failing| too_many(failing.len(), found.counted())) || found.silent;
    next.good = match (good, is_bad || !is_calm) {
        (true, _) => next.good.saturating_add(1),
        (false, true) => 0,
        // Neither: the account could not be seen well enough.
        (false, false) => next.good,
    };
    if let Some(failing) = &found.failing {
        let looks = |agent: &AgentId| next.failing.get(agent).copied().unwrap_or_default().saturating_add(1);
        next.failing = failing.keys().map(|agent| (*agent, looks(agent))).collect();
        next.silent = if found.silent { next.silent.saturating_add(1) } else { 0 };
    }
    if next.calm >= IN_A_ROW {
        next.down_time = None;
    }
}

fn judge(before: Verdict, next: &mut Memory, found: &Findings, around: &Around, confirmed: bool) -> (Verdict, String) {
    let held = next.held.unwrap_or(Verdict::Unknown);
    if confirmed {
        return hold(next, Verdict::Critical, critical(found));
    }
    if let Some(since) = next.down_time {
        // It begins to answer: nothing is decided until it has done so three times.
        if !found.reach.is_lost() && matches!(before, Verdict::Critical | Verdict::VendorWide) {
            return (before, "Twilio answers again; three answers in a row are needed to be sure".to_owned());
        }
        if is_vendor_wide(around) {
            let why = "Twilio is lost to other accounts in the same way: moving to another one would not help";
            return (Verdict::VendorWide, why.to_owned());
        }
        let why = format!("Twilio was lost {LOST} times within {} s, since {since}", LOST_WITHIN.num_seconds());
        return hold(next, Verdict::Critical, why);
    }
    let failing = failing_for_long(next);
    let is_degraded = too_many(failing.len(), found.counted()) || next.silent >= IN_A_ROW;
    match held {
        Verdict::Critical if next.calm < IN_A_ROW => {
            (Verdict::Critical, "not well for three looks in a row yet".to_owned())
        }
        _ if is_degraded => {
            let why = degraded(failing.len(), found.counted(), next.silent);
            hold(next, Verdict::Degraded, why)
        }
        Verdict::Critical | Verdict::Degraded if next.good < IN_A_ROW => {
            let why = format!("{} of {IN_A_ROW} good looks in a row", next.good);
            hold(next, Verdict::Degraded, why)
        }
        Verdict::Unknown if next.good == 0 => (Verdict::Unknown, "no good look yet".to_owned()),
        Verdict::Unknown
        | Verdict::Healthy
        | Verdict::Degraded
        | Verdict::Critical
        | Verdict::VendorWide
        | Verdict::OwnNetwork => {
            let why = if next.suspect_time.is_some() || !next.lost.is_empty() { "one look proves nothing" } else { "" };
            hold(next, Verdict::Healthy, why.to_owned())
        }
    }
}

fn hold(next: &mut Memory, verdict: Verdict, why: String) -> (Verdict, String) {
    next.held = Some(verdict);
    (verdict, why)
}

/// The agents that callers have not reached for long enough.
pub fn failing_for_long(memory: &Memory) -> Vec<AgentId> {
    memory.failing.iter().filter(|(_, looks)| **looks >= IN_A_ROW).map(|(agent, _)| *agent).collect()
}

/// Every account that could take over is lost too, or most of several others are.
fn is_vendor_wide(around: &Around) -> bool {
    let nowhere_to_go = around.counterparts > 0 && around.counterparts_lost == around.counterparts;
    nowhere_to_go || (around.lost() >= 2 && around.lost() * 2 >= around.fresh)
}

fn critical(found: &Findings) -> String {
    match found.standing {
        Standing::Suspended => "Twilio suspended the account".to_owned(),
        Standing::Closed => "the account is closed".to_owned(),
        Standing::Credentials => "Twilio does not accept the credentials any more (20003)".to_owned(),
        Standing::Forbidden => "Twilio lets the credentials do nothing any more (403)".to_owned(),
        Standing::Unknown | Standing::Fine => {
            let signals: Vec<&str> = found.signals.iter().map(|signal| signal.as_str()).collect();
            format!("somebody else seems to use the account: {}", signals.join(", "))
        }
    }
}

fn degraded(failing: usize, counted: usize, silent: u32) -> String {
    match silent >= IN_A_ROW && !too_many(failing, counted) {
        true => "calls used to come at this time of the day, and none is answered now".to_owned(),
        false => format!("callers do not reach {failing} of {counted} agents"),
    }
}
