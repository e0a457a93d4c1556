//! Route plans as the API writes them: read into the domain's words and shown from them.

use std::collections::BTreeSet;

use callplane_proto::v1::{self as pb, route_fallback::Kind};

use crate::rpc::{
    read::{each, member, no_such_path, parse, parse_or_none, required},
    show,
};
use crate::{
    domain::{
        error::{Error, Result},
        route::{Day, Decision, Explanation, Fallback, RoutePlan, Rule, Share, Target, TimeWindow, Trace},
        zone::Zone,
    },
    flow::route_plan::{New, Patch},
};

/// A new plan. Fields that the server sets are not looked at.
pub fn new_plan(plan: pb::RoutePlan) -> Result<New> {
    let Given { display_name, rules, fallback, time_zone } = given(plan);
    Ok(New {
        display_name,
        rules: each("rules", rules, Rule::try_from)?,
        fallback: read_fallback(fallback)?,
        time_zone: parse_or_none("time_zone", &time_zone)?,
    })
}

/// New values for the fields that are named.
pub fn patch(plan: pb::RoutePlan, paths: Vec<String>) -> Result<Patch> {
    let in_plan = |error: Error| error.within("route_plan");
    let Given { display_name, rules, fallback, time_zone } = given(plan);
    let mut patch = Patch::default();
    for path in paths {
        match path.as_str() {
            "display_name" => patch.display_name = Some(display_name.clone()),
            "rules" => patch.rules = Some(each("rules", rules.clone(), Rule::try_from).map_err(in_plan)?),
            "fallback" => patch.fallback = Some(read_fallback(fallback.clone()).map_err(in_plan)?),
            "time_zone" => patch.time_zone = Some(parse_or_none::<Zone>("time_zone", &time_zone).map_err(in_plan)?),
            other => return Err(no_such_path(other)),
        }
    }
    Ok(patch)
}

/// What a caller says of a plan.
struct Given {
    display_name: String,
    rules: Vec<pb::RouteRule>,
    fallback: Option<pb::RouteFallback>,
    time_zone: String,
}

fn given(plan: pb::RoutePlan) -> Given {
    let pb::RoutePlan {
        id: _,
        display_name,
        rules,
        fallback,
        time_zone,
        revision: _,
        phone_number_count: _,
        etag: _,
        create_time: _,
        update_time: _,
    } = plan;
    Given { display_name, rules, fallback, time_zone }
}

impl TryFrom<pb::RouteRule> for Rule {
    type Error = Error;

    fn try_from(rule: pb::RouteRule) -> Result<Self> {
        let pb::RouteRule { display_name, windows, caller_prefixes, caller_countries, targets, disabled } = rule;
        Ok(Self {
            display_name,
            windows: each("windows", windows, TimeWindow::try_from)?,
            caller_prefixes: each("caller_prefixes", caller_prefixes, |prefix| parse("", &prefix))?,
            caller_countries: each("caller_countries", caller_countries, |country| parse("", &country))?,
            targets: each("targets", targets, Target::try_from)?,
            disabled,
        })
    }
}

impl TryFrom<pb::TimeWindow> for TimeWindow {
    type Error = Error;

    fn try_from(window: pb::TimeWindow) -> Result<Self> {
        let pb::TimeWindow { days, start_time, end_time, time_zone } = window;
        let days = each("days", days, read_day)?;
        Ok(Self {
            days: BTreeSet::from_iter(days),
            start: parse("start_time", &start_time)?,
            end: parse("end_time", &end_time)?,
            time_zone: parse_or_none("time_zone", &time_zone)?,
        })
    }
}

impl TryFrom<pb::RouteTarget> for Target {
    type Error = Error;

    fn try_from(pb::RouteTarget { agent_id, weight }: pb::RouteTarget) -> Result<Self> {
        let weight = u32::try_from(weight).map_err(|_| Error::invalid("weight", "expected 0 or more"))?;
        Ok(Self { agent_id: parse("agent_id", &agent_id)?, weight })
    }
}

fn read_day(day: i32) -> Result<Day> {
    Ok(match member("", day)? {
        pb::DayOfWeek::Unspecified => return Err(Error::invalid("", "expected a day of the week")),
        pb::DayOfWeek::Monday => Day::Monday,
        pb::DayOfWeek::Tuesday => Day::Tuesday,
        pb::DayOfWeek::Wednesday => Day::Wednesday,
        pb::DayOfWeek::Thursday => Day::Thursday,
        pb::DayOfWeek::Friday => Day::Friday,
        pb::DayOfWeek::Saturday => Day::Saturday,
        pb::DayOfWeek::Sunday => Day::Sunday,
    })
}

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

fn read_fallback(fallback: Option<pb::RouteFallback>) -> Result<Option<Fallback>> {
    let Some(pb::RouteFallback { kind }) = fallback else { return Ok(None) };
    let read = match required("kind", kind).map_err(in_fallback)? {
        Kind::AgentId(id) => parse("agent_id", &id).map(|agent_id| Fallback::Agent { agent_id }),
        Kind::Voicemail(own) => own.try_into().map(Fallback::Voicemail),
        Kind::Announcement(announcement) => Ok(Fallback::Announcement(announcement.into())),
    };
    read.map(Some).map_err(in_fallback)
}

fn in_fallback(error: Error) -> Error {
    error.within("fallback")
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

fn shown_rule(rule: Rule) -> pb::RouteRule {
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

fn shown_fallback(fallback: Fallback) -> pb::RouteFallback {
    let kind = match fallback {
        Fallback::Agent { agent_id } => Kind::AgentId(agent_id.to_string()),
        Fallback::Voicemail(own) => Kind::Voicemail(own.into()),
        Fallback::Announcement(announcement) => Kind::Announcement(announcement.into()),
    };
    pb::RouteFallback { kind: Some(kind) }
}

fn zone_or_empty(zone: Option<Zone>) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
