//! Phases as released versions stored them.

use super::*;

#[test]
fn every_stored_phase_still_loads() {
    let id = account(4);
    for sample in [
        r#"{"state":"awaiting-approval","deadline":"2026-11-20T12:10:00Z","approvals":["tok_1"],"elsewhere":"vendor-wide"}"#.to_owned(),
        r#"{"state":"choosing","at":"2026-11-20T12:00:00Z"}"#.to_owned(),
        format!(r#"{{"state":"probing","candidate":"{id}","round":3,"attempt":0}}"#),
        format!(r#"{{"state":"probing-again","candidate":"{id}","attempt":1,"until":"2026-11-20T12:00:01Z","why":"lost"}}"#),
        format!(r#"{{"state":"reserving","candidate":"{id}","at":"2026-11-20T12:00:00Z"}}"#),
        r#"{"state":"holding","until":"2026-11-20T12:00:30Z","deadline":"2026-11-20T12:30:00Z","why":"lost"}"#.to_owned(),
        r#"{"state":"canary"}"#.to_owned(),
        r#"{"state":"moving"}"#.to_owned(),
        r#"{"state":"undoing","at":"2026-11-20T12:00:00Z","then":"next-target","why":"bad"}"#.to_owned(),
        r#"{"state":"stuck","until":"2026-11-20T12:15:00Z","why":"1 moved lines could not be verified"}"#.to_owned(),
        r#"{"state":"completed"}"#.to_owned(),
        r#"{"state":"partially-completed","why":"1 edited meanwhile"}"#.to_owned(),
        r#"{"state":"cancelled","by":"person","why":"no"}"#.to_owned(),
        r#"{"state":"failed","why":"no"}"#.to_owned(),
        format!(r#"{{"state":"rolled-back","by":"{}"}}"#, FailoverId::from_uuid(Uuid::from_u128(9))),
    ] {
        serde_json::from_str::<Phase>(&sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
    serde_json::from_str::<Tally>(r#"{"waiting":1,"moved":2}"#).expect("loads");
}
