//! Reading one field: text, numbers, times, ids. A field that is absent or makes no sense is its type's default; only an
//! id that is missing makes a webhook unusable.

use std::{fmt, str::FromStr};

use prost_types::{Duration, Timestamp};

use crate::form::{Form, readable};

/// A field without which nothing can be done, and what is wrong with it. Shows no value.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str, pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.0, self.1)
    }
}

impl std::error::Error for Malformed {}

/// Two letters and 32 hex digits; a longer value is another field's text pushed in behind the id.
const LONGEST_SID: usize = 34;

/// An id that must be there.
pub fn sid(form: &Form, name: &'static str) -> Result<String, Malformed> {
    let value = form.bytes(name).ok_or(Malformed(name, "is missing"))?;
    let fits = (1..=LONGEST_SID).contains(&value.len()) && value.iter().all(u8::is_ascii_alphanumeric);
    if fits { Ok(owned(value)) } else { Err(Malformed(name, "is no SID")) }
}

/// A field that must be there, even if empty.
pub fn present(form: &Form, name: &'static str) -> Result<(), Malformed> {
    form.bytes(name).map(|_| ()).ok_or(Malformed(name, "is missing"))
}

/// A word that must be there: without it the webhook says nothing.
pub fn status(form: &Form, name: &'static str) -> Result<String, Malformed> {
    match word(form, name)? {
        word if word.is_empty() => Err(Malformed(name, "is missing")),
        word => Ok(word),
    }
}

/// A word of Twilio's such as `in-progress`; empty when absent. The signed text has no separators, so whoever replays a
/// webhook could push the next field into this one: anything but a plain word is refused. New words are fine.
pub fn word(form: &Form, name: &'static str) -> Result<String, Malformed> {
    let value = form.bytes(name).unwrap_or_default();
    let plain = value.len() <= 32 && value.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'));
    if plain { Ok(owned(value)) } else { Err(Malformed(name, "is not a word of Twilio's")) }
}

/// Keys that were pressed, or `hangup`; empty when absent.
pub fn keys(form: &Form, name: &'static str) -> Result<String, Malformed> {
    let value = form.bytes(name).unwrap_or_default();
    let pressed = value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'));
    if pressed || value == b"hangup" {
        Ok(owned(value))
    } else {
        Err(Malformed(name, "holds something else than keys"))
    }
}

/// From or To; what begins as a number must be one to its end.
pub fn address(form: &Form, name: &'static str) -> Result<String, Malformed> {
    let address = text(form, name);
    // A channel such as `whatsapp:` has nothing behind its number; a SIP address has a host.
    let number = address.split_once(":+").map(|(_, number)| number).filter(|_| !is_sip(&address));
    let number = number.or_else(|| address.trim().strip_prefix('+'));
    let whole = number.is_none_or(|digits| digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if whole { Ok(address) } else { Err(Malformed(name, "begins like a number and is none")) }
}

/// A count; `None` when absent or empty, and an error when it is something else.
pub fn count(form: &Form, name: &'static str) -> Result<Option<i32>, Malformed> {
    match form.text(name).as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(digits) => digits.parse().map(Some).map_err(|_| Malformed(name, "is not a number")),
    }
}

/// A text; empty when absent.
pub fn text(form: &Form, name: &str) -> String {
    form.bytes(name).map(owned).unwrap_or_default()
}

fn owned(value: &[u8]) -> String {
    readable(value).into_owned()
}

/// A number; `None` when absent or not a number.
pub fn number<T: FromStr>(form: &Form, name: &str) -> Option<T> {
    form.text(name)?.trim().parse().ok()
}

/// A duration in seconds.
pub fn seconds(form: &Form, name: &str) -> Option<Duration> {
    let seconds = number::<i64>(form, name).filter(|seconds| *seconds >= 0)?;
    Some(Duration { seconds, nanos: 0 })
}

