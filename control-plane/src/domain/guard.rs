//! Whether somebody may be called or written to now: every rule on its own, each with what it saw, so that a refusal is
//! never silent and a dry run says what would happen. Pure: who asks has read everything.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{calling_hours, ladder::Window, money::Money, outbound::Destination, time::Timestamp, word::words};

words! {
    /// A rule that an attempt has to pass.
    Guard, "guard" {
        /// The incident is still open or escalating.
        Incident = "incident",
        /// There is somebody to reach, with an address of the channel.
        Address = "address",
        /// Nobody stopped everything that goes out.
        EmergencyStop = "emergency-stop",
        /// It is neither too early nor too late.
        Window = "window",
        /// The person was not called too often about this event.
        CallLimit = "call-limit",
        /// The number is not on the do-not-call list.
        DoNotCall = "do-not-call",
        /// Numbers that begin like this one may be reached.
        Destination = "destination",
        /// The person agreed, where that is asked for, and did not take it back.
        Consent = "consent",
        /// People may be called at this hour where they are.
        CallingHours = "calling-hours",
        /// The number was not reached too often lately.
        Frequency = "frequency",
        /// The workspace does not reach too many people at once.
        Volume = "volume",
        /// There is money left.
        Budget = "budget",
        /// There is a number of ours to call from.
        Sender = "sender",
        /// The account's rate leaves room in time.
        Rate = "rate",
        /// The operator's do-not-call checker does not list the number. Asked by the worker, when all others have passed.
        DncChecker = "dnc-checker",
    }
}

impl Guard {
    /// The stable word that a refusal is stored under.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Incident => "incident_not_open",
            Self::Address => "no_address",
            Self::EmergencyStop => "outbound_stopped",
            Self::Window => "outside_critical_window",
            Self::CallLimit => "call_limit_reached",
            Self::DoNotCall | Self::DncChecker => "do_not_call",
            Self::Destination => "destination_not_allowed",
            Self::Consent => "no_consent",
            Self::CallingHours => "outside_calling_hours",
            Self::Frequency => "reached_too_often",
            Self::Volume => "too_many_per_minute",
            Self::Budget => "over_budget",
            Self::Sender => "no_sender",
            Self::Rate => "rate_limited",
        }
    }
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The rule.
    pub guard: Guard,
    /// It lets it through.
    pub passed: bool,
    /// What it saw, for people: no number, no name.
    pub saw: String,
}

/// What all rules said, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One a rule that applies.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// The first rule that does not let it through.
    pub fn refusal(&self) -> Option<&Check> {
        self.checks.iter().find(|check| !check.passed)
    }

    /// With what one more rule said, instead of what that rule said before.
    #[must_use]
    pub fn with(mut self, check: Check) -> Self {
        self.checks.retain(|known| known.guard != check.guard);
        self.checks.push(check);
        self
    }
}

/// What somebody said about being called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// They agreed, then.
    Granted(Timestamp),
    /// They took it back, then.
    Revoked(Timestamp),
    /// They never said anything.
    Unsaid,
}

/// Whether there is a number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// One was found.
    Found,
    /// No active number can do it.
    None,
    /// No active number is registered as a WhatsApp sender.
    NotOnWhatsapp,
}

/// What is left to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Spent or promised in this period.
    pub spent: Money,
    /// What may be.
    pub limit: Money,
    /// What this one would cost at most.
    pub estimate: Money,
}

/// Everything the rules look at. What is `None` does not apply.
#[derive(Clone, Debug)]
pub struct Case {
    /// When.
    pub now: Timestamp,
    /// Whether the incident still wants it.
    pub incident_open: Option<bool>,
    /// Somebody with an address of the channel was found.
    pub has_address: bool,
    /// Why everything was stopped.
    pub stopped: Option<String>,
    /// Between which times it may begin.
    pub window: Option<Window>,
    /// Calls to the person about the event so far, and how many there may be.
    pub calls: Option<(u32, u32)>,
    /// Since when the number is on the do-not-call list; outer `None` for mail.
    pub do_not_call: Option<Option<Timestamp>>,
    /// What the lists of prefixes say.
    pub destination: Option<Destination>,
    /// Calls and messages to the number in the last 24 hours, and how many there may be.
    pub frequency: Option<(u32, u32)>,
    /// Calls and messages of the workspace in the last minute, and how many there may be.
    pub volume: Option<(u32, u32)>,
    /// What they said, and whether they must have agreed.
    pub consent: (Consent, bool),
    /// What the clock where they are says.
    pub hours: Option<calling_hours::Verdict>,
    /// What may be spent.
    pub purse: Option<Purse>,
    /// Whether a number of ours was found; `None` for mail.
    pub sender: Option<Sender>,
    /// When the account's rate leaves room; `None` for at once.
    pub free_at: Option<Timestamp>,
}

