//! The append-only list of what really happened. Tests judge by it, so nothing is ever taken out
//! except by a reset of the whole simulator.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub number: u64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub what: Happened,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// A request to a vendor's REST API. `performed` says whether the work was done, whatever was answered.
    Rest {
        vendor: String,
        method: String,
        path: String,
        resource: String,
        account_sid: String,
        /// The resource read, made or changed.
        sid: String,
        credential: String,
        performed: bool,
        /// What the client saw; none when the connection was closed without an answer.
        status: Option<u16>,
        code: Option<u32>,
        fault: Option<String>,
    },
    /// A telephone really rang.
    Rung {
        person: String,
        from: String,
        call_sid: String,
        account_sid: String,
        direction: String,
    },
    Answered {
        person: String,
        call_sid: String,
        account_sid: String,
    },
    Pressed {
        person: String,
        digits: String,
        call_sid: String,
        account_sid: String,
    },
    Spoke {
        person: String,
        text: String,
        call_sid: String,
        account_sid: String,
    },
    /// A call reached its final status.
    Ended {
        call_sid: String,
        account_sid: String,
        from: String,
        to: String,
        direction: String,
        status: String,
        seconds: u32,
    },
    Streamed {
        call_sid: String,
        account_sid: String,
        url: String,
        accepted: bool,
        seconds: u32,
    },
    Recorded {
        recording_sid: String,
        call_sid: String,
        account_sid: String,
        seconds: u32,
        source: String,
    },
    MessageSent {
        message_sid: String,
        account_sid: String,
        from: String,
        to: String,
        body: String,
        status: String,
    },
    MessageReceived {
        message_sid: String,
        account_sid: String,
        from: String,
        to: String,
        body: String,
    },
    /// One attempt to reach a webhook.
    Webhook {
        webhook: String,
        method: String,
        url: String,
        account_sid: String,
        sid: String,
        call_status: Option<String>,
        attempt: u32,
        status: Option<u16>,
        error_code: Option<u32>,
        delivery: String,
    },
    /// What Twilio would show in its debugger.
    Alarm {
        code: u32,
        account_sid: String,
        sid: String,
        message: String,
    },
}

impl Happened {
    pub fn kind(&self) -> &'static str {
        match self {
            Happened::Rest { .. } => "rest",
            Happened::Rung { .. } => "rung",
            Happened::Answered { .. } => "answered",
            Happened::Pressed { .. } => "pressed",
            Happened::Spoke { .. } => "spoke",
            Happened::Ended { .. } => "ended",
            Happened::Streamed { .. } => "streamed",
            Happened::Recorded { .. } => "recorded",
            Happened::MessageSent { .. } => "message_sent",
            Happened::MessageReceived { .. } => "message_received",
            Happened::Webhook { .. } => "webhook",
            Happened::Alarm { .. } => "alarm",
        }
    }

    pub fn account_sid(&self) -> &str {
        match self {
            Happened::Rest { account_sid, .. }
            | Happened::Rung { account_sid, .. }
            | Happened::Answered { account_sid, .. }
            | Happened::Pressed { account_sid, .. }
            | Happened::Spoke { account_sid, .. }
            | Happened::Ended { account_sid, .. }
            | Happened::Streamed { account_sid, .. }
            | Happened::Recorded { account_sid, .. }
            | Happened::MessageSent { account_sid, .. }
            | Happened::MessageReceived { account_sid, .. }
            | Happened::Webhook { account_sid, .. }
            | Happened::Alarm { account_sid, .. } => account_sid,
        }
    }

    fn person(&self) -> Option<&str> {
        match self {
            Happened::Rung { person, .. }
            | Happened::Answered { person, .. }
            | Happened::Pressed { person, .. }
            | Happened::Spoke { person, .. } => Some(person),
            Happened::Ended { to, .. } | Happened::MessageSent { to, .. } | Happened::MessageReceived { to, .. } => {
                Some(to)
            }
            _ => None,
        }
    }

    fn call_sid(&self) -> Option<&str> {
        match self {
            Happened::Rung { call_sid, .. }
            | Happened::Answered { call_sid, .. }
            | Happened::Pressed { call_sid, .. }
            | Happened::Spoke { call_sid, .. }
            | Happened::Ended { call_sid, .. }
            | Happened::Streamed { call_sid, .. }
            | Happened::Recorded { call_sid, .. } => Some(call_sid),
            Happened::Webhook { sid, .. } | Happened::Alarm { sid, .. } => Some(sid),
            _ => None,
        }
    }
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
