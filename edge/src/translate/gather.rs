//! The action request of `<Gather>`.

use callplane_proto::edge::v1::DigitsGathered;

use super::{
    call::facts,
    field::{Malformed, keys, number, text},
    held::Held,
};
use crate::form::Form;

/// Digits, speech, or nothing at all with `actionOnEmptyResult`. Who was held had pressed their key before.
pub fn digits(form: &Form, held: &Held) -> Result<DigitsGathered, Malformed> {
    let pressed = keys(form, "Digits")?;
    Ok(DigitsGathered {
        call: Some(facts(form)?),
        digits: if pressed.is_empty() { held.key.map(String::from).unwrap_or_default() } else { pressed },
        speech: text(form, "SpeechResult"),
        confidence: number(form, "Confidence").filter(|confidence: &f64| confidence.is_finite()),
    })
}

#[cfg(test)]
mod tests {
    use super::digits;
    use crate::form::Form;

    #[test]
    fn speech_comes_with_its_confidence_and_digits_without() {
        let read = |text: &str| {
            digits(&Form::parse(text.as_bytes(), 200).expect("few fields"), &Default::default()).expect("complete")
        };
        let speech = read("CallSid=CA1&SpeechResult=yes+please&Confidence=0.91");
        assert_eq!((speech.speech.as_str(), speech.confidence), ("yes please", Some(0.91)));
        let keys = read("CallSid=CA1&Digits=12*&FinishedOnKey=%23&Confidence=NaN");
        assert_eq!((keys.digits.as_str(), keys.confidence), ("12*", None));
    }
}
