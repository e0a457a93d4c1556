//! What every voice webhook says of its call.

use callplane_proto::edge::v1::CallFacts;

use super::{
    field::{Malformed, address, present, sid, text, word},
    held::Held,
};
use crate::form::Form;

/// The facts; only the call's id must be there.
pub fn facts(form: &Form) -> Result<CallFacts, Malformed> {
    Ok(CallFacts {
        call_sid: sid(form, "CallSid")?,
        parent_call_sid: text(form, "ParentCallSid"),
        from: address(form, "From")?,
        to: address(form, "To")?,
        call_status: word(form, "CallStatus")?,
        direction: word(form, "Direction")?,
        forwarded_from: text(form, "ForwardedFrom"),
        caller_name: text(form, "CallerName"),
        stir_verstat: text(form, "StirVerstat"),
        from_country: text(form, "FromCountry"),
        from_state: text(form, "FromState"),
        from_city: text(form, "FromCity"),
        to_country: text(form, "ToCountry"),
        answered_by: text(form, "AnsweredBy"),
    })
}

/// The facts of a call that comes in, which always has two ends.
pub fn inbound(form: &Form) -> Result<CallFacts, Malformed> {
    present(form, "From")?;
    present(form, "To")?;
    facts(form)
}

/// The facts of a call of ours that was answered. Twilio says by whom in the first request only.
pub fn answered(form: &Form, held: Held) -> Result<CallFacts, Malformed> {
    let facts = facts(form)?;
    Ok(if facts.answered_by.is_empty() { CallFacts { answered_by: held.answered_by, ..facts } } else { facts })
}

#[cfg(test)]
mod tests {
    use super::facts;
    use crate::form::Form;

    #[test]
    fn the_facts_are_as_twilio_sent_them() {
        let form = "CallSid=CA1&From=anonymous&To=%2B15005550006&CallStatus=ringing&Direction=inbound&FromCity=LOS+ANGELES\
            &StirVerstat=TN-Validation-Passed-A&ToZip=";
        let facts = facts(&Form::parse(form.as_bytes(), 200).expect("few fields")).expect("complete");
        assert_eq!(
            (facts.call_sid.as_str(), facts.from.as_str(), facts.to.as_str()),
            ("CA1", "anonymous", "+15005550006")
        );
        assert_eq!((facts.call_status.as_str(), facts.direction.as_str()), ("ringing", "inbound"));
        assert_eq!((facts.from_city.as_str(), facts.caller_name.as_str()), ("LOS ANGELES", ""));
    }
}
