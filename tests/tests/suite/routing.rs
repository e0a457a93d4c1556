//! What a route plan would do, what it does to a real call, and what is stored: the same decision.

use std::collections::BTreeMap;

use callplane_proto::v1::{self as pb, DayOfWeek};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, CALLER, NUMBER, announcement},
    webhooks::call_sid,
};
use chrono::{DateTime, Datelike, Utc};

on_both!(
    a_real_call_is_decided_as_evaluate_said,
    weights_share_the_calls_and_a_repeated_request_keeps_its_agent,
    opening_hours_follow_the_clocks_of_their_zone,
);

async fn speaker(plane: &Plane, text: &str) -> String {
    plane.agent(announcement(text)).await.id
}

fn target(agent_id: &str, weight: i32) -> pb::RouteTarget {
    pb::RouteTarget { agent_id: agent_id.to_owned(), weight }
}

fn rule(name: &str, agent_id: &str) -> pb::RouteRule {
    pb::RouteRule { display_name: name.to_owned(), targets: vec![target(agent_id, 1)], ..Default::default() }
}

async fn plan(plane: &Plane, rules: Vec<pb::RouteRule>, otherwise: &str) -> pb::RoutePlan {
    let kind = Some(pb::route_fallback::Kind::AgentId(otherwise.to_owned()));
    let fallback = Some(pb::RouteFallback { kind });
    let plan = pb::RoutePlan { display_name: "Hours".into(), rules, fallback, ..Default::default() };
    let request = pb::CreateRoutePlanRequest { route_plan: Some(plan), ..Default::default() };
    let made = plane.api.route_plans().create_route_plan(request).await.expect("a plan");
    made.into_inner().route_plan.expect("a plan")
}

/// An account and a number that the plan answers.
async fn answered_by(plane: &Plane, plan: &pb::RoutePlan) -> (Account, pb::PhoneNumber) {
    let account = plane.account().await;
    let number = plane.number(&account, NUMBER).await;
    plane.assign(&number, pb::assignment::Target::RoutePlanId(plan.id.clone())).await;
    (account, number)
}

async fn evaluate(plane: &Plane, request: pb::EvaluateRouteRequest) -> pb::EvaluateRouteResponse {
    plane.api.route_plans().evaluate_route(request).await.expect("evaluated").into_inner()
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }
}

/// The whole of these days, counted from today.
fn days(plane: &Plane, offsets: &[i64]) -> Vec<pb::TimeWindow> {
    let day = |offset: &i64| {
        let date = plane.now() + chrono::Duration::days(*offset);
        DayOfWeek::try_from(i32::try_from(date.weekday().number_from_monday()).expect("1 to 7")).expect("a day").into()
    };
    let (start_time, end_time) = ("00:00".to_owned(), "24:00".to_owned());
    vec![pb::TimeWindow { days: offsets.iter().map(day).collect(), start_time, end_time, time_zone: "UTC".into() }]
}

async fn a_real_call_is_decided_as_evaluate_said(db: Database) {
    let plane = Plane::start(db).await;
    let (closed, near, german, open) = (
        speaker(&plane, "Not today.").await,
        speaker(&plane, "Near.").await,
        speaker(&plane, "Deutsch.").await,
        speaker(&plane, "Open.").await,
    );
    let rules = vec![
        pb::RouteRule { windows: days(&plane, &[3]), ..rule("another day", &closed) },
        pb::RouteRule { caller_prefixes: vec!["+1415555".into()], ..rule("near", &near) },
        pb::RouteRule { caller_countries: vec!["DE".into()], ..rule("german", &german) },
        pb::RouteRule { windows: days(&plane, &[-1, 0, 1]), caller_prefixes: vec!["+44".into()], ..rule("uk", &open) },
    ];
    let plan = plan(&plane, rules, &closed).await;
    let (account, number) = answered_by(&plane, &plan).await;
    let cases = [
        (CALLER, &near, "Near.", "near"),
        ("+4930901820", &german, "Deutsch.", "german"),
        ("+442079460000", &open, "Open.", "uk"),
        ("+33140205050", &closed, "Not today.", ""),
    ];
    for (turn, (from, agent, said, rule)) in cases.into_iter().enumerate() {
        let said_before = evaluate(
            &plane,
            pb::EvaluateRouteRequest {
                subject: Some(pb::evaluate_route_request::Subject::PhoneNumberId(number.id.clone())),
                from_number: from.to_owned(),
                ..Default::default()
            },
        );
        let decision = said_before.await.decision.expect("a decision");
        let twiml = plane.ring(&account, &call_sid(turn), from, NUMBER).await;
        assert!(twiml.contains(said), "{from}: {twiml}");
        let call = plane.stored_call(&call_sid(turn)).await;
        assert_eq!(call.agent_id, *agent, "{from}");
        let stored = call.decision.expect("it is stored with its reason");
        assert_eq!((stored.rule.as_str(), &stored.route_plan_id), (rule, &plan.id), "{from}: {stored:?}");
        assert_eq!(stored, decision, "{from}");
    }
    plane.settle().await;
}

