//! The action request of `<Record>`: the caller has spoken, or hung up.

use callplane_proto::edge::v1::VoicemailLeft;

use super::{
    call::facts,
    field::{Malformed, keys, seconds, text},
};
use crate::form::Form;

/// A voicemail. Its file may not be readable yet, and its RecordingSid is seen but not promised.
pub fn left(form: &Form) -> Result<VoicemailLeft, Malformed> {
    Ok(VoicemailLeft {
        call: Some(facts(form)?),
        recording_sid: text(form, "RecordingSid"),
        recording_url: text(form, "RecordingUrl"),
        recording_duration: seconds(form, "RecordingDuration"),
        digits: keys(form, "Digits")?,
    })
}

#[cfg(test)]
mod tests {
    use super::left;
    use crate::form::Form;

    #[test]
    fn hanging_up_ends_a_voicemail() {
        let form = "CallSid=CA1&RecordingUrl=https%3A%2F%2Fx%2FRE1&RecordingDuration=21&Digits=hangup";
        let event = left(&Form::parse(form.as_bytes(), 200).expect("few fields")).expect("complete");
        assert_eq!((event.digits.as_str(), event.recording_sid.as_str()), ("hangup", ""));
    }
}
