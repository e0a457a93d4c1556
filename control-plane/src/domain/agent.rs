//! Agents: who or what answers a call, and which endpoints are acceptable. Secrets of an endpoint are kept elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    e164::E164,
    error::{Error, Result, Violation},
    id::{AgentId, WorkspaceId},
    seconds::Seconds,
    time::Timestamp,
    word::words,
};

words! {
    /// Whether an agent takes calls.
    AgentState, "agent state" {
        /// It takes calls.
        Active = "active",
        /// It takes none; its fallback does.
        Paused = "paused",
    }
}

/// Who or what answers a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The id.
    pub id: AgentId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// Whether it takes calls.
    pub state: AgentState,
    /// How a call reaches it.
    pub endpoint: Endpoint,
    /// Who answers when this one is paused or cannot be reached; `None` for voicemail.
    pub fallback_agent_id: Option<AgentId>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// How a call reaches an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Endpoint {
    /// An ElevenLabs agent.
    ElevenLabs(ElevenLabs),
    /// A voice server of one's own.
    MediaStream(MediaStream),
    /// A person's phone.
    Human(Human),
    /// A SIP address.
    Sip(Sip),
    /// A spoken text.
    Announcement(Announcement),
    /// A voicemail box.
    Voicemail(VoicemailBox),
}

/// An ElevenLabs agent, reached by register-call. Its API key is sealed in a column of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElevenLabs {
    /// The agent's id at ElevenLabs.
    pub agent_id: String,
    /// Passed to the agent with every call.
    #[serde(default)]
    pub dynamic_variables: BTreeMap<String, String>,
}

/// A voice server that takes Twilio media streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaStream {
    /// `wss://`, without a query.
    pub url: String,
    /// Sent as custom parameters with every stream.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A person's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Human {
    /// The number.
    pub phone_number: E164,
    /// How long it rings.
    #[serde(default = "default_ring_timeout")]
    pub ring_timeout: Seconds,
    /// The number shown to the person; `None` for the caller's.
    #[serde(default)]
    pub caller_id: Option<E164>,
}

/// A SIP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sip {
    /// The address, such as `sip:desk@example.com`.
    pub uri: String,
    /// How long it rings.
    #[serde(default = "default_ring_timeout")]
    pub ring_timeout: Seconds,
}

/// A spoken text, after which the call ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The text.
    pub text: String,
    /// The voice; empty for the account's.
    #[serde(default)]
    pub voice: String,
    /// The language; empty for `en-US`.
    #[serde(default)]
    pub language: String,
}

/// A voicemail box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoicemailBox {
    /// What the caller hears before the beep; empty for a plain greeting.
    pub greeting: String,
    /// How long a message may be.
    pub max_length: Seconds,
    /// Ends after so much silence.
    pub silence_timeout: Seconds,
    /// The voice of the greeting; empty for the account's.
    pub voice: String,
    /// The language of the greeting; empty for `en-US`.
    pub language: String,
}

/// How long a phone rings when nobody said.
pub const RING_TIMEOUT: Seconds = Seconds(25);

fn default_ring_timeout() -> Seconds {
    RING_TIMEOUT
}

impl Default for VoicemailBox {
    fn default() -> Self {
        Self {
            greeting: String::new(),
            max_length: Seconds(120),
            silence_timeout: Seconds(5),
            voice: String::new(),
            language: String::new(),
        }
    }
}

impl Agent {
    /// It takes calls.
    pub fn takes_calls(&self) -> bool {
        self.state == AgentState::Active
    }

    /// Everything that its types cannot rule out, each with its path. `plain_streams` allows `ws://`, for development.
    pub fn check(&self, plain_streams: bool) -> Result<()> {
        let mut violations = Vec::new();
        if self.fallback_agent_id == Some(self.id) {
            violations.push(blame("fallback_agent_id", "an agent cannot be its own fallback"));
        }
        match &self.endpoint {
            Endpoint::MediaStream(stream) => stream.check(plain_streams, &mut violations),
            Endpoint::Sip(sip) => violations.extend(sip.blame()),
            Endpoint::Announcement(announcement) if announcement.text.trim().is_empty() => {
                violations.push(blame("announcement.text", "expected a text to speak"));
            }
            Endpoint::ElevenLabs(eleven_labs) if eleven_labs.agent_id.trim().is_empty() => {
                violations.push(blame("eleven_labs.agent_id", "expected the agent's id at ElevenLabs"));
            }
            Endpoint::ElevenLabs(_) | Endpoint::Human(_) | Endpoint::Announcement(_) | Endpoint::Voicemail(_) => {}
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(Error::violations(violations)),
        }
    }
}

