//! Call status callbacks.

use callplane_proto::edge::v1::CallProgressed;

use super::{
    call::facts,
    field::{Malformed, count, number, seconds, status, time},
};
use crate::form::Form;

/// Progress of a call. `CallDuration` is in seconds; `Duration`, in billed minutes, is left alone.
pub fn progress(form: &Form) -> Result<CallProgressed, Malformed> {
    status(form, "CallStatus")?;
    Ok(CallProgressed {
        call: Some(facts(form)?),
        sequence_number: count(form, "SequenceNumber")?,
        event_time: time(form, "Timestamp"),
        call_duration: seconds(form, "CallDuration"),
        sip_response_code: number(form, "SipResponseCode"),
    })
}

#[cfg(test)]
mod tests {
    use super::progress;
    use crate::form::Form;

    #[test]
    fn the_duration_is_the_one_in_seconds() {
        let form = "CallSid=CA1&CallStatus=completed&SequenceNumber=3&CallDuration=49&Duration=1&SipResponseCode=200";
        let event = progress(&Form::parse(form.as_bytes(), 200).expect("few fields")).expect("complete");
        assert_eq!(event.call_duration.map(|duration| duration.seconds), Some(49));
        assert_eq!((event.sequence_number, event.sip_response_code), (Some(3), Some(200)));
    }

    #[test]
    fn an_absent_sequence_number_is_not_zero() {
        let event =
            progress(&Form::parse(b"CallSid=CA1&CallStatus=ringing", 200).expect("few fields")).expect("complete");
        assert_eq!(event.sequence_number, None);
    }
}
