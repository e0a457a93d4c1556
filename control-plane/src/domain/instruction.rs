//! What a caller is to hear and what happens to the call: typed TwiML. No XML here; the edge writes it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{e164::E164, seconds::Seconds};

/// What to do with a call, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instructions {
    /// These verbs, in order.
    Verbs(Vec<Verb>),
    /// TwiML from a vendor, handed through as it is.
    Passthrough(String),
}

/// One TwiML verb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Verb {
    /// Speaks a text.
    Say(Say),
    /// Plays a file or keys.
    Play(Play),
    /// Waits.
    Pause {
        /// How long.
        length: Seconds,
    },
    /// Collects digits or speech.
    Gather(Gather),
    /// Records the caller; ends the document.
    Record(Record),
    /// Connects another party.
    Dial(Dial),
    /// Connects a bidirectional media stream; the following verbs wait until it closes.
    Stream(Stream),
    /// Goes on with another document.
    Redirect {
        /// The path below the public URL.
        path: String,
    },
    /// Refuses the call without answering it.
    Reject {
        /// Busy signal instead of "not in service".
        busy: bool,
    },
    /// Ends the call.
    Hangup,
}

/// Speaks a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Say {
    /// The text.
    pub text: String,
    /// The voice; empty for the account's.
    pub voice: String,
    /// The language; empty for `en-US`.
    pub language: String,
    /// How often; 0 means once.
    pub times: i32,
}

/// Plays a file or keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Play {
    /// The audio file's address.
    pub url: String,
    /// Keys to play instead.
    pub digits: String,
    /// How often; 0 means once.
    pub times: i32,
}

/// What a Gather collects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatherInput {
    /// Digits.
    #[default]
    Dtmf,
    /// Speech.
    Speech,
    /// Whichever comes first.
    DtmfSpeech,
}

/// Collects digits or speech.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gather {
    /// Where the input goes, below the public URL.
    pub action: String,
    /// What is collected.
    #[serde(default)]
    pub input: GatherInput,
    /// How long to wait for the next key.
    pub timeout: Seconds,
    /// Ends after so many digits; 0 for no limit.
    #[serde(default)]
    pub num_digits: i32,
    /// The key that ends the input; `None` for `#`, empty for none.
    #[serde(default)]
    pub finish_on_key: Option<String>,
    /// Sends a request even without input.
    #[serde(default)]
    pub action_on_empty_result: bool,
    /// The language of the speech; empty for `en-US`.
    #[serde(default)]
    pub language: String,
    /// What plays meanwhile: Say, Play and Pause only.
    #[serde(default)]
    pub prompts: Vec<Verb>,
}

/// Records the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where the end of the recording is reported, below the public URL.
    pub action: String,
    /// Where the finished file is reported, below the public URL.
    pub recording_status_callback: String,
    /// Ends at this length.
    pub max_length: Seconds,
    /// Ends after so much silence.
    pub timeout: Seconds,
    /// Keys that end it; `None` for any key.
    #[serde(default)]
    pub finish_on_key: Option<String>,
    /// A beep first.
    pub play_beep: bool,
}

/// Connects another party.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dial {
    /// Where the end of the leg is reported, below the public URL; empty to go on with the next verb.
    pub action: String,
    /// How long it rings.
    pub timeout: Seconds,
    /// How long it may last; `None` for Twilio's four hours.
    #[serde(default)]
    pub time_limit: Option<Seconds>,
    /// The number shown to the called party; `None` for the caller's.
    #[serde(default)]
    pub caller_id: Option<E164>,
    /// Who is called; several numbers ring together.
    pub targets: Vec<DialTarget>,
    /// Twilio answers the caller only when the other side does.
    pub answer_on_bridge: bool,
}

/// Who is called by a Dial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DialTarget {
    /// The number or address.
    pub to: DialAddress,
    /// Where the leg's progress is reported, below the public URL; empty for nowhere.
    #[serde(default)]
    pub status_callback: String,
}

/// A number or a SIP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialAddress {
    /// A number.
    Number(E164),
    /// A SIP address.
    Sip(String),
}

/// Connects a bidirectional media stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// The voice server: `wss://`, without a query.
    pub url: String,
    /// Sent to the voice server as custom parameters, in this order.
    #[serde(default)]
    pub parameters: Vec<StreamParameter>,
    /// Where the stream's progress is reported, below the public URL; empty for nowhere.
    #[serde(default)]
    pub status_callback: String,
    /// The stream's name; empty for none.
    #[serde(default)]
    pub name: String,
    /// Where the end of the stream is reported, below the public URL; empty to go on with the next verb.
    #[serde(default)]
    pub action: String,
}

/// A custom parameter of a stream. `Debug` hides the value: one of them is a token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamParameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for StreamParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

impl Instructions {
    /// A voice server is asked for.
    pub fn has_stream(&self) -> bool {
        matches!(self, Self::Verbs(verbs) if verbs.iter().any(|verb| matches!(verb, Verb::Stream(_))))
    }

    /// A leg or a stream is asked for, so `Call::connect` must be told.
    pub fn connects(&self) -> bool {
        let connects = |verb: &Verb| matches!(verb, Verb::Stream(_) | Verb::Dial(_));
        matches!(self, Self::Verbs(verbs) if verbs.iter().any(connects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_instructions_still_load() {
        let sample = concat!(
            r#"{"verbs":[{"verb":"say","text":"Hi","voice":"","language":"","times":0},"#,
            r#"{"verb":"play","url":"https://example.com/a.mp3","digits":"","times":0},{"verb":"pause","length":1},"#,
            r#"{"verb":"gather","action":"/twilio/gather/x","input":"dtmf-speech","timeout":5,"num_digits":1,"#,
            r#""finish_on_key":"","action_on_empty_result":true,"language":"","prompts":[]},"#,
            r#"{"verb":"record","action":"/twilio/voicemail","recording_status_callback":"/twilio/recording","#,
            r#""max_length":120,"timeout":5,"finish_on_key":null,"play_beep":true},"#,
            r#"{"verb":"dial","action":"/twilio/dial/x","timeout":25,"time_limit":null,"caller_id":null,"#,
            r#""targets":[{"to":{"number":"+15005550123"},"status_callback":""},"#,
            r#"{"to":{"sip":"sip:desk@example.com"},"status_callback":""}],"answer_on_bridge":true},"#,
            r#"{"verb":"stream","url":"wss://voice.example.com","parameters":[{"name":"a","value":"b"}],"#,
            r#""status_callback":"","name":"","action":""},{"verb":"redirect","path":"/twilio/dial/x"},"#,
            r#"{"verb":"reject","busy":true},{"verb":"hangup"}]}"#,
        );
        let instructions: Instructions = serde_json::from_str(sample).expect("loads");
        assert_eq!(serde_json::to_string(&instructions).expect("plain"), sample);
        assert!(instructions.has_stream() && instructions.connects());
        let passthrough: Instructions = serde_json::from_str(r#"{"passthrough":"<Response/>"}"#).expect("loads");
        assert!(!passthrough.has_stream() && !passthrough.connects());
    }
}
