//! Ladders as messages, and messages as ladders.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        calling_hours::CallingHours,
        error::{Error, Result},
        ladder::{Ladder, MOST_CALLS, Reached, Rung, Script, Span, Target},
        policy::Policy,
        seconds::Seconds,
    },
    rpc::{
        attempt::shape::{read_channel, shown_channel},
        read::{each, member, parse, required, seconds},
        show,
    },
};

/// How long an incident stays open that nobody cares for, where nobody said otherwise.
const CLOSES_AFTER: Seconds = Seconds(4 * 3600);

/// Reads what a policy does.
pub fn ladder(policy: &pb::EscalationPolicy) -> Result<Ladder> {
    let most_calls = u32::try_from(policy.max_calls_per_person).unwrap_or_default();
    let length = |field, given: Option<prost_types::Duration>| given.map(|given| seconds(field, given)).transpose();
    Ok(Ladder {
        rungs: each("rungs", policy.rungs.clone(), rung)?,
        most_calls: if most_calls == 0 { MOST_CALLS } else { most_calls },
        requires_consent: policy.requires_consent,
        calling_hours: policy.calling_hours.clone().map(hours).transpose()?,
        acknowledged_for: length("acknowledgement_timeout", policy.acknowledgement_timeout)?,
        closes_after: length("close_after", policy.close_after)?.unwrap_or(CLOSES_AFTER),
    })
}

fn hours(pb::PolicyHours { start, end }: pb::PolicyHours) -> Result<CallingHours> {
    let from = parse("calling_hours.start", &start)?;
    let until = parse("calling_hours.end", &end)?;
    let hours = CallingHours { from, until, ..CallingHours::default() };
    hours.check().map_err(|error| error.within("calling_hours"))?;
    Ok(hours)
}

fn rung(rung: pb::Rung) -> Result<Rung> {
    let pb::Rung { offset, channel, target, stand_in, contact_id, script, window, redials, reached_by, at_any_hour } =
        rung;
    Ok(Rung {
        offset: signed("offset", required("offset", offset)?)?,
        channel: required("channel", read_channel("channel", channel)?)?,
        target: read_target(target, stand_in, &contact_id)?,
        script: script.map(read_script).unwrap_or_default(),
        window: window.map(span).transpose()?,
        redials: u32::try_from(redials).unwrap_or_default(),
        reached: match member::<pb::Reached>("reached_by", reached_by)? {
            pb::Reached::Unspecified | pb::Reached::Acknowledged => Reached::Acknowledged,
            pb::Reached::Delivered => Reached::Delivered,
        },
        at_any_hour,
    })
}

fn read_target(target: i32, stand_in: i32, contact_id: &str) -> Result<Target> {
    match member::<pb::RungTarget>("target", target)? {
        pb::RungTarget::Unspecified | pb::RungTarget::Person => Ok(Target::Person),
        pb::RungTarget::StandIn => Ok(Target::StandIn(u32::try_from(stand_in.max(1) - 1).unwrap_or_default())),
        pb::RungTarget::Contact => parse("contact_id", contact_id).map(Target::Contact),
    }
}

/// Reads a script.
pub fn read_script(script: pb::Script) -> Script {
    let pb::Script { subject, text, menu, language, voice, offers_opt_out } = script;
    Script { subject, text, menu, language, voice, offers_opt_out }
}

fn span(pb::RungWindow { start, end }: pb::RungWindow) -> Result<Span> {
    let from = signed("window.start", required("window.start", start)?)?;
    let until = signed("window.end", required("window.end", end)?)?;
    Ok(Span { from, until })
}

/// Whole seconds before or after.
fn signed(field: &str, length: prost_types::Duration) -> Result<i64> {
    if length.nanos != 0 {
        return Err(Error::invalid(field, "expected whole seconds"));
    }
    Ok(length.seconds)
}

/// A policy, as people see it.
pub fn shown(policy: Policy) -> pb::EscalationPolicy {
    let Policy { id, workspace_id: _, display_name, ladder, version, create_time, update_time } = policy;
    let hours = |hours: CallingHours| pb::PolicyHours { start: hours.from.to_string(), end: hours.until.to_string() };
    pb::EscalationPolicy {
        id: id.to_string(),
        display_name,
        rungs: ladder.rungs.into_iter().map(shown_rung).collect(),
        max_calls_per_person: i32::try_from(ladder.most_calls).unwrap_or(i32::MAX),
        requires_consent: ladder.requires_consent,
        calling_hours: ladder.calling_hours.map(hours),
        acknowledgement_timeout: ladder.acknowledged_for.map(show::seconds),
        close_after: Some(show::seconds(ladder.closes_after)),
        version,
        etag: show::etag(version),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}

fn shown_rung(rung: Rung) -> pb::Rung {
    let length = |seconds| prost_types::Duration { seconds, nanos: 0 };
    let (target, stand_in, contact_id) = match rung.target {
        Target::Person => (pb::RungTarget::Person, 0, String::new()),
        Target::StandIn(place) => {
            (pb::RungTarget::StandIn, i32::try_from(place + 1).unwrap_or(i32::MAX), String::new())
        }
        Target::Contact(id) => (pb::RungTarget::Contact, 0, id.to_string()),
    };
    let Script { subject, text, menu, language, voice, offers_opt_out } = rung.script;
    pb::Rung {
        offset: Some(length(rung.offset)),
        channel: shown_channel(rung.channel).into(),
        target: target.into(),
        stand_in,
        contact_id,
        script: Some(pb::Script { subject, text, menu, language, voice, offers_opt_out }),
        window: rung
            .window
            .map(|Span { from, until }| pb::RungWindow { start: Some(length(from)), end: Some(length(until)) }),
        redials: i32::try_from(rung.redials).unwrap_or(i32::MAX),
        reached_by: match rung.reached {
            Reached::Acknowledged => pb::Reached::Acknowledged,
            Reached::Delivered => pb::Reached::Delivered,
        }
        .into(),
        at_any_hour: rung.at_any_hour,
    }
}
