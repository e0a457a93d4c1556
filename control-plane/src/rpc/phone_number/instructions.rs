//! What to enter in the Twilio console for a number that we may not change ourselves.

use crate::domain::{
    e164::{E164, mask},
    telephony::Webhooks,
};

/// The steps, one after another.
pub fn steps(number: &E164, webhooks: &Webhooks) -> Vec<String> {
    let number = mask(number.as_str());
    let mut steps = vec![format!(
        "Open https://console.twilio.com, go to Phone Numbers > Manage > Active numbers and choose {number}."
    )];
    let settings = [
        ("Voice, `A call comes in`", &webhooks.voice_url),
        ("Voice, `Primary handler fails`", &webhooks.voice_fallback_url),
        ("Voice, `Call status changes`", &webhooks.status_callback_url),
        ("Messaging, `A message comes in`", &webhooks.sms_url),
        ("Messaging, `Primary handler fails`", &webhooks.sms_fallback_url),
    ];
    for (setting, url) in settings {
        if let Some(url) = url {
            steps.push(format!(
                "{setting}: Webhook, {url}, HTTP POST. Keep what follows the `#`: it makes Twilio retry."
            ));
        }
    }
    steps.push("Leave TwiML App and SIP Trunk unset: while one is set, Twilio ignores the URLs.".to_owned());
    steps.push("Save, call the number, and look with `callplane call list`.".to_owned());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhooks::desired;

    #[test]
    fn every_setting_is_named_and_the_number_is_masked() {
        let number: E164 = "+15005550006".parse().expect("valid");
        let steps = steps(&number, &desired("https://calls.example.com")).join("\n");
        for part in ["****0006", "/twilio/voice#rc=2", "/twilio/fallback", "/twilio/status", "/twilio/message"] {
            assert!(steps.contains(part), "{part} is missing in {steps}");
        }
        assert!(!steps.contains("+15005550006"), "{steps}");
    }
}
