//! The set-up checklist of a workspace: what was seen, and what that means for somebody who wants calls to arrive. Pure;
//! the counting is the store's.

mod accounts;
mod failover;
mod numbers;
mod server;

#[cfg(test)]
mod tests;

use super::{account::Status, dnc::Unanswered};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It works, but look at it.
    Warning,
    /// It will not work.
    Failed,
    /// There is nothing to check yet.
    Skipped,
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable word.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub message: String,
    /// What to do; empty when it passed.
    pub remedy: &'static str,
}

/// What was seen. Numbers are counts in one workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What Twilio calls us by.
    pub public_url: Option<String>,
    /// The `dev` profile.
    pub dev: bool,
    /// Nobody is called.
    pub mock: bool,
    /// Vendor writes are left out.
    pub test_mode: bool,
    /// A key for ElevenLabs is set for the whole server.
    pub eleven_labs_key: bool,
    /// The status of the primary account.
    pub primary: Option<Status>,
    /// All accounts.
    pub accounts: u64,
    /// Those that Twilio would not let work.
    pub accounts_not_active: u64,
    /// Those whose webhooks nobody can verify.
    pub accounts_unverifiable: u64,
    /// Those whose auth token is old.
    pub accounts_rotation_due: u64,
    /// All agents.
    pub agents: u64,
    /// Those that take calls.
    pub agents_active: u64,
    /// ElevenLabs agents.
    pub eleven_labs: u64,
    /// Those of them without a key of their own.
    pub eleven_labs_without_key: u64,
    /// All numbers.
    pub numbers: u64,
    /// Those that Twilio refused.
    pub numbers_refused: u64,
    /// Those that nobody answers.
    pub numbers_unassigned: u64,
    /// Those whose webhooks we may write and never did.
    pub webhooks_unmanaged: u64,
    /// Those whose webhooks are under way.
    pub webhooks_pending: u64,
    /// Those whose webhooks somebody else changed.
    pub webhooks_drifted: u64,
    /// Those whose webhooks Twilio refused.
    pub webhooks_failed: u64,
    /// Backup accounts that have backup numbers.
    pub backups: u64,
    /// Those of them that Twilio confirmed.
    pub backups_usable: u64,
    /// Agents and plans that a failover of the primary account would move.
    pub lines: u64,
    /// Those of them that would get no backup number.
    pub lines_left_out: u64,
    /// Accounts that are to be watched.
    pub monitored: u64,
    /// Those of them that were not looked at when they should have been.
    pub monitors_late: u64,
    /// By which way mail is sent; none when it is not.
    pub mail: Option<&'static str>,
    /// Addresses that are told of a failover.
    pub recipients: u64,
    /// What becomes of whom the operator's do-not-call checker says nothing of; none when there is no checker.
    pub dnc_checker: Option<Unanswered>,
    /// Whether it answered when this control plane last asked it; none when it never did.
    pub checker_answers: Option<bool>,
    /// Effects that were given up.
    pub effects_dead: u64,
    /// Effects that nobody takes.
    pub effects_overdue: u64,
    /// Secrets still need a master key that is no longer the first.
    pub master_key_behind: bool,
}

/// The whole checklist, in the order in which one sets things up.
pub fn checklist(seen: &Seen) -> Vec<Check> {
    vec![
        server::public_url(seen),
        server::telephony(seen),
        accounts::primary_account(seen),
        accounts::accounts_active(seen),
        accounts::accounts_verify_webhooks(seen),
        accounts::token_rotation(seen),
        numbers::agents(seen),
        numbers::eleven_labs_key(seen),
        numbers::numbers(seen),
        numbers::numbers_assigned(seen),
        numbers::webhooks(seen),
        failover::backup_account(seen),
        failover::backup_numbers(seen),
        failover::monitor(seen),
        failover::mail(seen),
        server::dnc_checker(seen),
        server::effects(seen),
        server::master_key(seen),
    ]
}

fn passed(name: &'static str, message: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Passed, message: message.into(), remedy: "" }
}

fn skipped(name: &'static str, message: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Skipped, message: message.into(), remedy: "" }
}

fn warning(name: &'static str, message: impl Into<String>, remedy: &'static str) -> Check {
    Check { name, verdict: Verdict::Warning, message: message.into(), remedy }
}

fn failed(name: &'static str, message: impl Into<String>, remedy: &'static str) -> Check {
    Check { name, verdict: Verdict::Failed, message: message.into(), remedy }
}
