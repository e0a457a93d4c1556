//! ElevenLabs behind the `VoiceAgents` port: announcing a call, and looking at an agent.

mod refusal;
mod twiml;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    AgentCallDirection, AgentKey, AgentSeen, RegisterCall, VoiceAgents,
    breaker::Circuit,
    line::{Answer, Limits, Line, refused},
};
use crate::domain::{
    api_base::{ApiBase, PlainHttp},
    error::Error,
    outcome::{Cause, Outcome, Refused},
    time::Clock,
};

/// The audio that telephones speak.
const TELEPHONE: &str = "ulaw_8000";

/// How ElevenLabs is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What one exchange may cost.
    pub limits: Limits,
    /// Whether keys may leave this machine without TLS.
    pub plain_http: PlainHttp,
    /// Where it is, unless a key says otherwise.
    pub api_base_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        // Somebody waits on the telephone: an address that takes a second to connect to is of no use.
        let limits = Limits { connect: Duration::from_secs(1), concurrent: 64, ..Limits::default() };
        Self { limits, plain_http: PlainHttp::ThisMachineOnly, api_base_url: "https://api.elevenlabs.io".to_owned() }
    }
}

/// The client of ElevenLabs' agents.
pub struct ElevenLabs {
    line: Line,
    settings: Settings,
}

impl ElevenLabs {
    /// A client that connects when first used.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self { line: Line::new("elevenlabs", settings.limits, clock)?, settings })
    }

    fn base(&self, key: &AgentKey) -> Result<ApiBase, Refused> {
        let text = key.api_base_url.as_deref().unwrap_or(&self.settings.api_base_url);
        ApiBase::read("api_base_url", text, self.settings.plain_http)
            .map_err(|error| refused(Cause::Invalid, error.message))
    }

    async fn ask<T>(
        &self,
        key: &AgentKey,
        what: &'static str,
        deadline: Duration,
        build: impl FnOnce(&reqwest::Client, &str) -> RequestBuilder,
        read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Outcome<T> {
        let base = match self.base(key) {
            Ok(base) => base,
            Err(refused) => return Outcome::Refused(refused),
        };
        let circuit = Circuit { account: fingerprint(key), origin: base.origin().to_owned() };
        let Ok(api_key) = header(key) else {
            return Outcome::Refused(refused(Cause::Credentials, "the API key has characters that no key has"));
        };
        let request = build(self.line.client(), base.as_str()).header("xi-api-key", api_key);
        self.line.exchange(&circuit, what, deadline, request, |answer| meaning(answer, read)).await
    }
}

#[async_trait]
impl VoiceAgents for ElevenLabs {
    fn is_simulated(&self) -> bool {
        false
    }

    async fn register_call(&self, key: &AgentKey, call: &RegisterCall, deadline: Duration) -> Outcome<String> {
        let body = announcement(call);
        let build = |client: &reqwest::Client, base: &str| {
            client.request(Method::POST, format!("{base}/v1/convai/twilio/register-call")).json(&body)
        };
        self.ask(key, "register call", deadline, build, twiml::document).await
    }

    async fn get_agent(&self, key: &AgentKey, agent_id: &str) -> Outcome<AgentSeen> {
        if !is_path_segment(agent_id) {
            return Outcome::Refused(refused(Cause::Invalid, "an agent id has letters, digits, `_` and `-` only"));
        }
        let build = |client: &reqwest::Client, base: &str| {
            client.request(Method::GET, format!("{base}/v1/convai/agents/{agent_id}"))
        };
        self.ask(key, "get agent", self.line.limits().deadline, build, agent).await
    }
}

/// Theirs are opaque, but every one ever seen is made of these, and nothing else can leave its place in a path.
fn is_path_segment(agent_id: &str) -> bool {
    (1..=128).contains(&agent_id.len())
        && agent_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn announcement(call: &RegisterCall) -> Value {
    let direction = match call.direction {
        AgentCallDirection::Inbound => "inbound",
        AgentCallDirection::Outbound => "outbound",
    };
    json!({
        "agent_id": call.agent_id,
        "from_number": call.from.as_str(),
        "to_number": call.to.as_str(),
        "direction": direction,
        "conversation_initiation_client_data": { "dynamic_variables": call.dynamic_variables },
    })
}

#[derive(Deserialize)]
struct Agent {
    agent_id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    conversation_config: Value,
}

fn agent(body: &[u8]) -> Result<AgentSeen, &'static str> {
    let Agent { agent_id, name, conversation_config } =
        serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
    let speaks = |place: &str| conversation_config.pointer(place).and_then(Value::as_str) == Some(TELEPHONE);
    let telephone_audio = speaks("/asr/user_input_audio_format") && speaks("/tts/agent_output_audio_format");
    Ok(AgentSeen { agent_id, name: name.unwrap_or_default(), telephone_audio })
}

fn meaning<T>(answer: &Answer, read: impl FnOnce(&[u8]) -> Result<T, &'static str>) -> Outcome<T> {
    if !(200..300).contains(&answer.status) {
        return refusal::meaning(answer);
    }
    let read = answer.body.as_ref().map_err(|why| *why).and_then(|bytes| read(bytes));
    match read {
        Ok(value) => Outcome::Done(value),
        Err(why) => Outcome::Unknown(format!("ElevenLabs answered {}, but {why}", answer.status)),
    }
}

/// Names the key in the limits without being it.
fn fingerprint(key: &AgentKey) -> String {
    hex::encode(&Sha256::digest(key.api_key.expose_secret().as_bytes())[..8])
}

fn header(key: &AgentKey) -> Result<reqwest::header::HeaderValue, reqwest::header::InvalidHeaderValue> {
    let mut value = reqwest::header::HeaderValue::from_str(key.api_key.expose_secret())?;
    value.set_sensitive(true);
    Ok(value)
}
