//! `register-call`: TwiML that connects a call to an agent. The stream URL is new each time.

use serde_json::{Value, json};

use super::agents::absent;
use super::{Context, Result, error, only, required};
use crate::exchange::{Answer, Deed};

pub fn call(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let body = context.body()?;
    only(&body, &["agent_id", "from_number", "to_number", "direction", "conversation_initiation_client_data"])?;
    let agent_id = required(&body, "agent_id")?;
    required(&body, "from_number")?;
    required(&body, "to_number")?;
    let direction = body.get("direction").and_then(Value::as_str).unwrap_or("inbound");
    if !matches!(direction, "inbound" | "outbound") {
        return Err(super::invalid(&["body", "direction"], "Input should be 'inbound' or 'outbound'", "literal_error"));
    }
    agent_id.clone_into(&mut deed.sid);
    let state = context.world.state();
    let agent = state.elevenlabs.agent(&context.workspace, agent_id).ok_or_else(absent)?;
    if agent.archived {
        return Err(absent());
    }
    let format = |part: &str, name: &str| agent.conversation_config[part][name] == json!("ulaw_8000");
    if !format("asr", "user_input_audio_format") || !format("tts", "agent_output_audio_format") {
        return Err(error(400, "invalid_audio_format", "a Twilio call needs ulaw_8000 in both directions"));
    }
    let conversation = context.world.ids.opaque("conv");
    let twiml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://api.elevenlabs.io/v1/convai/twilio/stream/{conversation}"><Parameter name="conversation_id" value="{conversation}"/><Parameter name="agent_id" value="{}"/></Stream></Connect></Response>"#,
        quick_xml::escape::escape(&agent.id)
    );
    Ok(Answer::bytes(200, "application/xml", twiml.into_bytes()))
}
