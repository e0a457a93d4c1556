//! What one look at an account found, put so that a verdict can be made from it: whether Twilio answers, what it says of
//! the account, which agents callers do not reach, and what looks as if somebody else used the account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Cause, Kind, Outcome, Reach, Reading};
use crate::domain::{
    id::{AgentId, PhoneNumberId},
    phone_number::attachment::ImportSeen,
    telephony::NumberSeen,
    time::Timestamp,
    word::words,
};

words! {
    /// What Twilio says of an account.
    Standing, "standing of an account" {
        /// It could not be asked, or its answer says nothing of the account.
        Unknown = "unknown",
        /// It may work.
        Fine = "fine",
        /// It is suspended.
        Suspended = "suspended",
        /// It is closed.
        Closed = "closed",
        /// Its credentials are not accepted any more.
        Credentials = "credentials",
        /// Its credentials may do nothing any more.
        Forbidden = "forbidden",
    }
}

impl Standing {
    /// The account cannot be used.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Suspended | Self::Closed | Self::Credentials | Self::Forbidden)
    }
}

words! {
    /// What looks as if somebody else used the account.
    Signal, "signal" {
        /// An API key that was not there before.
        UnknownKey = "unknown-key",
        /// More than five times the usual calls.
        CallSurge = "call-surge",
        /// Calls to a country where none may go.
        BlockedCountry = "blocked-country",
        /// The balance is under the floor.
        LowBalance = "low-balance",
    }
}

words! {
    /// Why an agent is not counted.
    Exclusion, "reason to leave an agent out" {
        /// It takes no calls.
        Paused = "paused",
        /// None of its numbers in this account is in use.
        NoNumber = "no-number",
        /// ElevenLabs does not know it: another account would not bring it back.
        NotAtElevenLabs = "not-at-elevenlabs",
    }
}

/// An agent that answers numbers of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The agent.
    pub agent_id: AgentId,
    /// Its numbers here.
    pub phone_number_ids: Vec<PhoneNumberId>,
    /// Why it is not counted.
    pub exclusion: Option<Exclusion>,
}

/// How calls usually go at this time of the day, for a quarter of an hour and for an hour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Norm {
    /// When it was worked out.
    pub time: Option<Timestamp>,
    /// Calls of the account in an hour, all of them.
    pub hourly: f64,
    /// Of a hundred inbound calls, how many are missed.
    pub missed_percent: f64,
    /// Answered inbound calls in a quarter of an hour, by number.
    pub answered: BTreeMap<PhoneNumberId, f64>,
}

/// The numbers that ElevenLabs shows to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imports {
    /// The agents that have this key.
    pub agents: Vec<AgentId>,
    /// All of its numbers.
    pub seen: Vec<ImportSeen>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// When the look began.
    pub begin_time: Timestamp,
    /// What each probe found.
    pub readings: Vec<Reading>,
    /// Whether Twilio answers.
    pub reach: Reach,
    /// Whether ElevenLabs answers.
    pub agents_reach: Reach,
    /// What Twilio says of the account.
    pub standing: Standing,
    /// What looks as if somebody else used it.
    pub signals: BTreeSet<Signal>,
    /// The agents that answer its numbers.
    pub subjects: Vec<Subject>,
    /// Those that callers do not reach, and why; none when the numbers could not be looked at.
    pub failing: Option<BTreeMap<AgentId, Cause>>,
    /// All its numbers fell silent.
    pub silent: bool,
    /// The account's API keys, when they could be listed.
    pub keys: Option<BTreeSet<String>>,
    /// The account's numbers, when they could be listed.
    pub seen: Option<Vec<NumberSeen>>,
    /// The numbers of ElevenLabs, for each key that could be asked.
    pub imports: Vec<Imports>,
    /// How calls usually go.
    pub norm: Norm,
    /// A vendor's stand-in answered.
    pub simulated: bool,
}

impl Findings {
    /// Concludes from the readings of one look; what only other things than readings tell is left for the caller to add.
    pub fn of(begin_time: Timestamp, readings: Vec<Reading>, subjects: Vec<Subject>) -> Self {
        let subjects = excluded(subjects, &readings);
        let failing = failing(&readings, &subjects);
        Self {
            begin_time,
            reach: reach(&readings, &[Kind::Status, Kind::Numbers, Kind::Balance, Kind::Keys]),
            agents_reach: reach(&readings, &[Kind::Agent]),
            standing: standing(&readings),
            signals: signals(&readings),
            failing,
            silent: readings.iter().any(|reading| reading.kind == Kind::Traffic && is_silence(reading)),
            subjects,
            readings,
            keys: None,
            seen: None,
            imports: Vec::new(),
            norm: Norm::default(),
            simulated: false,
        }
    }

