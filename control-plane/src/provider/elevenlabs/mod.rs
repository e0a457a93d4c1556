//! ElevenLabs behind the `VoiceAgents` port: announcing a call, looking at an agent, and its phone numbers.

mod number;
mod refusal;
mod twiml;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::{number::Number, refusal::Subject};
use super::{
    Access, AgentCallDirection, AgentKey, AgentListed, AgentSeen, RegisterCall, VoiceAgents,
    breaker::Circuit,
    line::{Answer, Limits, Line, refused},
};
use crate::domain::{
    api_base::{ApiBase, PlainHttp},
    error::Error,
    outcome::{Cause, Outcome, Refused},
    phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    telephony::{Cursor, Page},
    time::Clock,
};

/// The audio that telephones speak.
const TELEPHONE: &str = "ulaw_8000";

/// ElevenLabs limits what is under way at once, and callers come first.
const AT_THE_DESK: usize = 8;
/// The list of numbers has no pages: room for some thirty thousand.
const LONGEST_LIST: usize = 8 << 20;

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
    /// For callers who wait.
    line: Line,
    /// For everything else, with places and circuits of its own: a list that takes long and an import that fails must not
    /// keep a caller from being announced.
    desk: Line,
    settings: Settings,
}

impl ElevenLabs {
    /// A client that connects when first used.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let line = Line::new("elevenlabs", settings.limits, Arc::clone(&clock))?;
        let desk = Limits { concurrent: AT_THE_DESK, body: LONGEST_LIST, ..settings.limits };
        Ok(Self { line, desk: Line::new("elevenlabs", desk, clock)?, settings })
    }

    fn base(&self, key: &AgentKey) -> Result<ApiBase, Refused> {
        let text = key.api_base_url.as_deref().unwrap_or(&self.settings.api_base_url);
        ApiBase::read("api_base_url", text, self.settings.plain_http)
            .map_err(|error| refused(Cause::Invalid, error.message))
    }

    async fn ask<T>(
        &self,
        line: &Line,
        key: &AgentKey,
        deadline: Duration,
        request: Request,
        read: impl FnOnce(&Answer) -> Outcome<T>,
    ) -> Outcome<T> {
        let base = match self.base(key) {
            Ok(base) => base,
            Err(refused) => return Outcome::Refused(refused),
        };
        let circuit = Circuit { account: fingerprint(key), origin: base.origin().to_owned() };
        let Ok(api_key) = header(key) else {
            return Outcome::Refused(refused(Cause::Credentials, "the API key has characters that no key has"));
        };
        let Request { what, method, path, body } = request;
        let mut request = line.client().request(method, format!("{}{path}", base.as_str()));
        if let Some(body) = &body {
            request = request.json(body);
        }
        line.exchange(&circuit, what, deadline, request.header("xi-api-key", api_key), read).await
    }

    /// What nobody waits for on the telephone.
    async fn manage<T>(
        &self,
        key: &AgentKey,
        subject: Subject,
        request: Request,
        read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Outcome<T> {
        let deadline = self.desk.limits().deadline;
        self.ask(&self.desk, key, deadline, request, |answer| meaning(answer, subject, read)).await
    }
}

/// A request to be made.
struct Request {
    /// Names it in the log.
    what: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
}

#[async_trait]
impl VoiceAgents for ElevenLabs {
    fn is_simulated(&self) -> bool {
        false
    }

    async fn register_call(&self, key: &AgentKey, call: &RegisterCall, deadline: Duration) -> Outcome<String> {
        let path = "/v1/convai/twilio/register-call".to_owned();
        let request = Request { what: "register call", method: Method::POST, path, body: Some(announcement(call)) };
        let read = |answer: &Answer| meaning(answer, Subject::Agent, twiml::document);
        self.ask(&self.line, key, deadline, request, read).await
    }

    async fn get_agent(&self, key: &AgentKey, agent_id: &str) -> Outcome<AgentSeen> {
        if !is_path_segment(agent_id) {
            return Outcome::Refused(refused(Cause::Invalid, "an agent id has letters, digits, `_` and `-` only"));
        }
        let path = format!("/v1/convai/agents/{agent_id}");
        let request = Request { what: "get agent", method: Method::GET, path, body: None };
        self.manage(key, Subject::Agent, request, agent).await
    }

    async fn list_imports(&self, key: &AgentKey) -> Outcome<Vec<ImportSeen>> {
        number::list(self, key).await
    }

    async fn read_import(&self, key: &AgentKey, id: &ImportId) -> Outcome<ImportSeen> {
        number::read(self, key, id).await
    }

    async fn import_number(&self, key: &AgentKey, access: &Access, order: &ImportOrder) -> Outcome<ImportId> {
        number::import(self, key, access, order).await
    }

    async fn assign_import(&self, key: &AgentKey, id: &ImportId, agent_id: Option<&str>) -> Outcome<ImportSeen> {
        number::assign(self, key, id, agent_id).await
    }

    async fn delete_import(&self, key: &AgentKey, id: &ImportId) -> Outcome<()> {
        number::delete(self, key, id).await
    }

    async fn list_agents(&self, key: &AgentKey, after: Option<&Cursor>) -> Outcome<Page<AgentListed>> {
        let mut query = vec![("page_size", "100")];
        query.extend(after.map(|cursor| ("cursor", cursor.0.as_str())));
        let query = Url::parse_with_params("https://elevenlabs", query).ok();
        let query = query.as_ref().and_then(Url::query).unwrap_or_default();
        let path = format!("/v1/convai/agents?{query}");
        let request = Request { what: "list agents", method: Method::GET, path, body: None };
        self.manage(key, Subject::Agent, request, |body| listed(body, after)).await
    }
}

/// Theirs are opaque, but every one ever seen is made of these, and nothing else can leave its place in a path.
fn is_path_segment(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
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
struct Agents {
    agents: Vec<Listed>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    agent_id: String,
    #[serde(default)]
    archived: bool,
}

fn listed(body: &[u8], after: Option<&Cursor>) -> Result<Page<AgentListed>, &'static str> {
    let Agents { agents, has_more, next_cursor } =
        serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
    let next = next_cursor.filter(|cursor| has_more && !cursor.is_empty()).map(Cursor);
    if next.is_some() && next.as_ref() == after {
        return Err("its list does not get on");
    }
    let items = agents.into_iter().map(|Listed { agent_id, archived }| AgentListed { agent_id, archived });
    Ok(Page { items: items.collect(), next })
}

#[derive(Deserialize)]
struct Agent {
    agent_id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    conversation_config: Value,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    phone_numbers: Vec<Number>,
}

fn agent(body: &[u8]) -> Result<AgentSeen, &'static str> {
    let Agent { agent_id, name, conversation_config, archived, phone_numbers } =
        serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
    let speaks = |place: &str| conversation_config.pointer(place).and_then(Value::as_str) == Some(TELEPHONE);
    let telephone_audio = speaks("/asr/user_input_audio_format") && speaks("/tts/agent_output_audio_format");
    let imports = phone_numbers.into_iter().filter_map(Number::seen).collect();
    Ok(AgentSeen { agent_id, name: name.unwrap_or_default(), telephone_audio, archived, imports })
}

fn meaning<T>(answer: &Answer, subject: Subject, read: impl FnOnce(&[u8]) -> Result<T, &'static str>) -> Outcome<T> {
    if !(200..300).contains(&answer.status) {
        return refusal::meaning(answer, subject);
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
