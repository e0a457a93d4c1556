//! Imported phone numbers. An import takes over the number at Twilio, as the vendor does.

use serde_json::{Map, Value, json};

use super::agents::absent;
use super::rows::{ImportedNumber, Workspaces};
use super::{Context, Result, error, invalid, only, required};
use crate::exchange::{Answer, Deed};
use crate::state::{AccountStatus, State};

const INBOUND_CALL: &str = "https://api.elevenlabs.io/twilio/inbound_call";
const INBOUND_SMS: &str = "https://api.elevenlabs.io/twilio/inbound_sms";

pub fn view(rows: &Workspaces, number: &ImportedNumber) -> Value {
    let agent = number.agent_id.as_deref().and_then(|id| rows.agents.get(id));
    json!({
        "provider": "twilio",
        "phone_number": number.phone_number,
        "label": number.label,
        "supports_inbound": true,
        "supports_outbound": true,
        "phone_number_id": number.id,
        "assigned_agent": agent.map(|agent| json!({ "agent_id": agent.id, "agent_name": agent.name })),
    })
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let wanted = |number: &&ImportedNumber| {
        number.workspace == context.workspace
            && context.query("provider").is_none_or(|provider| provider == "twilio")
            && context.query("agent_id").is_none_or(|id| number.agent_id.as_deref() == Some(id))
    };
    let items: Vec<Value> =
        state.elevenlabs.numbers.oldest_first().filter(wanted).map(|number| view(&state.elevenlabs, number)).collect();
    Ok(Answer::json(200, &Value::Array(items)))
}

fn own<'a>(context: &Context<'_>, state: &'a State, id: &str) -> Result<&'a ImportedNumber> {
    state.elevenlabs.numbers.get(id).filter(|number| number.workspace == context.workspace).ok_or_else(absent)
}

pub fn get(context: &Context<'_>, id: &str) -> Result<Answer> {
    let state = context.world.state();
    Ok(Answer::json(200, &view(&state.elevenlabs, own(context, &state, id)?)))
}

pub fn import(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let body = context.body()?;
    let known = [
        "provider",
        "phone_number",
        "label",
        "sid",
        "token",
        "agent_id",
        "enable_sms",
        "region_config",
        "supports_inbound",
        "supports_outbound",
    ];
    only(&body, &known)?;
    if required(&body, "provider")? != "twilio" {
        return Err(invalid(&["body", "provider"], "only twilio is simulated", "literal_error"));
    }
    let phone_number = required(&body, "phone_number")?;
    let (label, sid, token) = (required(&body, "label")?, required(&body, "sid")?, required(&body, "token")?);
    let mut state = context.world.state();
    let agent_id = agent_id(context, &state, &body)?;
    take_over(&mut state, phone_number, sid, token, body.get("enable_sms") != Some(&Value::Bool(false)))?;
    let id = context.world.ids.opaque("phnum");
    deed.sid = id.clone();
    let number = ImportedNumber {
        id: id.clone(),
        workspace: context.workspace.clone(),
        phone_number: phone_number.to_owned(),
        label: label.to_owned(),
        account_sid: sid.to_owned(),
        agent_id: agent_id.flatten(),
    };
    state.elevenlabs.numbers.put(&id, number);
    Ok(Answer::json(200, &json!({ "phone_number_id": id })))
}

/// Points the number at the vendor, with the credentials it was given.
fn take_over(state: &mut State, phone_number: &str, sid: &str, token: &str, with_sms: bool) -> Result<()> {
    let account = state.accounts.get(sid);
    let valid = account
        .is_some_and(|account| account.auth_token == token || account.secondary_auth_token.as_deref() == Some(token));
    // Twilio answers nobody who comes with the credentials of an account that is down.
    if !valid || state.effective_status(sid) != Some(AccountStatus::Active) {
        return Err(error(400, "twilio_error", "Twilio refused the credentials"));
    }
    let owned = |number: &&mut crate::state::Number| number.phone_number == phone_number && number.account_sid == sid;
    let number = state.numbers.iter_mut().find(owned);
    let number = number.ok_or_else(|| error(400, "twilio_error", "The number is not in this Twilio account"))?;
    number.settings.insert("VoiceUrl".to_owned(), INBOUND_CALL.to_owned());
    if with_sms {
        number.settings.insert("SmsUrl".to_owned(), INBOUND_SMS.to_owned());
    }
    Ok(())
}

/// The agent of the body: absent, null, or one that exists.
fn agent_id(context: &Context<'_>, state: &State, body: &Map<String, Value>) -> Result<Option<Option<String>>> {
    match body.get("agent_id") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(_) => {
            let id = required(body, "agent_id")?;
            state.elevenlabs.agent(&context.workspace, id).ok_or_else(absent)?;
            Ok(Some(Some(id.to_owned())))
        }
    }
}

pub fn update(context: &Context<'_>, id: &str) -> Result<Answer> {
    let body = context.body()?;
    let known = [
        "agent_id",
        "label",
        "environment",
        "branch_id",
        "store_sip_messages",
        "livekit_stack",
        "inbound_trunk_config",
        "outbound_trunk_config",
    ];
    only(&body, &known)?;
    let mut state = context.world.state();
    own(context, &state, id)?;
    let agent_id = agent_id(context, &state, &body)?;
    let number = state.elevenlabs.numbers.get_mut(id).ok_or_else(absent)?;
    if let Some(agent_id) = agent_id {
        number.agent_id = agent_id;
    }
    if let Some(label) = body.get("label").and_then(Value::as_str) {
        label.clone_into(&mut number.label);
    }
    let number = number.clone();
    Ok(Answer::json(200, &view(&state.elevenlabs, &number)))
}

pub fn delete(context: &Context<'_>, id: &str) -> Result<Answer> {
    let mut state = context.world.state();
    own(context, &state, id)?;
    state.elevenlabs.numbers.remove(id);
    Ok(Answer::empty(200))
}
