//! The control API under `/sim`: what tests, `make run` and people tell the simulator.
//! Typed operations are in `seed` and `steer`; this file is only their HTTP face.

pub mod record;
pub mod seed;
pub mod seed_elevenlabs;
pub mod steer;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::inbound;
use crate::exchange::{Answer, Request};
use crate::ledger::LedgerFilter;
use crate::twilio::{alerts, receiving};
use crate::world::World;

/// Why a control request cannot be done, in words for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub status: u16,
    pub message: String,
}

impl Refusal {
    pub fn field(field: &str, fix: &str) -> Self {
        Self { status: 400, message: format!("{field}: {fix}") }
    }

    pub fn not_found(what: &str) -> Self {
        Self { status: 404, message: format!("there is no {what}") }
    }
}

type Result<T> = std::result::Result<T, Refusal>;

pub async fn answer(world: &Arc<World>, request: &Request) -> Answer {
    match route(world, request).await {
        Ok(value) => Answer::json(200, &value),
        Err(refusal) => Answer::json(refusal.status, &json!({ "message": refusal.message })),
    }
}

async fn route(world: &Arc<World>, request: &Request) -> Result<Value> {
    let segments = request.segments();
    let (method, path) = (request.method.as_str(), &segments[1..]);
    if order(world, request, method, path).await? {
        return Ok(json!({}));
    }
    match (method, path) {
        ("GET", ["health"]) => Ok(json!({ "status": "serving", "base_url": world.base_url })),
        ("POST", ["accounts"]) => shown(seed::add_account(world, body(request)?)?),
        ("GET", ["accounts"]) => shown(seed::accounts(world)),
        ("PATCH", ["accounts", sid]) => shown(seed::change_account(world, sid, body(request)?)?),
        ("POST", ["keys"]) => shown(seed::add_key(world, body(request)?)?),
        ("POST", ["numbers"]) => shown(seed::add_number(world, body(request)?)?),
        ("GET", ["numbers"]) => shown(seed::numbers(world)),
        ("PATCH", ["numbers", number]) => shown(seed::change_number(world, &decoded(number), body(request)?)?),
        ("POST", ["elevenlabs", "keys"]) => shown(seed_elevenlabs::add_elevenlabs_key(world, body(request)?)),
        ("POST", ["elevenlabs", "agents"]) => shown(seed_elevenlabs::add_agent(world, body(request)?)),
        ("POST", ["calls"]) => shown(inbound::place(world, body(request)?).await?),
        ("GET", ["calls", sid]) => shown(steer::transcript(world, sid)?),
        ("POST", ["messages"]) => shown(receiving::receive(world, body(request)?).await?),
        ("GET", ["faults"]) => shown(world.faults.list()),
        ("GET", ["deliveries"]) => shown(world.deliveries.list()),
        ("GET", ["webhooks", "held"]) => Ok(json!({ "count": world.held_count() })),
        ("POST", ["webhooks", "release"]) => {
            let release: steer::Release = body(request)?;
            Ok(json!({ "count": world.release(release.order).await }))
        }
        ("GET", ["clock"]) => shown(steer::clock(world)),
        ("POST", ["clock"]) => shown(steer::move_clock(world, &body(request)?)?),
        ("GET", ["ledger"]) => shown(world.ledger.read(&filter(request)?)),
        ("GET", ["ledger", "counts"]) => shown(world.ledger.counts()),
        _ => Err(Refusal::not_found(&format!("{} {}", request.method, request.path))),
    }
}

/// Requests that are only obeyed; false if this is none of them.
async fn order(world: &Arc<World>, request: &Request, method: &str, path: &[&str]) -> Result<bool> {
    match (method, path) {
        ("POST", ["reset"]) => world.reset(),
        ("POST", ["alerts"]) => alerts::add(world, body(request)?)?,
        ("DELETE", ["numbers", number]) => seed::release_number(world, &decoded(number))?,
        ("POST", ["callees"]) => steer::set_callee(world, body(request)?),
        ("POST", ["message-fates"]) => steer::set_message_fate(world, body(request)?),
        ("POST", ["faults"]) => world.faults.add(body(request)?),
        ("DELETE", ["faults"]) => world.faults.clear(),
        ("POST", ["deliveries"]) => world.deliveries.add(body(request)?),
        ("DELETE", ["deliveries"]) => world.deliveries.clear(),
        ("POST", ["calls", "records"]) => record::record_call(world, body(request)?)?,
        ("POST", ["routes"]) => steer::add_route(world, &body(request)?)?,
        ("POST", ["settle"]) => world.clock.idle().await,
        _ => return Ok(false),
    }
    Ok(true)
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// An empty body is an empty object, so that `POST /sim/settle` needs none.
fn body<T: DeserializeOwned>(request: &Request) -> Result<T> {
    let text: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    serde_json::from_slice(text).map_err(|error| Refusal { status: 400, message: format!("body: {error}") })
}

fn filter(request: &Request) -> Result<LedgerFilter> {
    let number = |value: &String| value.parse::<u64>().map_or_else(|_| Value::from(value.clone()), Value::from);
    let fields = request
        .query
        .iter()
        .map(|(name, value)| (name.clone(), if name == "after" { number(value) } else { Value::from(value.clone()) }));
    serde_json::from_value(Value::Object(fields.collect()))
        .map_err(|error| Refusal { status: 400, message: format!("query: {error}") })
}

fn shown<T: Serialize>(value: T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Refusal { status: 500, message: error.to_string() })
}
