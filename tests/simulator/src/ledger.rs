//! The append-only list of what really happened. Tests judge by it, so nothing is ever taken out
//! except by a reset of the whole simulator.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
pub use crate::happened::Happened;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub number: u64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub what: Happened,
}

/// Which entries are wanted; an empty filter wants all of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_sid: Option<String>,
    /// Only entries with a higher number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

impl LedgerFilter {
    pub fn kind(kind: &str) -> Self {
        Self { kind: Some(kind.to_owned()), ..Self::default() }
    }

    fn wants(&self, entry: &Entry) -> bool {
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        same(&self.kind, Some(entry.what.kind()))
            && same(&self.account_sid, Some(entry.what.account_sid()))
            && same(&self.person, entry.what.person())
            && same(&self.call_sid, entry.what.call_sid())
            && self.after.is_none_or(|after| entry.number > after)
    }
}

#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    pub fn write(&self, at: Timestamp, what: Happened) {
        let mut entries = self.lock();
        let number = entries.len() as u64 + 1;
        entries.push(Entry { number, at, what });
    }

    pub fn read(&self, filter: &LedgerFilter) -> Vec<Entry> {
        self.lock().iter().filter(|entry| filter.wants(entry)).cloned().collect()
    }

    /// How often each kind happened; REST requests count as `rest METHOD resource`, done or not done apart.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for entry in self.lock().iter() {
            let name = match &entry.what {
                Happened::Rest { method, resource, performed: true, .. } => format!("rest {method} {resource}"),
                Happened::Rest { method, resource, .. } => format!("rest {method} {resource} (not done)"),
                Happened::Webhook { webhook, .. } => format!("webhook {webhook}"),
                other => other.kind().to_owned(),
            };
            *counts.entry(name).or_insert(0) += 1;
        }
        counts
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(person: &str) -> Happened {
        let (from, call_sid, account_sid) = ("+15550100009".to_owned(), "CA1".to_owned(), "AC1".to_owned());
        Happened::Rung { person: person.to_owned(), from, call_sid, account_sid, direction: "outbound-api".to_owned() }
    }

    #[test]
    fn entries_survive_a_trip_through_json_and_are_found_by_person() {
        let ledger = Ledger::default();
        let at = "2026-08-04T12:00:00Z".parse().expect("a valid time");
        ledger.write(at, rung("+15550100001"));
        ledger.write(at, rung("+15550100002"));
        let filter = LedgerFilter { person: Some("+15550100002".into()), ..LedgerFilter::kind("rung") };
        let found = ledger.read(&filter);
        assert_eq!(found.len(), 1);
        let text = serde_json::to_string(&found).expect("entries are JSON");
        assert_eq!(serde_json::from_str::<Vec<Entry>>(&text).expect("and come back"), found);
        assert_eq!(ledger.counts()["rung"], 2);
    }
}
