//! Steers what happens: the people's behaviour, the clock, held webhooks, where public URLs lead.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::call::transcript::Transcript;
use crate::clock::{Pace, Timestamp};
use crate::script::{Callee, MessageFate};
use crate::webhook::delivery::ReleaseOrder;
use crate::world::World;

type Result<T> = std::result::Result<T, Refusal>;

/// What a number does when it is rung; `*` is everybody without an own entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalleeOf {
    pub number: String,
    pub callee: Callee,
}

pub fn set_callee(world: &World, CalleeOf { number, callee }: CalleeOf) {
    world.state().callees.insert(number, callee);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFateOf {
    pub number: String,
    pub fate: MessageFate,
}

pub fn set_message_fate(world: &World, MessageFateOf { number, fate }: MessageFateOf) {
    world.state().message_fates.insert(number, fate);
}

pub fn transcript(world: &World, sid: &str) -> Result<Transcript> {
    let state = world.state();
    let call = state.calls.get(sid).ok_or_else(|| Refusal::not_found("such call"))?;
    Ok(call.transcript.clone())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Release {
    pub order: ReleaseOrder,
}

/// Requests to URLs under `public` go to `actual`; they are signed for the public one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub public: String,
    pub actual: String,
}

pub fn add_route(world: &World, route: &Route) -> Result<()> {
    for (field, url) in [("public", &route.public), ("actual", &route.actual)] {
        if let Some(why) = crate::webhook::target::refusal(url) {
            return Err(Refusal::field(field, &format!("{why}; expected for instance https://calls.example.com")));
        }
    }
    world.courier.add_route(&route.public, &route.actual);
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockReading {
    pub now: Timestamp,
    pub pace: Pace,
}

pub fn clock(world: &World) -> ClockReading {
    ClockReading { now: world.clock.now(), pace: world.clock.pace() }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockMove {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance_seconds: Option<f64>,
    /// Stops the clock at this time; from then on only `advance_seconds` moves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
}

pub fn move_clock(world: &World, change: &ClockMove) -> Result<ClockReading> {
    if let Some(pace) = change.pace {
        world.clock.set_pace(pace);
    }
    if let Some(at) = change.stop_at {
        world.clock.stop_at(at);
    }
    if let Some(seconds) = change.advance_seconds {
        let usable = seconds.is_finite() && (0.0..=3.2e9).contains(&seconds);
        if !usable {
            return Err(Refusal::field("advance_seconds", "expected a number of seconds, not negative"));
        }
        world.clock.advance(TimeDelta::milliseconds((seconds * 1000.0) as i64));
    }
    Ok(clock(world))
}