/// Names of parameters that we send ourselves.
const OUR_PARAMETERS: [&str; 3] = ["callplane_call_id", "callplane_agent_id", "token"];

/// Twilio cuts off at 500 characters of name and value.
const LONGEST_PARAMETER: usize = 499;

impl MediaStream {
    fn check(&self, plain_streams: bool, violations: &mut Vec<Violation>) {
        let rest = match plain_streams {
            true => self.url.strip_prefix("wss://").or_else(|| self.url.strip_prefix("ws://")),
            false => self.url.strip_prefix("wss://"),
        };
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or("");
        // Twilio drops a query, and a name in front of the host would be a credential in a URL.
        if host.is_empty()
            || host.contains('@')
            || self.url.contains(['?', '#'])
            || self.url.contains(char::is_whitespace)
        {
            let secure = "expected `wss://`, a host and a path, without a query; use parameters instead";
            violations.push(blame("media_stream.url", secure));
        }
        for (name, value) in &self.parameters {
            let field = format!("media_stream.parameters[{name}]");
            if OUR_PARAMETERS.contains(&name.as_str()) {
                violations.push(blame(&field, "this name is sent by Callplane itself; choose another"));
            } else if name.is_empty() || name.chars().count() + value.chars().count() > LONGEST_PARAMETER {
                violations.push(blame(&field, "expected a name, and name and value together under 500 characters"));
            }
        }
    }
}

impl Sip {
    fn blame(&self) -> Option<Violation> {
        let address = self.uri.strip_prefix("sips:").or_else(|| self.uri.strip_prefix("sip:"));
        let good = address.and_then(|address| address.split_once('@')).is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && !self.uri.contains(char::is_whitespace)
        });
        (!good).then(|| blame("sip.uri", "expected an address such as `sip:desk@example.com`"))
    }
}

