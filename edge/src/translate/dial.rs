//! The action request of `<Dial>`, and of `<Connect>`, which has no dial fields.

use callplane_proto::edge::v1::DialEnded;

use super::{
    call::facts,
    field::{Malformed, number, seconds, text, word},
};
use crate::form::Form;

/// The end of a dialled leg or of a stream. `CallSid` is the parent call.
pub fn ended(form: &Form) -> Result<DialEnded, Malformed> {
    Ok(DialEnded {
        call: Some(facts(form)?),
        dial_call_status: word(form, "DialCallStatus")?,
        dial_call_sid: text(form, "DialCallSid"),
        dial_call_duration: seconds(form, "DialCallDuration"),
        dial_bridged: number(form, "DialBridged"),
    })
}

#[cfg(test)]
mod tests {
    use super::ended;
    use crate::form::Form;

    #[test]
    fn completed_without_a_bridge_is_told_apart() {
        let read = |text: &str| ended(&Form::parse(text.as_bytes(), 200).expect("few fields")).expect("complete");
        assert_eq!(read("CallSid=CA1&DialCallStatus=completed&DialBridged=false").dial_bridged, Some(false));
        assert_eq!(read("CallSid=CA1&DialCallStatus=completed").dial_bridged, None);
        assert_eq!(read("CallSid=CA1").dial_call_status, "");
    }
}