async fn weights_share_the_calls_and_a_repeated_request_keeps_its_agent(db: Database) {
    let plane = Plane::start(db).await;
    let (often, seldom) = (speaker(&plane, "Often.").await, speaker(&plane, "Seldom.").await);
    let targets = vec![target(&often, 3), target(&seldom, 1)];
    let plan = plan(&plane, vec![pb::RouteRule { targets, ..rule("shared", &often) }], &seldom).await;
    let (account, number) = answered_by(&plane, &plan).await;
    let shares = evaluate(
        &plane,
        pb::EvaluateRouteRequest {
            subject: Some(pb::evaluate_route_request::Subject::PhoneNumberId(number.id.clone())),
            from_number: CALLER.to_owned(),
            ..Default::default()
        },
    );
    let shares: BTreeMap<_, _> = shares.await.shares.into_iter().map(|share| (share.agent_id, share.share)).collect();
    assert_eq!(shares, BTreeMap::from([(often.clone(), 0.75), (seldom.clone(), 0.25)]));
    let mut taken = BTreeMap::<String, usize>::new();
    for turn in 0..64 {
        let first = plane.ring(&account, &call_sid(turn), CALLER, NUMBER).await;
        let again = plane.ring(&account, &call_sid(turn), CALLER, NUMBER).await;
        assert_eq!(first, again, "a repeated request gets the same answer");
        *taken.entry(plane.stored_call(&call_sid(turn)).await.agent_id).or_default() += 1;
    }
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(taken[&often] > taken[&seldom], "{taken:?}");
    plane.settle().await;
}

async fn opening_hours_follow_the_clocks_of_their_zone(db: Database) {
    let plane = Plane::start(db).await;
    let (open, closed) = (speaker(&plane, "Open.").await, speaker(&plane, "Closed.").await);
    let weekdays =
        [DayOfWeek::Monday, DayOfWeek::Tuesday, DayOfWeek::Wednesday, DayOfWeek::Thursday, DayOfWeek::Friday];
    let window = pb::TimeWindow {
        days: weekdays.map(i32::from).to_vec(),
        start_time: "09:00".into(),
        end_time: "17:00".into(),
        time_zone: "Europe/Berlin".into(),
    };
    let plan = plan(&plane, vec![pb::RouteRule { windows: vec![window], ..rule("open", &open) }], &closed).await;
    // The clocks go forward in the night to Sunday, 29 March 2026.
    for (at, is_open) in [
        ("2026-03-27T08:30:00Z", true),
        ("2026-03-27T07:30:00Z", false),
        ("2026-03-27T15:59:59Z", true),
        ("2026-03-27T16:00:00Z", false),
        ("2026-03-28T10:00:00Z", false),
        ("2026-03-30T07:30:00Z", true),
        ("2026-03-30T15:30:00Z", false),
    ] {
        let request = pb::EvaluateRouteRequest {
            subject: Some(pb::evaluate_route_request::Subject::RoutePlanId(plan.id.clone())),
            from_number: CALLER.to_owned(),
            at_time: Some(timestamp(at.parse().expect("a time"))),
            ..Default::default()
        };
        let decision = evaluate(&plane, request).await.decision.expect("a decision");
        assert_eq!(decision.agent_id, if is_open { open.clone() } else { closed.clone() }, "{at}: {decision:?}");
    }
}