/// Asks every rule that applies.
pub fn judge(case: &Case) -> Verdict {
    let checks = [
        case.incident_open.map(|open| check(Guard::Incident, open, if open { "open" } else { "not open any more" })),
        Some(check(Guard::Address, case.has_address, if case.has_address { "known" } else { "nobody, or no address" })),
        Some(stop(case.stopped.as_deref())),
        case.window.map(|window| in_window(window, case.now)),
        case.calls.map(|(made, most)| check(Guard::CallLimit, made < most, format!("{made} of {most} calls made"))),
        case.do_not_call.map(listed),
        case.destination.map(reachable),
        Some(agreed(case.consent)),
        case.hours.as_ref().map(at_hour),
        case.frequency.map(|(made, most)| within(Guard::Frequency, (made, most), "24 hours")),
        case.volume.map(|(made, most)| within(Guard::Volume, (made, most), "minute")),
        case.purse.as_ref().map(affordable),
        case.sender.map(sent_from),
        case.window.zip(case.free_at).map(|(window, free_at)| in_time(window, free_at)),
    ];
    Verdict { checks: checks.into_iter().flatten().collect() }
}

fn check(guard: Guard, passed: bool, saw: impl Into<String>) -> Check {
    Check { guard, passed, saw: saw.into() }
}

fn stop(stopped: Option<&str>) -> Check {
    match stopped {
        None => check(Guard::EmergencyStop, true, "not stopped"),
        Some(why) => check(Guard::EmergencyStop, false, format!("stopped: {why}")),
    }
}

fn in_window(window: Window, now: Timestamp) -> Check {
    let saw = match (now < window.from, now < window.until) {
        (true, _) => format!("{} s too early", (window.from - now).num_seconds().max(1)),
        (false, true) => format!("open for another {} s", (window.until - now).num_seconds()),
        (false, false) => format!("over since {} s", (now - window.until).num_seconds()),
    };
    check(Guard::Window, window.holds(now), saw)
}

fn listed(since: Option<Timestamp>) -> Check {
    match since {
        None => check(Guard::DoNotCall, true, "not listed"),
        Some(since) => check(Guard::DoNotCall, false, format!("listed since {}", since.format("%Y-%m-%d"))),
    }
}

fn reachable(destination: Destination) -> Check {
    match destination {
        Destination::Allowed => check(Guard::Destination, true, "allowed"),
        Destination::Blocked => check(Guard::Destination, false, "the prefix is blocked"),
        Destination::NotListed => check(Guard::Destination, false, "no allowed prefix fits"),
    }
}

fn within(guard: Guard, (made, most): (u32, u32), period: &str) -> Check {
    check(guard, made < most, format!("{made} of {most} in the last {period}"))
}

fn agreed((consent, is_required): (Consent, bool)) -> Check {
    match consent {
        Consent::Granted(at) => check(Guard::Consent, true, format!("granted on {}", at.format("%Y-%m-%d"))),
        Consent::Revoked(at) => check(Guard::Consent, false, format!("revoked on {}", at.format("%Y-%m-%d"))),
        Consent::Unsaid if is_required => check(Guard::Consent, false, "required, and nothing is recorded"),
        Consent::Unsaid => check(Guard::Consent, true, "not required, and nothing is recorded"),
    }
}

fn at_hour(hours: &calling_hours::Verdict) -> Check {
    use calling_hours::Verdict as V;
    match hours {
        V::Inside => check(Guard::CallingHours, true, "inside"),
        V::Outside { opens } => {
            check(Guard::CallingHours, false, format!("outside until {}", opens.format("%Y-%m-%dT%H:%M:%SZ")))
        }
        V::Unknown => check(Guard::CallingHours, false, "the time zone is not known, and in some it is outside"),
    }
}

