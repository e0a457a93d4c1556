//! Incidents: one person who is to be reached about one event, the steps that were planned for it, and how they went.
//! The incident decides what is tried next; how one try goes is in `attempt`, whether one may begin in `guard`.

mod machine;
mod plan;
mod progress;
#[cfg(test)]
mod tests;
mod timing;

use serde::{Deserialize, Serialize};

use super::{
    attempt::Ending,
    id::{AttemptId, ContactId, IncidentId, MeetingId, PolicyId, WorkspaceId},
    ladder::{Channel, Ladder, Window},
    time::Timestamp,
    word::words,
};
pub use plan::plan;

words! {
    /// Where an incident stands.
    State, "incident state" {
        /// Its ladder is armed or under way.
        Open = "open",
        /// Somebody has it; nothing more is tried.
        Acknowledged = "acknowledged",
        /// The person was not reached before the event, and others are tried.
        Escalating = "escalating",
        /// It is over.
        Resolved = "resolved",
    }
}

words! {
    /// How an incident ended.
    Outcome, "incident outcome" {
        /// The person joined.
        Joined = "joined",
        /// Somebody resolved it.
        Resolved = "resolved",
        /// The event was cancelled.
        EventCancelled = "event-cancelled",
        /// Nobody was reached.
        NotReached = "not-reached",
    }
}

words! {
    /// Where a step stands.
    Status, "step status" {
        /// Waits for its time, or is being tried.
        Pending = "pending",
        /// The vendor took it.
        Executed = "executed",
        /// It was tried and did not come through.
        Failed = "failed",
        /// It was not tried, and the reason is kept.
        Skipped = "skipped",
        /// It was taken back before its time.
        Cancelled = "cancelled",
    }
}

/// One step of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Counts the steps of an incident, from 1.
    pub number: u32,
    /// The rung it comes from.
    pub rung: u32,
    /// How.
    pub channel: Channel,
    /// For whom; `None` when the rung names nobody there is.
    pub contact_id: Option<ContactId>,
    /// It is another try of the rung.
    pub redial: bool,
    /// Where it stands.
    pub status: Status,
    /// When it is due.
    pub due_time: Timestamp,
    /// It is due and waits until then, because the line was taken.
    pub held_until: Option<Timestamp>,
    /// Between which times it may begin.
    pub window: Window,
    /// Its try; `None` until it began.
    pub attempt_id: Option<AttemptId>,
    /// When it began, or was given up.
    pub execute_time: Option<Timestamp>,
    /// How the try ended; `None` while it goes on.
    pub ending: Option<Ending>,
    /// A stable word for why it is not executed, such as `outside_critical_window`; empty when it is.
    pub reason: String,
    /// The same for people.
    pub error: String,
    /// It never reached anybody: test mode or mock.
    pub simulated: bool,
}

impl Step {
    /// It waits for its time.
    pub fn is_waiting(&self) -> bool {
        self.status == Status::Pending && self.attempt_id.is_none()
    }

    /// When it can begin.
    pub fn wake_time(&self) -> Timestamp {
        self.held_until.map_or(self.due_time, |until| until.max(self.due_time))
    }

    /// Its try is under way, and may still reach somebody.
    pub fn is_under_way(&self) -> bool {
        self.attempt_id.is_some() && self.ending.is_none() && matches!(self.status, Status::Pending | Status::Executed)
    }
}

/// One person who is to be reached about one event. Stored as a document; its steps have rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Ours.
    pub id: IncidentId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The policy it began with.
    pub policy_id: PolicyId,
    /// That policy's version.
    pub policy_version: i64,
    /// What that version says.
    pub ladder: Ladder,
    /// The meeting it is about, if it is one.
    pub meeting_id: Option<MeetingId>,
    /// Names the event: calls to one person are counted over everything that has the same key.
    pub event_key: String,
    /// What the event is called.
    pub title: String,
    /// When the event starts.
    pub start_time: Timestamp,
    /// Who is to be reached.
    pub contact_id: ContactId,
    /// Who stands in, in order.
    pub stand_ins: Vec<ContactId>,
    /// Where it stands.
    pub state: State,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Who acknowledged or resolved it, as people may be told; empty for nobody.
    pub answered_by: String,
    /// When that was.
    pub answer_time: Option<Timestamp>,
    /// When an acknowledgement stops counting.
    pub acknowledged_until: Option<Timestamp>,
    /// Everything was tried and nobody answered.
    pub exhausted: bool,
    /// What was planned and how it went, by number.
    #[serde(skip)]
    pub steps: Vec<Step>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was opened.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// Whether the person came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckIn {
    /// They are there.
    Joined,
    /// They are not, and others are to be told.
    Missed,
}

/// Why a step was not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Where the guards' verdict is kept.
    pub attempt_id: Option<AttemptId>,
    /// A stable word.
    pub reason: &'static str,
    /// The same for people.
    pub error: String,
}

/// What can happen to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is new.
    Opened,
    /// The time it asked for has come: what is late is given up, and an acknowledgement may end.
    Tick,
    /// A step was let through, and this is its try.
    Began { number: u32, attempt_id: AttemptId },
    /// A step was not let through.
    Denied { number: u32, why: Denial },
    /// A step has to wait: the line is taken until then.
    Held { number: u32, until: Timestamp },
    /// The vendor took the try of a step.
    Taken { number: u32, simulated: bool },
    /// The try of a step ended, or more became known of how it did.
    Ended { number: u32, ending: Ending, reason: String, error: String },
    /// Somebody took it.
    Acknowledged { by: String },
    /// Somebody closed it.
    Resolved { by: String },
    /// Somebody said whether the person came.
    CheckedIn { check_in: CheckIn, by: String },
    /// The event is at another time now.
    Moved { start: Timestamp, title: String },
    /// There will be no event.
    EventCancelled,
    /// There will be one after all.
    Reinstated { start: Timestamp, title: String },
}

impl Incident {
    /// It goes on only while nobody has it.
    pub fn is_alerting(&self) -> bool {
        matches!(self.state, State::Open | State::Escalating)
    }

    /// The step with this number.
    pub fn step_of(&self, number: u32) -> Option<&Step> {
        self.steps.iter().find(|step| step.number == number)
    }

    /// The next step that waits for its time and is due by now.
    pub fn due_step(&self, now: Timestamp) -> Option<&Step> {
        let waiting = self.steps.iter().filter(|step| step.is_waiting() && step.wake_time() <= now);
        if self.is_alerting() { waiting.min_by_key(|step| (step.due_time, step.number)) } else { None }
    }

    /// Tries that may still reach somebody: those under way, and those that nobody knows the end of.
    pub fn under_way(&self) -> impl Iterator<Item = AttemptId> {
        let may_reach = |step: &&Step| step.is_under_way() || step.ending == Some(Ending::Unknown);
        self.steps.iter().filter(may_reach).filter_map(|step| step.attempt_id)
    }

    /// When it is closed though nobody cared. Counted from where the event is now, wherever it was when a step was made.
    pub fn close_time(&self) -> Timestamp {
        let ends = self.ladder.rungs.iter().map(|rung| rung.window(self.start_time).until);
        let last = ends.max().unwrap_or(self.start_time);
        last.max(self.start_time) + self.ladder.closes_after.delta()
    }
}
