//! Recording status callbacks. They name the parent leg and carry no call status.

use callplane_proto::edge::v1::RecordingProgressed;

use super::field::{Malformed, number, seconds, sid, status, text, time};
use crate::form::Form;

/// Progress of a recording.
pub fn progress(form: &Form) -> Result<RecordingProgressed, Malformed> {
    Ok(RecordingProgressed {
        call_sid: sid(form, "CallSid")?,
        recording_sid: sid(form, "RecordingSid")?,
        recording_status: status(form, "RecordingStatus")?,
        recording_url: text(form, "RecordingUrl"),
        recording_duration: seconds(form, "RecordingDuration"),
        channels: number(form, "RecordingChannels").unwrap_or(0),
        start_time: time(form, "RecordingStartTime"),
        source: text(form, "RecordingSource"),
        error_code: number(form, "ErrorCode").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::progress;
    use crate::form::Form;

    #[test]
    fn a_recording_needs_its_own_id_and_its_calls() {
        let read = |text: &str| progress(&Form::parse(text.as_bytes(), 200).expect("few fields"));
        let event = read("CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed&RecordingDuration=42&ErrorCode=0")
            .expect("complete");
        assert_eq!((event.recording_status.as_str(), event.error_code), ("completed", 0));
        assert_eq!(read("CallSid=CA1").expect_err("no recording").to_string(), "RecordingSid is missing");
    }
}
