//! Agents: listed, read, changed, and made so that tests have some.

use serde_json::{Value, json};

use super::rows::{Agent, Workspaces};
use super::{Context, Result, error, numbers, only, required};
use crate::exchange::{Answer, Deed};

fn view(rows: &Workspaces, agent: &Agent) -> Value {
    let of_agent = |number: &&super::rows::ImportedNumber| number.agent_id.as_deref() == Some(&agent.id);
    let phone_numbers: Vec<Value> =
        rows.numbers.oldest_first().filter(of_agent).map(|number| numbers::view(rows, number)).collect();
    json!({
        "agent_id": agent.id,
        "name": agent.name,
        "conversation_config": agent.conversation_config,
        "metadata": {
            "created_at_unix_secs": agent.created.timestamp(),
            "updated_at_unix_secs": agent.updated.timestamp(),
        },
        "platform_settings": agent.platform_settings,
        "phone_numbers": phone_numbers,
        "tags": agent.tags,
        "archived": agent.archived,
    })
}

pub fn new(id: String, workspace: &str, name: &str, now: crate::clock::Timestamp) -> Agent {
    Agent {
        id,
        workspace: workspace.to_owned(),
        name: name.to_owned(),
        tags: Vec::new(),
        archived: false,
        conversation_config: json!({
            "agent": { "first_message": "Hello, how can I help?", "language": "en" },
            "asr": { "user_input_audio_format": "ulaw_8000" },
            "tts": { "agent_output_audio_format": "ulaw_8000" },
        }),
        platform_settings: json!({ "call_limits": { "agent_concurrency_limit": -1, "daily_limit": 100_000 } }),
        created: now,
        updated: now,
    }
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let size = context.query("page_size").map_or(Ok(30), str::parse).ok().filter(|size| (1..=100).contains(size));
    let size: usize = size
        .ok_or_else(|| super::invalid(&["query", "page_size"], "Input should be from 1 to 100", "less_than_equal"))?;
    let start: usize = context.query("cursor").and_then(|cursor| cursor.strip_prefix("cur")?.parse().ok()).unwrap_or(0);
    let state = context.world.state();
    let archived = context.query("archived").map(|text| text == "true");
    let wanted = |agent: &&Agent| {
        agent.workspace == context.workspace
            && archived.is_none_or(|archived| agent.archived == archived)
            && context.query("search").is_none_or(|text| agent.name.to_lowercase().contains(&text.to_lowercase()))
    };
    let all: Vec<&Agent> = state.elevenlabs.agents.newest_first().filter(wanted).collect();
    let shown: Vec<Value> = all.iter().skip(start).take(size).map(|agent| summary(agent)).collect();
    let more = start + shown.len() < all.len();
    let cursor = more.then(|| format!("cur{}", start + shown.len()));
    Ok(Answer::json(200, &json!({ "agents": shown, "next_cursor": cursor, "has_more": more })))
}

fn summary(agent: &Agent) -> Value {
    json!({
        "agent_id": agent.id,
        "name": agent.name,
        "tags": agent.tags,
        "created_at_unix_secs": agent.created.timestamp(),
        "archived": agent.archived,
    })
}

pub fn absent() -> Answer {
    error(404, "document_not_found", "Document with that id was not found")
}

pub fn get(context: &Context<'_>, id: &str) -> Result<Answer> {
    let state = context.world.state();
    let agent = state.elevenlabs.agent(&context.workspace, id).ok_or_else(absent)?;
    Ok(Answer::json(200, &view(&state.elevenlabs, agent)))
}

pub fn create(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let body = context.body()?;
    only(&body, &["name", "tags", "conversation_config", "platform_settings", "workflow"])?;
    let id = context.world.ids.opaque("agent");
    let name = body.get("name").and_then(Value::as_str).unwrap_or("New agent");
    let mut agent = new(id.clone(), &context.workspace, name, context.world.clock.now());
    change(&mut agent, &body);
    deed.sid = id.clone();
    context.world.state().elevenlabs.agents.put(&id, agent);
    Ok(Answer::json(200, &json!({ "agent_id": id })))
}

pub fn update(context: &Context<'_>, id: &str) -> Result<Answer> {
    let body = context.body()?;
    only(&body, &["name", "tags", "version_description", "conversation_config", "platform_settings", "workflow"])?;
    if body.contains_key("name") {
        required(&body, "name")?;
    }
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let agent = state.elevenlabs.agents.get_mut(id).filter(|agent| agent.workspace == context.workspace);
    let agent = agent.ok_or_else(absent)?;
    change(agent, &body);
    agent.updated = now;
    let agent = agent.clone();
    Ok(Answer::json(200, &view(&state.elevenlabs, &agent)))
}

/// Nested objects are replaced whole: how deep the vendor merges is not known, and this is the safe reading.
fn change(agent: &mut Agent, body: &serde_json::Map<String, Value>) {
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut agent.name);
    }
    if let Some(tags) = body.get("tags").and_then(Value::as_array) {
        agent.tags = tags.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    if let Some(config) = body.get("conversation_config").filter(|config| config.is_object()) {
        agent.conversation_config = config.clone();
    }
    if let Some(settings) = body.get("platform_settings").filter(|settings| settings.is_object()) {
        agent.platform_settings = settings.clone();
    }
}
