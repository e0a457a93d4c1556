//! Route plans as the API writes them, read into the domain's words.

use std::collections::BTreeSet;

use callplane_proto::v1::{self as pb, route_fallback::Kind};

use crate::rpc::read::{each, member, no_such_path, parse, parse_or_none, required};
use crate::{
    domain::{
        error::{Error, Result},
        route::{Day, Fallback, Rule, Target, TimeWindow},
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
