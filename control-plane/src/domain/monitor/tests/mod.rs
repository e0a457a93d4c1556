//! What the tests of the monitor share: looks of every kind, and an account that is looked at again and again.

mod around;
mod chance;
mod looks;
mod signals;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use uuid::Uuid;

use super::{
    verdict::{CONFIRM, IN_A_ROW, too_many},
    *,
};
use crate::domain::{
    id::{PhoneNumberId, WorkspaceId},
    machine::Machine,
    sample::{agent_id, at},
};

fn start() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn number(id: u128) -> PhoneNumberId {
    PhoneNumberId::from_uuid(Uuid::from_u128(id))
}

fn account_id() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(1))
}

/// A look at an account with so many agents, each on a number of its own; everything is fine.
fn fine(agents: u128) -> Findings {
    with(agents, 0)
}

/// The same, but the numbers of the first `failing` are gone.
fn with(agents: u128, failing: u128) -> Findings {
    let subject = |id| Subject { agent_id: agent_id(id), phone_number_ids: vec![number(id)], exclusion: None };
    let mut readings =
        vec![Reading::pass(Kind::Credential, ""), Reading::pass(Kind::Status, ""), Reading::pass(Kind::Numbers, "")];
    readings.extend((0..agents).map(|id| match id < failing {
        true => Reading::fail(Kind::Number, Cause::NumberReleased, "").of_number(number(id)),
        false => Reading::pass(Kind::Number, "").of_number(number(id)),
    }));
    Findings::of(start(), readings, (0..agents).map(subject).collect())
}

fn suspended() -> Findings {
    let readings = vec![Reading::fail(Kind::Status, Cause::Suspended, ""), Reading::pass(Kind::Numbers, "")];
    Findings { subjects: fine(4).subjects, ..Findings::of(start(), readings, Vec::new()) }
}

fn lost(cause: Cause) -> Findings {
    let trouble = Trouble { cause, code: 0, message: String::new() };
    let readings = [Kind::Status, Kind::Numbers].map(|kind| Reading::of_trouble(kind, &trouble));
    Findings { subjects: fine(4).subjects, ..Findings::of(start(), readings.to_vec(), Vec::new()) }
}

/// Looks at an account one after another, at the pace it asks for.
struct Watching {
    monitor: Monitor,
    now: Timestamp,
}

impl Watching {
    fn new() -> Self {
        let workspace = WorkspaceId::from_uuid(Uuid::nil());
        let now = start();
        Self { monitor: Monitor::new(workspace, account_id(), Duration::seconds(30), now), now }
    }

    fn look(&mut self, found: Findings) -> Verdict {
        self.look_beside(found, Around::default())
    }

    fn look_beside(&mut self, found: Findings, around: Around) -> Verdict {
        self.now = self.monitor.deadline().expect("it is idle").max(self.now);
        let looking = self.monitor.step(Event::Tick, self.now).expect("it is its turn").next;
        let Work::Looking { round, .. } = looking.work else { panic!("it looks") };
        let looking = Monitor { version: looking.version + 1, ..looking };
        let found = Box::new(Findings { begin_time: self.now, ..found });
        let pace = Pace { cadence: Duration::seconds(30), watchful: false };
        let told = looking.step(Event::Looked { round, found, around, pace }, self.now).expect("in time").next;
        self.monitor = Monitor { version: told.version + 1, ..told };
        self.monitor.verdict
    }

    fn looks(&mut self, found: &[Findings]) -> Vec<Verdict> {
        found.iter().map(|found| self.look(found.clone())).collect()
    }
}
