//! Route plans and decisions, as the API shows them.

use callplane_proto::v1::{self as pb, route_fallback::Kind};

use crate::domain::{
    route::{Day, Decision, Explanation, Fallback, RoutePlan, Rule, Share, Target, TimeWindow, Trace},
    zone::Zone,
};
use crate::rpc::show;

fn shown_day(day: Day) -> i32 {
    let day = match day {
        Day::Monday => pb::DayOfWeek::Monday,
        Day::Tuesday => pb::DayOfWeek::Tuesday,
        Day::Wednesday => pb::DayOfWeek::Wednesday,
        Day::Thursday => pb::DayOfWeek::Thursday,
        Day::Friday => pb::DayOfWeek::Friday,
        Day::Saturday => pb::DayOfWeek::Saturday,
        Day::Sunday => pb::DayOfWeek::Sunday,
    };
    day.into()
}

/// A plan as the API shows it, with how many numbers are assigned to it.
pub fn shown(plan: RoutePlan, numbers: i64) -> pb::RoutePlan {
    let RoutePlan {
        id,
        workspace_id: _,
        display_name,
        rules,
        fallback,
        time_zone,
        revision,
        version,
        create_time,
        update_time,
    } = plan;
    pb::RoutePlan {
        id: id.to_string(),
        display_name,
        rules: rules.into_iter().map(shown_rule).collect(),
        fallback: fallback.map(shown_fallback),
        time_zone: zone_or_empty(time_zone),
        revision,
        phone_number_count: show::count(numbers),
        etag: show::etag(version),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}

pub(super) fn shown_rule(rule: Rule) -> pb::RouteRule {
    let Rule { display_name, windows, caller_prefixes, caller_countries, targets, disabled } = rule;
    pb::RouteRule {
        display_name,
        windows: windows.into_iter().map(shown_window).collect(),
        caller_prefixes: caller_prefixes.into_iter().map(String::from).collect(),
        caller_countries: caller_countries.into_iter().map(String::from).collect(),
        targets: targets.into_iter().map(shown_target).collect(),
        disabled,
    }
}

fn shown_window(TimeWindow { days, start, end, time_zone }: TimeWindow) -> pb::TimeWindow {
    pb::TimeWindow {
        days: days.into_iter().map(shown_day).collect(),
        start_time: start.to_string(),
        end_time: end.to_string(),
        time_zone: zone_or_empty(time_zone),
    }
}

fn shown_target(Target { agent_id, weight }: Target) -> pb::RouteTarget {
    pb::RouteTarget { agent_id: agent_id.to_string(), weight: show::count(weight.into()) }
}

pub(super) fn shown_fallback(fallback: Fallback) -> pb::RouteFallback {
    let kind = match fallback {
        Fallback::Agent { agent_id } => Kind::AgentId(agent_id.to_string()),
        Fallback::Voicemail(own) => Kind::Voicemail(own.into()),
        Fallback::Announcement(announcement) => Kind::Announcement(announcement.into()),
    };
    pb::RouteFallback { kind: Some(kind) }
}

pub(super) fn zone_or_empty(zone: Option<Zone>) -> String {
    zone.map(String::from).unwrap_or_default()
}

/// Who answers, and why.
pub fn shown_decision(decision: Decision) -> pb::RouteDecision {
    let Decision { agent_id, route_plan_id, revision, rule, reason, detail } = decision;
    pb::RouteDecision {
        agent_id: show::id_or_empty(agent_id),
        route_plan_id: show::id_or_empty(route_plan_id),
        revision,
        rule,
        reason: reason.to_string(),
        detail,
    }
}

/// A decision with everything that led to it.
pub fn shown_explanation(explanation: Explanation<'_>) -> pb::EvaluateRouteResponse {
    let Explanation { decision, answering: _, trace, shares } = explanation;
    let traced = |Trace { rule, matched, reason }| pb::RouteTrace { rule, matched, reason };
    let shared = |Share { agent_id, share, reason }| pb::RouteShare { agent_id: agent_id.to_string(), share, reason };
    pb::EvaluateRouteResponse {
        decision: Some(shown_decision(decision)),
        trace: trace.into_iter().map(traced).collect(),
        shares: shares.into_iter().map(shared).collect(),
    }
}
