//! Fault scripts: which requests go wrong, how, and how often. Decides; the server acts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::control::seed::AccountChange;

/// A rule; an absent matcher matches everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `twilio`, `elevenlabs` or `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The account in the path, or, where the path has none, of the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_sid: Option<String>,
    pub action: FaultAction,
    /// How many requests it hits; 0 is all of them.
    #[serde(default = "once")]
    pub count: u32,
}

fn once() -> u32 {
    1
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAction {
    /// Nothing is done, this is answered.
    ErrorBefore {
        status: u16,
        #[serde(default)]
        code: Option<u32>,
    },
    /// The work is done, then this is answered.
    ErrorAfter {
        status: u16,
        #[serde(default)]
        code: Option<u32>,
    },
    /// Really waits so many milliseconds, then goes on as usual.
    Delay { milliseconds: u64 },
    /// Does the work, then really waits before it answers.
    DelayAfter { milliseconds: u64 },
    /// Closes the connection; nothing is done.
    Reset,
    /// Does the work, then closes the connection without an answer.
    ResetAfter,
    /// 429; nothing is done.
    TooManyRequests,
    /// The work is done, the answer is 200 and nonsense.
    Garbage,
    /// Nothing is done and no answer ever comes: whoever asked gives up.
    Silence,
    /// Does the work, and no answer ever comes.
    SilenceAfter,
    /// The account becomes another one first, such as suspended, then it goes on as usual.
    AccountChange { sid: String, change: AccountChange },
}

impl FaultAction {
    pub fn name(&self) -> &'static str {
        match self {
            FaultAction::ErrorBefore { .. } => "error_before",
            FaultAction::ErrorAfter { .. } => "error_after",
            FaultAction::Delay { .. } => "delay",
            FaultAction::DelayAfter { .. } => "delay_after",
            FaultAction::Reset => "reset",
            FaultAction::ResetAfter => "reset_after",
            FaultAction::TooManyRequests => "too_many_requests",
            FaultAction::Garbage => "garbage",
            FaultAction::Silence => "silence",
            FaultAction::SilenceAfter => "silence_after",
            FaultAction::AccountChange { .. } => "account_change",
        }
    }
}

impl Fault {
    /// Hits the next request to a path that contains `path`.
    pub fn once(path: &str, action: FaultAction) -> Self {
        Self { vendor: None, method: None, path: Some(path.to_owned()), account_sid: None, action, count: 1 }
    }

    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    #[must_use]
    pub fn account(mut self, account_sid: &str) -> Self {
        self.account_sid = Some(account_sid.to_owned());
        self
    }

    /// 0 is always.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    fn hits(&self, at: &Struck<'_>) -> bool {
        self.vendor.as_deref().is_none_or(|vendor| vendor == at.vendor)
            && self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(at.method))
            && self.path.as_deref().is_none_or(|path| at.path.contains(path))
            && self.account_sid.as_deref().is_none_or(|sid| sid == at.account_sid)
    }
}

/// The request a rule is held against.
#[derive(Clone, Copy, Debug)]
pub struct Struck<'a> {
    pub vendor: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub account_sid: &'a str,
}

#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<Fault>>,
}

impl Faults {
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The first rule that hits this request; it is used up by one.
    pub fn strike(&self, at: Struck<'_>) -> Option<FaultAction> {
        let mut rules = self.lock();
        let found = rules.iter().position(|rule| rule.hits(&at))?;
        let action = rules[found].action.clone();
        match rules[found].count {
            0 => {}
            1 => {
                rules.remove(found);
            }
            _ => rules[found].count -= 1,
        }
        Some(action)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE_CALL: Struck<'static> =
        Struck { vendor: "twilio", method: "POST", path: "/2010-04-01/Accounts/AC1/Calls.json", account_sid: "AC1" };

    #[test]
    fn a_rule_is_used_up_and_the_next_one_takes_over() {
        let faults = Faults::default();
        faults.add(Fault::once("/Calls", FaultAction::Reset).times(2));
        faults.add(Fault::once("/Calls", FaultAction::Garbage).times(0));
        let names: Vec<_> = (0..4).filter_map(|_| faults.strike(CREATE_CALL)).map(|action| action.name()).collect();
        assert_eq!(names, ["reset", "reset", "garbage", "garbage"]);
    }

    #[test]
    fn a_rule_for_another_account_or_method_does_not_hit() {
        let faults = Faults::default();
        faults.add(Fault::once("/Calls", FaultAction::Reset).account("AC2"));
        faults.add(Fault::once("/Calls", FaultAction::Reset).method("GET"));
        assert_eq!(faults.strike(CREATE_CALL), None);
    }

    #[test]
    fn a_rule_reads_as_a_person_would_write_it() {
        let text = r#"{"method":"POST","path":"/Calls.json","action":{"error_after":{"status":500}}}"#;
        let fault: Fault = serde_json::from_str(text).expect("the rule is valid");
        assert_eq!((fault.action, fault.count), (FaultAction::ErrorAfter { status: 500, code: None }, 1));
        let text = r#"{"action":{"account_change":{"sid":"AC1","change":{"status":"suspended"}}}}"#;
        let fault: Fault = serde_json::from_str(text).expect("the rule is valid");
        assert_eq!(fault.action.name(), "account_change");
    }
}