fn affordable(purse: &Purse) -> Check {
    let Purse { spent, limit, estimate } = purse;
    let fits = spent.micros.saturating_add(estimate.micros) <= limit.micros;
    check(Guard::Budget, fits, format!("{spent} of {limit} spent, {estimate} to come at most"))
}

fn sent_from(sender: Sender) -> Check {
    let saw = match sender {
        Sender::Found => "found",
        Sender::None => "no number of ours can do it",
        Sender::NotOnWhatsapp => "no number of ours is said to be a WhatsApp sender",
    };
    check(Guard::Sender, sender == Sender::Found, saw)
}

fn in_time(window: Window, free_at: Timestamp) -> Check {
    let wait = (free_at - window.from).max(Duration::zero());
    let fits = free_at < window.until;
    let saw = if fits { "a place in time" } else { "no place before the window ends" };
    let saw = if fits { saw.to_owned() } else { format!("{saw}: {} s after it opens", wait.num_seconds()) };
    check(Guard::Rate, fits, saw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{money::Currency, sample::at};

    fn case() -> Case {
        let now = at("2026-08-04T08:58:00Z");
        let window = Window { from: at("2026-08-04T08:57:00Z"), until: at("2026-08-04T09:00:00Z") };
        Case {
            now,
            incident_open: Some(true),
            has_address: true,
            stopped: None,
            window: Some(window),
            calls: Some((0, 2)),
            do_not_call: Some(None),
            destination: None,
            frequency: None,
            volume: None,
            consent: (Consent::Unsaid, false),
            hours: Some(calling_hours::Verdict::Inside),
            purse: None,
            sender: Some(Sender::Found),
            free_at: None,
        }
    }

    fn refused(case: &Case) -> Option<Guard> {
        judge(case).refusal().map(|check| check.guard)
    }

    #[test]
    fn what_nothing_forbids_is_let_through_and_every_rule_says_what_it_saw() {
        let verdict = judge(&case());
        assert_eq!(verdict.refusal(), None);
        assert_eq!(verdict.checks.len(), 9);
        assert!(verdict.checks.iter().all(|check| !check.saw.is_empty()));
    }

    #[test]
    fn each_rule_refuses_for_its_own_reason() {
        let dollars = |units| Money::whole(Currency::USD, units);
        let purse = Purse { spent: dollars(9), limit: dollars(10), estimate: dollars(2) };
        let late = at("2026-08-04T09:00:00Z");
        let cases = [
            (Case { incident_open: Some(false), ..case() }, Guard::Incident),
            (Case { has_address: false, ..case() }, Guard::Address),
            (Case { stopped: Some("fraud".to_owned()), ..case() }, Guard::EmergencyStop),
            (Case { now: late, ..case() }, Guard::Window),
            (Case { now: at("2026-08-04T08:56:59Z"), ..case() }, Guard::Window),
            (Case { calls: Some((2, 2)), ..case() }, Guard::CallLimit),
            (Case { do_not_call: Some(Some(late)), ..case() }, Guard::DoNotCall),
            (Case { destination: Some(Destination::Blocked), ..case() }, Guard::Destination),
            (Case { destination: Some(Destination::NotListed), ..case() }, Guard::Destination),
            (Case { consent: (Consent::Unsaid, true), ..case() }, Guard::Consent),
            (Case { consent: (Consent::Revoked(late), false), ..case() }, Guard::Consent),
            (Case { hours: Some(calling_hours::Verdict::Unknown), ..case() }, Guard::CallingHours),
            (Case { frequency: Some((3, 3)), ..case() }, Guard::Frequency),
            (Case { volume: Some((60, 60)), ..case() }, Guard::Volume),
            (Case { purse: Some(purse), ..case() }, Guard::Budget),
            (Case { sender: Some(Sender::None), ..case() }, Guard::Sender),
            (Case { sender: Some(Sender::NotOnWhatsapp), ..case() }, Guard::Sender),
            (Case { free_at: Some(late), ..case() }, Guard::Rate),
        ];
        for (case, guard) in cases {
            assert_eq!(refused(&case), Some(guard));
        }
    }
}
