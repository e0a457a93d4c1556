//! What a notification says. Written for somebody who is woken by it: what happened, what was done, what still does not
//! work, and what to type.

use std::fmt::Write as _;

use super::Kind;
use crate::domain::{
    id::{FailoverId, NotificationId},
    time::Timestamp,
};

/// What there is to tell of a failover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// The failover.
    pub failover_id: FailoverId,
    /// The account that does not work, by the name that people gave it.
    pub source: String,
    /// The account that takes over, once it is chosen.
    pub target: Option<String>,
    /// Why, in words fit to show.
    pub why: String,
    /// How many lines are answered on the target now.
    pub moved: u32,
    /// Who is left out, and why.
    pub left_out: Vec<LeftOut>,
    /// When it goes on by itself, if it waits for approval.
    pub approve_by: Option<Timestamp>,
    /// What to type to try again what did not work.
    pub again: String,
}

/// Somebody who was not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The agent or route plan, by the name that people gave it.
    pub name: String,
    /// Why, in words fit to show.
    pub why: String,
}

/// More than fits a screen helps nobody; the command line shows all of them.
const MOST_NAMES: usize = 30;

impl Notice {
    /// The subject line: the account first, because phones show only the beginning.
    pub fn subject(&self) -> String {
        let source = &self.source;
        match self.kind {
            Kind::Test | Kind::NotReached => "Callplane: a test mail".to_owned(),
            Kind::Detected if self.approve_by.is_some() => format!("{source}: failover waits for your approval"),
            Kind::Detected => format!("{source}: failover has begun"),
            Kind::Completed => format!("{source}: all agents are moved"),
            Kind::PartiallyCompleted => format!("{source}: only some agents are moved"),
            Kind::Cancelled => format!("{source}: failover cancelled"),
            Kind::Failed => format!("{source}: failover failed, nothing is moved"),
            Kind::Stuck => format!("{source}: failover is stuck and needs you"),
            Kind::RolledBack => format!("{source}: agents are back"),
        }
    }

    /// The text.
    pub fn text(&self, id: NotificationId) -> String {
        let mut text = self.what_happened();
        if !self.why.is_empty() {
            let _ = write!(text, "\n\nWhy: {}", self.why);
        }
        self.tell_left_out(&mut text);
        for paragraph in [self.what_does_not_work(), self.what_to_do()] {
            if !paragraph.is_empty() {
                let _ = write!(text, "\n\n{paragraph}");
            }
        }
        let _ = write!(text, "\n\n-- \nCallplane, {id}. Two mails with this id are one event.\n");
        text
    }

    fn what_happened(&self) -> String {
        let (source, moved) = (&self.source, self.moved);
        let target = self.target.as_deref().unwrap_or("a backup account");
        match (self.kind, self.approve_by) {
            (Kind::Test | Kind::NotReached, _) => "Mail from Callplane arrives.".to_owned(),
            (Kind::Detected, Some(by)) => format!(
                "The account {source} does not work as it should. Its agents move to {target} when somebody approves, or by \
                 themselves at {} UTC, unless it recovers or somebody cancels.",
                by.format("%Y-%m-%d %H:%M:%S")
            ),
            (Kind::Detected, None) => {
                format!("The account {source} does not work. Its agents are being moved to {target} now.")
            }
            (Kind::Completed, _) => {
                format!("All {moved} lines of {source} are answered on {target} now, and verified.")
            }
            (Kind::PartiallyCompleted, _) => {
                format!("{moved} lines of {source} are answered on {target} now; others are not.")
            }
            (Kind::Cancelled, _) => format!("The failover of {source} was cancelled. Nothing was moved."),
            (Kind::Failed, _) => format!("No line of {source} could be moved to {target}. What was begun is undone."),
            (Kind::Stuck, _) => {
                format!("The failover of {source} to {target} does not go on by itself. {moved} lines are moved.")
            }
            (Kind::RolledBack, _) => {
                format!("{moved} lines are answered on {source} again; the backup numbers are free.")
            }
        }
    }

    fn tell_left_out(&self, text: &mut String) {
        if self.left_out.is_empty() {
            return;
        }
        let _ = write!(text, "\n\nNot moved:");
        for LeftOut { name, why } in self.left_out.iter().take(MOST_NAMES) {
            let _ = write!(text, "\n- {name}: {why}");
        }
        let more = self.left_out.len().saturating_sub(MOST_NAMES);
        if more > 0 {
            let _ = write!(text, "\n- and {more} more");
        }
    }

    /// Nobody may believe that all is well again: a number cannot leave its account.
    fn what_does_not_work(&self) -> String {
        let source = &self.source;
        match self.kind {
            Kind::Completed | Kind::PartiallyCompleted | Kind::Stuck => format!(
                "What still does not work: people who dial the old numbers of {source} reach nobody for as long as Twilio does \
                 not serve that account, because a number cannot leave it. Publish the backup numbers, or have the old ones \
                 re-routed outside of Twilio. Calls that the agents make show the backup numbers. Calls in progress were not \
                 cut."
            ),
            Kind::Detected | Kind::Failed => {
                format!("What does not work meanwhile: calls to and from the numbers of {source}.")
            }
            Kind::Test | Kind::NotReached | Kind::Cancelled | Kind::RolledBack => String::new(),
        }
    }

    fn what_to_do(&self) -> String {
        let id = self.failover_id;
        match (self.kind, self.approve_by) {
            (Kind::Test | Kind::NotReached, _) => String::new(),
            (Kind::Detected, Some(_)) => {
                format!("Approve: callplane failover approve {id}\nCancel:  callplane failover cancel {id}")
            }
            (Kind::Detected, None) => format!("Watch it: callplane failover watch {id}"),
            (Kind::Completed | Kind::PartiallyCompleted, _) => format!(
                "Details: callplane failover get {id}\nGo back when the account works again: callplane failover rollback {id} \
                 --reason '…'"
            ),
            (Kind::Cancelled | Kind::RolledBack, _) => format!("Details: callplane failover get {id}"),
            (Kind::Failed, _) => format!("See why:   callplane failover get {id}\nTry again: {}", self.again),
            (Kind::Stuck, _) => format!(
                "See why:   callplane failover moves {id}\nTry again: {}\nAccept it: callplane failover abandon {id}",
                self.again
            ),
        }
    }
}