fn blame(field: &str, description: &str) -> Violation {
    Violation { field: field.to_owned(), description: description.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::agent;

    fn blamed(endpoint: Endpoint, plain_streams: bool) -> Vec<String> {
        let checked = Agent { endpoint, ..agent(1) }.check(plain_streams);
        checked.err().map_or(Vec::new(), |error| error.violations.into_iter().map(|v| v.field).collect())
    }

    fn stream(url: &str, parameters: &[(&str, &str)]) -> Endpoint {
        let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Endpoint::MediaStream(MediaStream { url: url.to_owned(), parameters })
    }

    #[test]
    fn a_voice_server_is_reached_securely_and_without_a_query() {
        assert!(blamed(stream("wss://voice.example.com/stream", &[]), false).is_empty());
        assert!(blamed(stream("ws://127.0.0.1:9000", &[]), true).is_empty());
        for bad in [
            "ws://voice.example.com/stream",
            "https://voice.example.com",
            "wss://",
            "wss:///stream",
            "wss://voice.example.com/?key=1",
            "wss://user:secret@voice.example.com/",
            "wss://voice.example.com/a b",
        ] {
            assert_eq!(blamed(stream(bad, &[]), false), ["media_stream.url"], "{bad}");
        }
    }

    #[test]
    fn parameters_of_a_stream_are_short_and_not_ours() {
        let long = "x".repeat(499);
        let bad = stream("wss://voice.example.com", &[("token", "1"), ("a", &long), ("b", "fine")]);
        assert_eq!(blamed(bad, false), ["media_stream.parameters[a]", "media_stream.parameters[token]"]);
    }

    #[test]
    fn what_cannot_be_dialled_or_spoken_is_refused() {
        let sip = |uri: &str| Endpoint::Sip(Sip { uri: uri.to_owned(), ring_timeout: RING_TIMEOUT });
        assert!(blamed(sip("sip:desk@example.com"), false).is_empty());
        for bad in ["desk@example.com", "sip:example.com", "sip:@example.com", "sip:a@b@c", "sip:a b@c"] {
            assert_eq!(blamed(sip(bad), false), ["sip.uri"], "{bad}");
        }
        assert_eq!(blamed(Endpoint::Announcement(Announcement::default()), false), ["announcement.text"]);
        let circle = Agent { fallback_agent_id: Some(agent(1).id), ..agent(1) };
        assert!(circle.check(false).is_err());
    }

    #[test]
    fn stored_endpoints_still_load() {
        for sample in [
            r#"{"kind":"eleven-labs","agent_id":"agent_1","dynamic_variables":{"name":"Ada"}}"#,
            r#"{"kind":"media-stream","url":"wss://voice.example.com","parameters":{"a":"b"}}"#,
            r#"{"kind":"human","phone_number":"+15005550123","ring_timeout":25,"caller_id":null}"#,
            r#"{"kind":"sip","uri":"sip:desk@example.com","ring_timeout":30}"#,
            r#"{"kind":"announcement","text":"Closed.","voice":"","language":"en-GB"}"#,
            r#"{"kind":"voicemail","greeting":"","max_length":120,"silence_timeout":5,"voice":"","language":""}"#,
        ] {
            let endpoint: Endpoint = serde_json::from_str(sample).expect(sample);
            assert_eq!(serde_json::to_string(&endpoint).expect("plain"), sample);
        }
        for shortest in [
            r#"{"kind":"eleven-labs","agent_id":"agent_1"}"#,
            r#"{"kind":"media-stream","url":"wss://voice.example.com"}"#,
            r#"{"kind":"human","phone_number":"+15005550123"}"#,
            r#"{"kind":"sip","uri":"sip:desk@example.com"}"#,
            r#"{"kind":"announcement","text":"Closed."}"#,
            r#"{"kind":"voicemail"}"#,
        ] {
            assert!(serde_json::from_str::<Endpoint>(shortest).is_ok(), "{shortest}");
        }
    }
}

/// What we add to the parameters of every stream.
const OURS: &str = "callplane_";
const TOKEN: &str = "token";
/// Name and value together. Source: Twilio, `<Parameter>`.
const PARAMETER_LENGTH: usize = 500;

impl Endpoint {
    /// Everything that its types cannot rule out, each with its path. Audio in the clear is for the `dev` profile alone.
    pub fn check(&self, dev: bool) -> Result<()> {
        let mut violations = Vec::new();
        let mut blame = |field: &str, description: String| {
            violations.push(Violation { field: field.to_owned(), description });
        };
        match self {
            Self::MediaStream(stream) => {
                if !(stream.url.starts_with("wss://") || dev && stream.url.starts_with("ws://")) {
                    blame("media_stream.url", "expected an address that starts with `wss://`".to_owned());
                }
                for (name, value) in &stream.parameters {
                    if let Some(description) = wrong_parameter(name, value) {
                        blame("media_stream.parameters", description);
                    }
                }
            }
            Self::ElevenLabs(eleven_labs) => {
                if eleven_labs.dynamic_variables.keys().any(|name| name.is_empty() || name.starts_with(OURS)) {
                    let description = format!("a variable needs a name, and those that start with `{OURS}` are ours");
                    blame("eleven_labs.dynamic_variables", description);
                }
            }
            Self::Human(_) | Self::Sip(_) | Self::Announcement(_) | Self::Voicemail(_) => {}
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(Error::violations(violations)),
        }
    }
}

fn wrong_parameter(name: &str, value: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a parameter needs a name".to_owned());
    }
    if name == TOKEN || name.starts_with(OURS) {
        return Some(format!("`{TOKEN}` and names that start with `{OURS}` are ours; take another name"));
    }
    let long = name.chars().count() + value.chars().count() > PARAMETER_LENGTH;
    long.then(|| format!("name and value of a parameter have at most {PARAMETER_LENGTH} characters together"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(url: &str, parameter: (&str, &str)) -> Endpoint {
        let parameters = BTreeMap::from([(parameter.0.to_owned(), parameter.1.to_owned())]);
        Endpoint::MediaStream(MediaStream { url: url.to_owned(), parameters })
    }

    #[test]
    fn audio_in_the_clear_is_for_development_alone() {
        assert!(stream("wss://voice.example.com/a", ("team", "blue")).check(false).is_ok());
        assert!(stream("ws://127.0.0.1:9000/a", ("team", "blue")).check(true).is_ok());
        let error = stream("ws://127.0.0.1:9000/a", ("team", "blue")).check(false).expect_err("in the clear");
        assert_eq!(error.violations[0].field, "media_stream.url");
    }

    #[test]
    fn names_that_we_send_ourselves_are_taken() {
        for (name, value) in [("token", "x"), ("callplane_call_id", "x"), ("", "x"), ("team", &*"x".repeat(500))] {
            assert!(stream("wss://voice.example.com/a", (name, value)).check(false).is_err(), "{name}");
        }
        let dynamic_variables = BTreeMap::from([("callplane_call_id".to_owned(), String::new())]);
        let agent = ElevenLabs { agent_id: "a".to_owned(), dynamic_variables };
        assert!(Endpoint::ElevenLabs(agent).check(false).is_err());
    }
}
