//! ElevenLabs' agents API: paths to resources, keys, errors in its two shapes.

pub mod agents;
pub mod numbers;
pub mod register;
pub mod rows;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::exchange::{Answer, Deed, Request};
use crate::world::World;

/// A refusal is already an answer here, because the two shapes of errors differ.
pub type Result<T> = std::result::Result<T, Answer>;

pub struct Context<'a> {
    pub world: &'a Arc<World>,
    pub request: &'a Request,
    /// The workspace of the key: nothing of another one is visible.
    pub workspace: String,
}

impl Context<'_> {
    pub fn query(&self, name: &str) -> Option<&str> {
        crate::exchange::first(&self.request.query, name)
    }

    /// The JSON object of the body.
    pub fn body(&self) -> Result<serde_json::Map<String, Value>> {
        serde_json::from_slice(&self.request.body)
            .map_err(|_| invalid(&["body"], "Input should be a valid dictionary", "dict_type"))
    }
}

pub fn error(status: u16, name: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "detail": { "status": name, "message": message } }))
}

/// The other shape: what is wrong with the request itself.
pub fn invalid(place: &[&str], message: &str, kind: &str) -> Answer {
    Answer::json(422, &json!({ "detail": [{ "loc": place, "msg": message, "type": kind }] }))
}

pub fn required<'a>(body: &'a serde_json::Map<String, Value>, name: &str) -> Result<&'a str> {
    match body.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(invalid(&["body", name], "Input should be a valid string", "string_type")),
        None => Err(invalid(&["body", name], "Field required", "missing")),
    }
}

/// Refuses what the published types do not have; the vendor would ignore it and a test should not.
pub fn only(body: &serde_json::Map<String, Value>, known: &[&str]) -> Result<()> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(&["body", name], "Extra inputs are not permitted", "extra_forbidden")),
        None => Ok(()),
    }
}

pub fn answer(world: &Arc<World>, request: &Request) -> (Answer, Deed) {
    let mut deed = Deed { credential: "xi-api-key".to_owned(), ..Deed::default() };
    let segments = request.segments();
    let rest = segments.get(2..).unwrap_or_default();
    deed.resource = rest.first().copied().unwrap_or_default().to_owned();
    deed.sid = rest.get(1).copied().unwrap_or_default().to_owned();
    let answer = route(world, request, rest, &mut deed).unwrap_or_else(|refused| refused);
    (answer, deed)
}

fn route(world: &Arc<World>, request: &Request, path: &[&str], deed: &mut Deed) -> Result<Answer> {
    let key = request.header("xi-api-key").unwrap_or_default();
    let workspace = world.state().elevenlabs.workspace_of(key);
    let workspace = workspace.ok_or_else(|| error(401, "invalid_api_key", "Invalid API key"))?;
    deed.account_sid.clone_from(&workspace);
    let context = Context { world, request, workspace };
    match (request.method.as_str(), path) {
        ("GET", ["agents"]) => agents::list(&context),
        ("POST", ["agents", "create"]) => agents::create(&context, deed),
        ("GET", ["agents", id]) => agents::get(&context, id),
        ("PATCH", ["agents", id]) => agents::update(&context, id),
        ("GET", ["phone-numbers"]) => numbers::list(&context),
        ("POST", ["phone-numbers"]) => numbers::import(&context, deed),
        ("GET", ["phone-numbers", id]) => numbers::get(&context, id),
        ("PATCH", ["phone-numbers", id]) => numbers::update(&context, id),
        ("DELETE", ["phone-numbers", id]) => numbers::delete(&context, id),
        ("POST", ["twilio", "register-call"]) => register::call(&context, deed),
        _ => Err(Answer::json(404, &json!({ "detail": "Not Found" }))),
    }
}
