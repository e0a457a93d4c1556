//! What a number's webhooks shall be, and what differs from what Twilio shows.

use super::telephony::Webhooks;

/// Twilio by itself retries only a failed connection; what a fragment asks for is repeated after a 5xx or a silence too.
/// The fragment is never sent to us and never signed. Source: Twilio, "Webhooks connection overrides".
const RETRY: &str = "#rc=2&rp=5xx,ct,rt";

/// The webhooks of a number that the edge answers.
pub fn desired(public_url: &str) -> Webhooks {
    let base = public_url.trim_end_matches('/');
    let at = |path: &str| Some(format!("{base}/twilio/{path}{RETRY}"));
    Webhooks {
        voice_url: at("voice"),
        voice_fallback_url: at("fallback"),
        status_callback_url: at("status"),
        sms_url: at("message"),
        sms_fallback_url: None,
        // While one of these is set, Twilio ignores the URLs.
        voice_application_sid: None,
        sms_application_sid: None,
        trunk_sid: None,
    }
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The setting.
    pub field: &'static str,
    /// What it shall be.
    pub desired: String,
    /// What it is.
    pub observed: String,
}

/// What has to be written so that `observed` becomes `desired`.
pub fn differences(desired: &Webhooks, observed: &Webhooks) -> Vec<Difference> {
    fields(desired)
        .into_iter()
        .zip(fields(observed))
        .filter(|((_, desired), (_, observed))| desired != observed)
        .map(|((field, desired), (_, observed))| Difference {
            field,
            desired: desired.unwrap_or_default().to_owned(),
            observed: observed.unwrap_or_default().to_owned(),
        })
        .collect()
}

fn fields(webhooks: &Webhooks) -> [(&'static str, Option<&str>); 8] {
    [
        ("voice_url", webhooks.voice_url.as_deref()),
        ("voice_fallback_url", webhooks.voice_fallback_url.as_deref()),
        ("status_callback_url", webhooks.status_callback_url.as_deref()),
        ("sms_url", webhooks.sms_url.as_deref()),
        ("sms_fallback_url", webhooks.sms_fallback_url.as_deref()),
        ("voice_application_sid", webhooks.voice_application_sid.as_deref()),
        ("sms_application_sid", webhooks.sms_application_sid.as_deref()),
        ("trunk_sid", webhooks.trunk_sid.as_deref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_desired_needs_no_writing_and_what_is_not_is_named() {
        let wanted = desired("https://calls.example.com/");
        assert_eq!(wanted.voice_url.as_deref(), Some("https://calls.example.com/twilio/voice#rc=2&rp=5xx,ct,rt"));
        assert_eq!(differences(&wanted, &wanted), []);
        let other = Webhooks { trunk_sid: Some("TK0".to_owned()), ..wanted.clone() };
        let named: Vec<_> = differences(&wanted, &other).into_iter().map(|difference| difference.field).collect();
        assert_eq!(named, ["trunk_sid"]);
    }
}
