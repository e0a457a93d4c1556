//! The forms Twilio sends: which parameters each request carries and how they are encoded.

use super::Kind;
use crate::clock::{Timestamp, rfc2822};

pub type Form = Vec<(String, String)>;

pub fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// What every request about a call says of it.
#[derive(Clone, Debug)]
pub struct CallFacts {
    pub sid: String,
    pub account_sid: String,
    pub from: String,
    pub to: String,
    pub direction: String,
    pub parent_sid: Option<String>,
}

/// The parameters of §4.1: identity, status, and a geography that is mostly empty, as observed.
pub fn call(facts: &CallFacts, status: &str) -> Form {
    let mut form = vec![
        pair("Called", &facts.to),
        pair("ToState", ""),
        pair("CallerCountry", country(&facts.from)),
        pair("Direction", &facts.direction),
        pair("CallerState", ""),
        pair("ToZip", ""),
        pair("CallSid", &facts.sid),
        pair("To", &facts.to),
        pair("CallerZip", ""),
        pair("ToCountry", country(&facts.to)),
        pair("CalledZip", ""),
        pair("ApiVersion", "2010-04-01"),
        pair("CalledCity", ""),
        pair("CallStatus", status),
        pair("From", &facts.from),
        pair("AccountSid", &facts.account_sid),
        pair("CalledCountry", country(&facts.to)),
        pair("CallerCity", ""),
        pair("ToCity", ""),
        pair("FromCountry", country(&facts.from)),
        pair("Caller", &facts.from),
        pair("FromCity", ""),
        pair("CalledState", ""),
        pair("FromZip", ""),
        pair("FromState", ""),
    ];
    form.extend(facts.parent_sid.iter().map(|sid| pair("ParentCallSid", sid)));
    form
}

/// A call status callback (§4.3).
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    pub status: &'a str,
    pub sequence: u32,
    pub at: Timestamp,
    /// Seconds, for a terminal status.
    pub duration: Option<i64>,
    pub sip_code: Option<u16>,
    pub answered_by: Option<&'a str>,
}

pub fn progress(facts: &CallFacts, progress: &Progress<'_>) -> Form {
    let mut form = call(facts, progress.status);
    form.push(pair("Timestamp", rfc2822(progress.at)));
    form.push(pair("CallbackSource", "call-progress-events"));
    form.push(pair("SequenceNumber", progress.sequence.to_string()));
    if let Some(seconds) = progress.duration {
        form.push(pair("CallDuration", seconds.to_string()));
        // Billing minutes, rounded up: the field that is so often read as seconds.
        form.push(pair("Duration", ((seconds + 59) / 60).to_string()));
    }
    form.extend(progress.sip_code.map(|code| pair("SipResponseCode", code.to_string())));
    form.extend(progress.answered_by.map(|by| pair("AnsweredBy", by)));
    form
}

/// Twilio writes spaces as `%20` in reports and as `+` elsewhere; both are seen in captures.
pub fn encode(parameters: &[(String, String)], kind: Kind) -> String {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    if kind.wants_twiml() || kind.is_message() { text } else { text.replace('+', "%20") }
}

/// Good enough for the simulator: the countries its tests call from.
pub fn country(number: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 12] = [
        ("+1", "US"),
        ("+44", "GB"),
        ("+49", "DE"),
        ("+33", "FR"),
        ("+34", "ES"),
        ("+39", "IT"),
        ("+31", "NL"),
        ("+41", "CH"),
        ("+43", "AT"),
        ("+46", "SE"),
        ("+61", "AU"),
        ("+91", "IN"),
    ];
    PREFIXES.iter().find(|(prefix, _)| number.starts_with(prefix)).map_or("", |(_, country)| country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_geography_is_sent_and_the_duration_is_in_seconds_and_in_minutes() {
        let facts = CallFacts {
            sid: "CA1".into(),
            account_sid: "AC1".into(),
            from: "+15550100001".into(),
            to: "+4930123456".into(),
            direction: "inbound".into(),
            parent_sid: None,
        };
        let at = "2026-08-04T09:12:44Z".parse().expect("a valid time");
        let last =
            Progress { status: "completed", sequence: 0, at, duration: Some(75), sip_code: None, answered_by: None };
        let form = progress(&facts, &last);
        let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(value("ToZip"), Some(""));
        assert_eq!((value("CallDuration"), value("Duration")), (Some("75"), Some("2")));
        assert_eq!(value("Timestamp"), Some("Tue, 04 Aug 2026 09:12:44 +0000"));
        assert_eq!((value("FromCountry"), value("ToCountry")), (Some("US"), Some("DE")));
    }

    #[test]
    fn a_space_is_a_plus_in_twiml_requests_and_percent_20_in_reports() {
        let parameters = [pair("msg", "Gather End"), pair("From", "+1")];
        assert_eq!(encode(&parameters, Kind::Gather), "msg=Gather+End&From=%2B1");
        assert_eq!(encode(&parameters, Kind::Status), "msg=Gather%20End&From=%2B1");
    }
}
