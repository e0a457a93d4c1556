//! What a workspace wants watched, and what shall happen when an account fails. One for all its accounts; a workspace that
//! never said anything has the defaults.

use serde::{Deserialize, Serialize};

use crate::domain::{
    country::Country,
    email::EmailAddress,
    error::{Error, Result, Violation},
    id::WorkspaceId,
    money::{Currency, Money},
    seconds::Seconds,
    time::Timestamp,
    word::words,
};

words! {
    /// What happens when nobody has decided before the approval window ends.
    OnExpiry, "decision at the end of the approval window" {
        /// The failover is carried out.
        Execute = "execute",
        /// The failover is cancelled.
        Cancel = "cancel",
    }
}

/// The policy of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// How often an account is probed.
    pub cadence: Seconds,
    /// Below this balance an account is in danger.
    pub balance_floor: Money,
    /// How long a degraded account waits for a person's decision.
    pub approval_window: Seconds,
    /// What happens when the window ends.
    pub on_expiry: OnExpiry,
    /// Failovers begin by themselves; otherwise only when a person starts one.
    pub automatic: bool,
    /// Two different people approve a failover.
    pub second_approver: bool,
    /// Webhooks that somebody else changed are set right without asking.
    pub repair_drift: bool,
    /// Who is told of failovers.
    pub recipients: Vec<EmailAddress>,
    /// Where calls may go; empty for everywhere.
    pub allowed_countries: Vec<Country>,
    /// Where calls must not go: a sign that somebody else uses the account.
    pub blocked_countries: Vec<Country>,
    /// How long results of probes are kept.
    pub probes_kept: Seconds,
    /// How often it was changed; 0 for the defaults, which nobody has stored.
    pub version: i64,
    /// When it was first stored.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
}

impl Policy {
    /// The cadence while a failover of the account is open, unless it is shorter anyway.
    pub const WATCHFUL: Seconds = Seconds(30);
    const CADENCE: std::ops::RangeInclusive<u32> = 10..=600;
    const WINDOW: std::ops::RangeInclusive<u32> = 60..=24 * 3600;
    const KEPT: std::ops::RangeInclusive<u32> = 3600..=400 * DAY;
    const MOST_RECIPIENTS: usize = 50;

    /// The defaults.
    pub fn new(workspace_id: WorkspaceId, now: Timestamp) -> Self {
        Self {
            workspace_id,
            cadence: Seconds(30),
            balance_floor: Money::whole(Currency::USD, 10),
            approval_window: Seconds(600),
            on_expiry: OnExpiry::Execute,
            automatic: true,
            second_approver: false,
            repair_drift: true,
            recipients: Vec::new(),
            allowed_countries: Vec::new(),
            blocked_countries: Vec::new(),
            probes_kept: Seconds(30 * DAY),
            version: 0,
            create_time: now,
            update_time: now,
        }
    }

    /// Every field that is out of its range, by its name in the API.
    pub fn check(&self) -> Result<()> {
        let mut violations = Vec::new();
        let mut expect = |holds: bool, field: &str, description: &str| {
            if !holds {
                violations.push(Violation { field: field.to_owned(), description: description.to_owned() });
            }
        };
        expect(Self::CADENCE.contains(&self.cadence.get()), "cadence", "expected 10 seconds to 10 minutes");
        expect(Self::WINDOW.contains(&self.approval_window.get()), "approval_window", "expected 1 minute to 24 hours");
        expect(Self::KEPT.contains(&self.probes_kept.get()), "probe_retention", "expected 1 hour to 400 days");
        expect(self.balance_floor.micros >= 0, "balance_floor", "expected an amount of 0 or more");
        let few = self.recipients.len() <= Self::MOST_RECIPIENTS;
        expect(few, "notification_emails", "expected at most 50 addresses");
        let both = self.blocked_countries.iter().find(|country| self.allowed_countries.contains(country));
        expect(both.is_none(), "blocked_countries", "expected no country that is allowed as well");
        if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
    }

    /// Calls must not go there.
    pub fn forbids(&self, country: Country) -> bool {
        self.blocked_countries.contains(&country)
            || (!self.allowed_countries.is_empty() && !self.allowed_countries.contains(&country))
    }
}

const DAY: u32 = 24 * 3600;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample::at;

    fn policy() -> Policy {
        Policy::new(WorkspaceId::from_uuid(Uuid::nil()), at("2026-11-20T12:00:00Z"))
    }

    #[test]
    fn the_defaults_are_acceptable_and_whatever_is_not_is_named_at_once() {
        assert!(policy().check().is_ok());
        let germany: Country = "DE".parse().expect("a country");
        let bad = Policy {
            cadence: Seconds(9),
            approval_window: Seconds(0),
            probes_kept: Seconds(1),
            balance_floor: Money::whole(Currency::USD, -1),
            allowed_countries: vec![germany],
            blocked_countries: vec![germany],
            ..policy()
        };
        let error = bad.check().expect_err("out of range");
        let fields: Vec<&str> = error.violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["cadence", "approval_window", "probe_retention", "balance_floor", "blocked_countries"]);
    }

    #[test]
    fn a_list_of_allowed_countries_forbids_the_others() {
        let (germany, france): (Country, Country) = ("DE".parse().expect("one"), "FR".parse().expect("one"));
        assert!(!policy().forbids(germany));
        assert!(Policy { blocked_countries: vec![germany], ..policy() }.forbids(germany));
        let only_france = Policy { allowed_countries: vec![france], ..policy() };
        assert!(only_france.forbids(germany) && !only_france.forbids(france));
    }
}
