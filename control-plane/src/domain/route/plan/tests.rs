use uuid::Uuid;

use super::*;
use crate::domain::sample::{agent_id, at};

fn plan(rules: Vec<Rule>) -> RoutePlan {
    RoutePlan {
        id: RoutePlanId::from_uuid(Uuid::nil()),
        workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
        display_name: "Main".to_owned(),
        rules,
        fallback: None,
        time_zone: None,
        revision: 1,
        version: 1,
        create_time: at("2026-01-01T00:00:00Z"),
        update_time: at("2026-01-01T00:00:00Z"),
    }
}

fn rule(targets: &[u128]) -> Rule {
    Rule {
        display_name: "Day".to_owned(),
        windows: Vec::new(),
        caller_prefixes: Vec::new(),
        caller_countries: Vec::new(),
        targets: targets.iter().map(|number| Target { agent_id: agent_id(*number), weight: 1 }).collect(),
        disabled: false,
    }
}

fn window(start: &str, end: &str) -> TimeWindow {
    let time = |text: &str| text.parse().expect("a time");
    TimeWindow { days: Default::default(), start: time(start), end: time(end), time_zone: None }
}

#[test]
fn every_bad_field_of_a_plan_is_named_at_once() {
    let bad = Rule {
        windows: vec![window("09:00", "17:00"), window("09:00", "09:00"), window("24:00", "08:00")],
        ..rule(&[1, 2, 1])
    };
    let unnamed = Rule { display_name: " ".to_owned(), ..rule(&[]) };
    let error = plan(vec![rule(&[1]), bad, unnamed]).check().expect_err("bad");
    let fields: Vec<_> = error.violations.iter().map(|violation| violation.field.as_str()).collect();
    let expected = [
        "rules[1].targets[2].agent_id",
        "rules[1].windows[1].end_time",
        "rules[1].windows[2].start_time",
        "rules[2].display_name",
        "rules[2].targets",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn the_same_agent_may_answer_in_several_rules() {
    let plan = RoutePlan {
        fallback: Some(Fallback::Agent { agent_id: agent_id(9) }),
        ..plan(vec![rule(&[1, 2]), rule(&[1])])
    };
    assert!(plan.check().is_ok());
    assert_eq!(plan.agent_ids(), [1, 2, 9].map(agent_id).into());
}

#[test]
fn a_prefix_is_a_plus_and_up_to_fifteen_digits() {
    assert_eq!("+4930".parse::<Prefix>().expect("a prefix").digits(), 4);
    for bad in ["", "+", "4930", "+49 30", "+1234567890123456", "+49x"] {
        assert!(bad.parse::<Prefix>().is_err(), "{bad}");
    }
}

#[test]
fn stored_rules_and_fallbacks_still_load() {
    let sample = r#"{"display_name":"Day","windows":[{"days":["monday"],"start":"09:00","end":"17:00","time_zone":null}],"caller_prefixes":["+4930"],"caller_countries":["DE"],"targets":[{"agent_id":"agt_00000000000000000000000001","weight":2}],"disabled":false}"#;
    let rule: Rule = serde_json::from_str(sample).expect("loads");
    assert_eq!(serde_json::to_string(&rule).expect("plain"), sample);
    let shortest = r#"{"display_name":"All","targets":[{"agent_id":"agt_00000000000000000000000001"}]}"#;
    assert!(serde_json::from_str::<Rule>(shortest).is_ok());
    for sample in [
        r#"{"kind":"agent","agent_id":"agt_00000000000000000000000001"}"#,
        r#"{"kind":"voicemail","greeting":"Hello.","max_length":60,"silence_timeout":3,"voice":"","language":""}"#,
        r#"{"kind":"announcement","text":"Closed.","voice":"","language":""}"#,
    ] {
        let fallback: Fallback = serde_json::from_str(sample).expect(sample);
        assert_eq!(serde_json::to_string(&fallback).expect("plain"), sample);
    }
}
