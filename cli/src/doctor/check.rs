//! One line of the checklist, and how the lines look.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Warning,
    Failed,
    Skipped,
}

/// One line of the checklist.
pub struct Check {
    pub name: String,
    pub outcome: Outcome,
    pub message: String,
    pub remedy: String,
    /// Found out from here, not told by the server.
    pub local: bool,
}

impl Check {
    fn new(name: &str, outcome: Outcome, message: impl Into<String>, remedy: &str) -> Self {
        Check { name: name.to_owned(), outcome, message: message.into(), remedy: remedy.to_owned(), local: false }
    }

    pub fn passed(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, Outcome::Passed, message, "")
    }

    pub fn warning(name: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self::new(name, Outcome::Warning, message, remedy)
    }

    pub fn failed(name: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self::new(name, Outcome::Failed, message, remedy)
    }

    pub fn skipped(name: &str, message: impl Into<String>, remedy: &str) -> Self {
        Self::new(name, Outcome::Skipped, message, remedy)
    }

    pub fn here(self) -> Self {
        Check { local: true, ..self }
    }

    pub fn json(&self) -> Value {
        json!({
            "name": self.name,
            "outcome": self.outcome.word(),
            "message": self.message,
            "remedy": self.remedy,
        })
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Warning => "warning",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        }
    }

    /// The server's word for it: `CHECK_OUTCOME_PASSED`.
    pub fn named(name: &str) -> Self {
        match name {
            "CHECK_OUTCOME_PASSED" => Outcome::Passed,
            "CHECK_OUTCOME_WARNING" => Outcome::Warning,
            "CHECK_OUTCOME_FAILED" => Outcome::Failed,
            _ => Outcome::Skipped,
        }
    }
}

/// The checklist for people; what to do stands under the line it is about.
pub fn lines(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for check in checks {
        text.push_str(&format!("{:7}  {:width$}  {}\n", check.outcome.word(), check.name, check.message));
        if !check.remedy.is_empty() {
            text.push_str(&format!("{:7}  {:width$}  -> {}\n", "", "", check.remedy));
        }
    }
    text
}
