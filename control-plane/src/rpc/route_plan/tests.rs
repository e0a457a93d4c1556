use callplane_proto::v1::{self as pb, route_fallback::Kind};

use super::{
    read::{new_plan, patch},
    show::{shown_fallback, shown_rule, zone_or_empty},
};
use crate::flow::route_plan::New;

const AGENT: &str = "agt_01h455vb4pex5vsknk084sn02q";

fn plan() -> pb::RoutePlan {
    let window = pb::TimeWindow {
        days: vec![pb::DayOfWeek::Monday.into(), pb::DayOfWeek::Friday.into()],
        start_time: "09:00".into(),
        end_time: "17:30".into(),
        time_zone: "Europe/Berlin".into(),
    };
    let rule = pb::RouteRule {
        display_name: "office".into(),
        windows: vec![window],
        caller_prefixes: vec!["+4930".into()],
        caller_countries: vec!["DE".into()],
        targets: vec![pb::RouteTarget { agent_id: AGENT.into(), weight: 3 }],
        disabled: false,
    };
    let fallback = pb::RouteFallback { kind: Some(Kind::AgentId(AGENT.into())) };
    pb::RoutePlan {
        display_name: "main".into(),
        rules: vec![rule.clone(), pb::RouteRule { disabled: true, ..rule }],
        fallback: Some(fallback),
        time_zone: "UTC".into(),
        ..Default::default()
    }
}

#[test]
fn a_plan_is_shown_as_it_was_given() {
    let New { rules, fallback, time_zone, .. } = new_plan(plan()).expect("well-formed");
    let shown: Vec<_> = rules.into_iter().map(shown_rule).collect();
    assert_eq!(shown, plan().rules);
    assert_eq!(fallback.map(shown_fallback), plan().fallback);
    assert_eq!(zone_or_empty(time_zone), "UTC");
}

#[test]
fn blame_has_the_path_of_the_field() {
    let mut bad = plan();
    bad.rules[0].windows[0].time_zone = "Europe/Berln".into();
    bad.rules[1].targets[0].agent_id = "agt_x".into();
    let error = patch(bad, vec!["rules".into()]).expect_err("two are wrong");
    let fields: Vec<_> = error.violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["route_plan.rules[0].windows[0].time_zone", "route_plan.rules[1].targets[0].agent_id"]);
}

#[test]
fn only_what_the_mask_names_is_changed() {
    let named = |path: &str| patch(plan(), vec![path.to_owned()]);
    let only_name = named("display_name").expect("known");
    assert!(only_name.rules.is_none() && only_name.fallback.is_none() && only_name.time_zone.is_none());
    let cleared = patch(pb::RoutePlan::default(), vec!["fallback".into(), "time_zone".into()]).expect("known");
    assert_eq!((cleared.fallback, cleared.time_zone), (Some(None), Some(None)));
    assert!(named("revision").is_err());
}
