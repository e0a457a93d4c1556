//! Fetches the evidence: rows past the control planes, the ledger from the simulator, errors from the logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use callplane_control_plane::store::entity::{call, call_event, escalation_step};
use callplane_simulator::{Client, Happened, LedgerFilter, Timestamp};
use sea_orm::{DatabaseConnection, EntityTrait, QuerySelect};

use super::{
    Failure,
    evidence::{Stored, Touch},
    fleet::Fleet,
    history::Step,
    seat::Seat,
};

/// The calls as they are stored.
pub async fn stored(database: &DatabaseConnection) -> Result<BTreeMap<String, Stored>, Failure> {
    let rows = call::Entity::find().all(database).await?;
    let stored = rows.into_iter().map(|row| {
        let facts = row.facts.0;
        let seconds = facts.duration.map(|duration| duration.get());
        (row.call_sid, Stored { status: row.status, end_time: facts.end_time, seconds })
    });
    Ok(stored.collect())
}

/// What was told of calls, and how often each is there.
pub async fn events(database: &DatabaseConnection) -> Result<BTreeMap<(String, Step), u32>, Failure> {
    let calls = call::Entity::find().select_only().column(call::Column::Id).column(call::Column::CallSid);
    let calls: Vec<(callplane_control_plane::domain::id::CallId, String)> = calls.into_tuple().all(database).await?;
    let sids: BTreeMap<_, _> = calls.into_iter().collect();
    let mut events = BTreeMap::new();
    for row in call_event::Entity::find().all(database).await? {
        let sequence = row.sequence_number.and_then(|number| u32::try_from(number).ok());
        let step = match (row.kind.as_str(), sequence) {
            ("received", _) => Step::Voice,
            ("answer-failed", _) => Step::Fallback,
            ("progressed", Some(sequence)) => Step::Status(sequence),
            _ => continue,
        };
        let sid = sids.get(&row.call_id).ok_or("an event without its call")?;
        *events.entry((sid.clone(), step)).or_default() += 1;
    }
    Ok(events)
}

/// What reached Twilio about its numbers after this entry of the ledger.
pub async fn touches(twilio: &Client, after: u64) -> Result<Vec<Touch>, Failure> {
    let filter = LedgerFilter { after: Some(after), ..LedgerFilter::kind("rest") };
    let touches = twilio.ledger_of(&filter).await?.into_iter().filter_map(|entry| match entry.what {
        Happened::Rest { method, resource, sid, performed, .. } if resource == "IncomingPhoneNumbers" => {
            Some(Touch { number_sid: sid, is_write: method != "GET", performed })
        }
        _ => None,
    });
    Ok(touches.filter(|touch| touch.number_sid.starts_with("PN")).collect())
}

/// When whose telephone rang because of us.
pub async fn rings(twilio: &Client) -> Result<BTreeMap<String, Vec<Timestamp>>, Failure> {
    let mut rings: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for entry in twilio.ledger_of(&LedgerFilter::kind("rung")).await? {
        match entry.what {
            Happened::Rung { person, direction, .. } if direction == "outbound-api" => {
                rings.entry(person).or_default().push(entry.at);
            }
            _ => {}
        }
    }
    Ok(rings)
}

/// How each step of each incident stands.
pub async fn steps(database: &DatabaseConnection) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in escalation_step::Entity::find().all(database).await? {
        steps.entry(row.incident_id.to_string()).or_default().push(row.status);
    }
    Ok(steps)
}

/// How far the ledger has come.
pub async fn last_entry(twilio: &Client) -> Result<u64, Failure> {
    Ok(twilio.ledger().await?.last().map_or(0, |entry| entry.number))
}

/// The different errors and panics of all processes of ours, without their times and ids.
pub fn errors(fleet: &Fleet) -> Result<BTreeSet<String>, Failure> {
    let mut errors = BTreeSet::new();
    for seat in fleet.seats().chain([&fleet.simulator]) {
        errors.extend(errors_of(seat)?);
    }
    Ok(errors)
}

fn errors_of(seat: &Seat) -> Result<BTreeSet<String>, Failure> {
    let text = String::from_utf8_lossy(&fs::read(&seat.log)?).into_owned();
    Ok(text.lines().filter_map(complaint).map(|line| format!("{}: {line}", seat.name)).collect())
}

/// The message of a line that says that somebody should look.
fn complaint(line: &str) -> Option<String> {
    if line.contains("panicked at") {
        return Some(line.to_owned());
    }
    if let Ok(line) = serde_json::from_str::<serde_json::Value>(line) {
        let fields = &line["fields"];
        let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        let (message, cause) = (text("message"), text("cause"));
        return (line["level"] == "ERROR").then(|| format!("{message} {cause}").trim().to_owned());
    }
    let (_, said) = line.split_once(" ERROR ")?;
    Some(said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn errors_and_panics_are_found_in_both_kinds_of_logs() {
        let json =
            r#"{"timestamp":"t","level":"ERROR","fields":{"message":"webhooks could not be stored","cause":"gone"}}"#;
        assert_eq!(complaint(json).as_deref(), Some("webhooks could not be stored gone"));
        assert_eq!(complaint(&json.replace("ERROR", "WARN")), None);
        let text = "2026-11-21T10:00:00Z ERROR callplane_edge: the control plane does not answer";
        assert_eq!(complaint(text).as_deref(), Some("callplane_edge: the control plane does not answer"));
        assert_eq!(complaint("2026-11-21T10:00:00Z  INFO callplane_edge: ERROR-free"), None);
        assert!(complaint("thread 'main' panicked at src/main.rs:1:1").is_some());
    }
}
