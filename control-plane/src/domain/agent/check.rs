//! Which endpoints are acceptable: everything that their types cannot rule out, each fault with its path.

use super::{Endpoint, MediaStream, Sip};
use crate::domain::error::{Error, Result, Violation};

impl Endpoint {
    /// Names every fault at once. `plain_streams` allows `ws://`, for development.
    pub fn check(&self, plain_streams: bool) -> Result<()> {
        let mut violations = Vec::new();
        match self {
            Self::MediaStream(stream) => stream.check(plain_streams, &mut violations),
            Self::Sip(sip) => violations.extend(sip.blame()),
            Self::Announcement(announcement) if announcement.text.trim().is_empty() => {
                violations.push(blame("announcement.text", "expected a text to speak"));
            }
            Self::ElevenLabs(eleven_labs) => {
                if eleven_labs.agent_id.trim().is_empty() {
                    violations.push(blame("eleven_labs.agent_id", "expected the agent's id at ElevenLabs"));
                }
                if eleven_labs.dynamic_variables.keys().any(|name| name.is_empty() || name.starts_with(OURS)) {
                    let expected = "a variable needs a name, and those that start with `callplane_` are ours";
                    violations.push(blame("eleven_labs.dynamic_variables", expected));
                }
            }
            Self::Human(_) | Self::Announcement(_) | Self::Voicemail(_) => {}
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(Error::violations(violations)),
        }
    }
}

/// How the names begin that we send ourselves.
const OURS: &str = "callplane_";
/// The name of the stream's own token.
const TOKEN: &str = "token";

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
            if name == TOKEN || name.starts_with(OURS) {
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
    use crate::domain::agent::{Announcement, ElevenLabs, RING_TIMEOUT};

    fn blamed(endpoint: Endpoint, plain_streams: bool) -> Vec<String> {
        endpoint
            .check(plain_streams)
            .err()
            .map_or(Vec::new(), |error| error.violations.into_iter().map(|v| v.field).collect())
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
        let dynamic_variables = [("callplane_call_id".to_owned(), String::new())].into();
        let taken = Endpoint::ElevenLabs(ElevenLabs { agent_id: "a".to_owned(), dynamic_variables });
        assert_eq!(blamed(taken, false), ["eleven_labs.dynamic_variables"]);
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