/// An RFC 2822 time such as `Tue, 04 Aug 2026 09:00:58 +0000`.
pub fn time(form: &Form, name: &str) -> Option<Timestamp> {
    let time = chrono::DateTime::parse_from_rfc2822(form.text(name)?.trim()).ok()?;
    Some(Timestamp { seconds: time.timestamp(), nanos: 0 })
}

/// The E.164 number in an address: plain, behind a channel such as `whatsapp:`, or as the user part of a SIP address.
pub fn e164(address: &str) -> Option<&str> {
    let address = address.trim();
    let user = match address.split_once(':') {
        Some((_, rest)) if is_sip(address) => rest.split(['@', ';']).next().unwrap_or(rest),
        Some((_, rest)) => rest,
        None => address,
    };
    let digits = user.strip_prefix('+')?;
    let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(user)
}

fn is_sip(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
}

#[cfg(test)]
mod tests {
    use super::{address, count, e164, keys, number, seconds, sid, time, word};
    use crate::form::Form;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes(), 200).expect("few fields")
    }

    #[test]
    fn an_id_is_short_and_plain() {
        assert_eq!(sid(&form("CallSid=CA1"), "CallSid").as_deref(), Ok("CA1"));
        assert_eq!(sid(&form("x=1"), "CallSid").expect_err("absent").to_string(), "CallSid is missing");
        for broken in
            ["CallSid=", "CallSid=CA%00", "CallSid=CA1%0a", "CallSid=CA11111111111111111111111111111111StatusX"]
        {
            assert_eq!(sid(&form(broken), "CallSid").expect_err(broken).to_string(), "CallSid is no SID");
        }
    }

    #[test]
    fn numbers_and_times_that_make_no_sense_are_absent() {
        let form = form("A=7&B=x&C=-1&T=Tue%2C+04+Aug+2026+09%3A00%3A58+%2B0000&U=yesterday");
        assert_eq!(number::<i32>(&form, "A"), Some(7));
        assert_eq!(number::<i32>(&form, "B"), None);
        assert_eq!(seconds(&form, "A").map(|duration| duration.seconds), Some(7));
        assert_eq!(seconds(&form, "C"), None);
        assert_eq!(time(&form, "T").map(|time| time.seconds), Some(1_785_834_058));
        assert_eq!(time(&form, "U"), None);
    }

    #[test]
    fn a_field_pushed_into_another_one_is_noticed() {
        let form = form(
            "CallStatus=completedDirectioninbound&Digits=1Directioninbound&To=%2B15005550006ToCitySF&\
            SequenceNumber=3SipResponseCode200&Direction=outbound-api&Key=12*%23&End=hangup&From=client%3Aann&N=7&E=",
        );
        assert!(word(&form, "CallStatus").is_err());
        assert!(keys(&form, "Digits").is_err());
        assert!(address(&form, "To").is_err());
        assert!(count(&form, "SequenceNumber").is_err());
        assert_eq!(word(&form, "Direction").as_deref(), Ok("outbound-api"));
        assert_eq!(keys(&form, "Key").as_deref(), Ok("12*#"));
        assert_eq!(keys(&form, "End").as_deref(), Ok("hangup"));
        assert_eq!(address(&form, "From").as_deref(), Ok("client:ann"));
        assert_eq!((count(&form, "N"), count(&form, "E"), count(&form, "X")), (Ok(Some(7)), Ok(None), Ok(None)));
    }

    #[test]
    fn a_number_is_found_in_every_form_of_address() {
        for address in
            ["+15005550006", " +15005550006", "whatsapp:+15005550006", "sip:+15005550006@acme.sip.twilio.com;x=1"]
        {
            assert_eq!(e164(address), Some("+15005550006"), "{address}");
        }
        for address in ["client:alice", "sip:alice@example.com", "anonymous", "72975", "", "+1", "+1500555000600000"] {
            assert_eq!(e164(address), None, "{address}");
        }
    }
}
