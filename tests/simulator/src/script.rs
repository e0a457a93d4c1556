//! What the people and machines of a call do: the caller, whoever is dialled, the media stream.
//! Pure data, shared by the control API, the library and the client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::webhook::delivery::DeliveryRule;

/// What the person on a call does. `{}` listens to everything and hangs up when the call ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Taken one at a time: the next `<Gather>` or `<Record>` gets the next act.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
    /// Seconds after the call was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang_up_after_seconds: Option<u32>,
    /// What each dialled number or SIP address does; `*` is anybody else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dialled: BTreeMap<String, Callee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamFate>,
    /// How webhooks of this call arrive, before the simulator's own rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryRule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Presses these keys, the finish key included if one is meant.
    Press(String),
    /// Says this; only a `<Gather>` that listens to speech hears it.
    Speak(String),
    /// Speaks for so many seconds into a `<Record>`.
    Voicemail(u32),
    /// Lets one `<Gather>` or `<Record>` run into its timeout.
    Silence,
    HangUp,
}

/// What happens when a number is rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callee {
    Answers(Answer),
    Busy,
    NoAnswer,
    /// The carrier gives up after the ringing started.
    Failed,
    /// Nobody can route to this number: it fails before it rings.
    Dead,
    /// The vendor refuses the call with this error code, for instance 21214.
    Refused(u32),
}

impl Default for Callee {
    fn default() -> Self {
        Callee::Answers(Answer::default())
    }
}

impl Callee {
    /// Answers and presses these keys at the first `<Gather>`.
    pub fn presses(digits: &str) -> Self {
        Callee::Answers(Answer { acts: vec![Act::Press(digits.to_owned())], ..Answer::default() })
    }

    /// A machine answers, speaks its greeting, beeps and records.
    pub fn machine() -> Self {
        Callee::Answers(Answer { answered_by: "machine_start".to_owned(), ..Answer::default() })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    pub after_seconds: u32,
    /// How long the person stays on the line.
    pub for_seconds: u32,
    pub acts: Vec<Act>,
    /// What machine detection would say: `human`, `machine_start`, `machine_end_beep`, `fax`, `unknown`.
    pub answered_by: String,
    /// How long a machine speaks before its beep.
    pub greeting_seconds: u32,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            after_seconds: 5,
            for_seconds: 30,
            acts: Vec::new(),
            answered_by: "human".to_owned(),
            greeting_seconds: 8,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamFate {
    /// The socket stays open so many seconds.
    Accepted(u32),
    Refused,
}

impl Default for StreamFate {
    fn default() -> Self {
        StreamFate::Accepted(30)
    }
}

/// What becomes of a message sent to a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageFate {
    #[default]
    Delivered,
    /// The route never reports past `sent`.
    SentOnly,
    Undelivered(u32),
    Failed(u32),
    /// The vendor refuses the message with this error code, for instance 21610.
    Refused(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_as_a_person_would_write_it() {
        let text = r#"{"acts":[{"press":"1#"},"silence",{"voicemail":20},"hang_up"],
            "dialled":{"+15550100001":"busy","*":{"answers":{"for_seconds":9}}},"stream":{"accepted":12}}"#;
        let script: Script = serde_json::from_str(text).expect("the script is valid");
        assert_eq!(script.acts[0], Act::Press("1#".into()));
        assert_eq!(script.dialled["+15550100001"], Callee::Busy);
        assert_eq!(script.stream, Some(StreamFate::Accepted(12)));
        let Callee::Answers(answer) = &script.dialled["*"] else { panic!("somebody answers") };
        assert_eq!((answer.for_seconds, answer.after_seconds), (9, 5));
    }

    #[test]
    fn a_misspelt_field_of_a_script_is_refused() {
        assert!(serde_json::from_str::<Script>(r#"{"hangup":3}"#).is_err());
    }
}