    /// How many agents count.
    pub fn counted(&self) -> usize {
        self.subjects.iter().filter(|subject| subject.exclusion.is_none()).count()
    }
}

/// The account as a whole, not one of its numbers.
fn is_silence(reading: &Reading) -> bool {
    reading.cause == Some(Cause::Silent) && reading.phone_number_id.is_none()
}

fn reach(readings: &[Reading], of: &[Kind]) -> Reach {
    let asked = readings.iter().filter(|reading| of.contains(&reading.kind) && reading.outcome != Outcome::Skipped);
    Reach::best(asked.map(|reading| reading.cause.map_or(Reach::Answered, Cause::reach)))
}

fn standing(readings: &[Reading]) -> Standing {
    let of = |kind| readings.iter().find(|reading: &&Reading| reading.kind == kind);
    let passed = |kind| of(kind).is_some_and(|reading| reading.outcome == Outcome::Pass);
    let said = [Kind::Credential, Kind::Status].into_iter().filter_map(of).find_map(|reading| match reading.cause {
        Some(Cause::Suspended) => Some(Standing::Suspended),
        Some(Cause::Closed) => Some(Standing::Closed),
        Some(Cause::Credentials) => Some(Standing::Credentials),
        // A Standard key may not read its account, and works all the same.
        Some(Cause::Forbidden) if !passed(Kind::Numbers) => Some(Standing::Forbidden),
        Some(Cause::Forbidden) => Some(Standing::Fine),
        _ => None,
    });
    said.unwrap_or(if passed(Kind::Status) { Standing::Fine } else { Standing::Unknown })
}

fn signals(readings: &[Reading]) -> BTreeSet<Signal> {
    let signal = |reading: &Reading| match (reading.outcome, reading.cause) {
        (Outcome::Fail, Some(Cause::UnknownKey)) => Some(Signal::UnknownKey),
        (Outcome::Fail, Some(Cause::CallSurge)) => Some(Signal::CallSurge),
        (Outcome::Fail, Some(Cause::BlockedCountry)) => Some(Signal::BlockedCountry),
        (Outcome::Fail, Some(Cause::LowBalance)) => Some(Signal::LowBalance),
        _ => None,
    };
    readings.iter().filter_map(signal).collect()
}

fn excluded(subjects: Vec<Subject>, readings: &[Reading]) -> Vec<Subject> {
    let is_gone = |reading: &&Reading| matches!(reading.cause, Some(Cause::AgentMissing | Cause::AgentArchived));
    let gone: BTreeSet<AgentId> = readings.iter().filter(is_gone).filter_map(|reading| reading.agent_id).collect();
    let gone = |subject: &Subject| gone.contains(&subject.agent_id).then_some(Exclusion::NotAtElevenLabs);
    subjects.into_iter().map(|subject| Subject { exclusion: subject.exclusion.or(gone(&subject)), ..subject }).collect()
}

/// Callers reach an agent as long as one of its numbers works. What is repaired without moving anything does not count:
/// webhooks that drifted, a number that ElevenLabs gave to somebody else.
fn failing(readings: &[Reading], subjects: &[Subject]) -> Option<BTreeMap<AgentId, Cause>> {
    let listed = readings.iter().any(|reading| reading.kind == Kind::Numbers && reading.outcome == Outcome::Pass);
    if !listed {
        return None;
    }
    let mut broken = BTreeMap::<PhoneNumberId, Cause>::new();
    for reading in readings.iter().filter(|reading| reading.outcome == Outcome::Fail) {
        if let (Some(number), Some(cause)) = (reading.phone_number_id, reading.cause.filter(|cause| cause.is_lasting()))
        {
            broken.entry(number).or_insert(cause);
        }
    }
    let counted = subjects.iter().filter(|subject| subject.exclusion.is_none());
    let failing = counted.filter_map(|subject| {
        let causes: Vec<Cause> = subject.phone_number_ids.iter().filter_map(|id| broken.get(id).copied()).collect();
        let is_cut = !causes.is_empty() && causes.len() == subject.phone_number_ids.len();
        is_cut.then(|| (subject.agent_id, causes[0]))
    });
    Some(failing.collect())
}

impl Cause {
    /// A number with this cause comes back by moving, and by nothing we could repair.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::NumberMissing | Self::NumberReleased | Self::NotVoiceCapable | Self::Silent)
    }
}
