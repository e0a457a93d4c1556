//! Whether calls to a number go to ElevenLabs. Which settings an import changes at Twilio is not published: we go by the
//! host of the voice URL, and by what the import itself left.

use crate::domain::telephony::Webhooks;

const HOST: &str = "elevenlabs.io";

/// Where calls go: the voice URL, and what makes Twilio ignore it.
fn way(webhooks: &Webhooks) -> (Option<&str>, Option<&str>, Option<&str>) {
    (webhooks.voice_url.as_deref(), webhooks.voice_application_sid.as_deref(), webhooks.trunk_sid.as_deref())
}

/// Calls go the same way.
pub fn is_same(one: &Webhooks, other: &Webhooks) -> bool {
    way(one) == way(other)
}

/// Calls go to ElevenLabs, as far as one can see: as the import left them, or to a host of theirs, or, of a number just
/// imported, elsewhere than `before` and than to us.
pub fn is_theirs(now: &Webhooks, left: Option<&Webhooks>, before: Option<&Webhooks>, ours: Option<&Webhooks>) -> bool {
    let as_left = left.is_some_and(|left| is_same(now, left));
    let is_free = now.trunk_sid.is_none() && now.voice_application_sid.is_none();
    let at_theirs = is_free && now.voice_url.as_deref().is_some_and(is_at_theirs);
    let just_changed = left.is_none()
        && before.is_some_and(|before| now.voice_url.is_some() && now.voice_url != before.voice_url)
        && ours.is_none_or(|ours| now.voice_url != ours.voice_url)
        && is_free;
    as_left || at_theirs || just_changed
}

fn is_at_theirs(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    host == HOST || host.strip_suffix(HOST).is_some_and(|rest| rest.ends_with('.'))
}

/// `now` with calls going the way of `wanted`, and everything else as it is.
pub fn led(now: &Webhooks, wanted: &Webhooks) -> Webhooks {
    Webhooks {
        voice_url: wanted.voice_url.clone(),
        voice_application_sid: wanted.voice_application_sid.clone(),
        trunk_sid: wanted.trunk_sid.clone(),
        ..now.clone()
    }
}

/// What is still as the import `left` it becomes what it was `before`; what was changed since stays.
pub fn restored(now: &Webhooks, left: Option<&Webhooks>, before: &Webhooks, ours: Option<&Webhooks>) -> Webhooks {
    let Some(left) = left else {
        return if is_theirs(now, None, Some(before), ours) { led(now, before) } else { now.clone() };
    };
    let back = |now: &Option<String>, left: &Option<String>, before: &Option<String>| {
        if now == left { before.clone() } else { now.clone() }
    };
    let rest = Webhooks {
        voice_fallback_url: back(&now.voice_fallback_url, &left.voice_fallback_url, &before.voice_fallback_url),
        status_callback_url: back(&now.status_callback_url, &left.status_callback_url, &before.status_callback_url),
        sms_url: back(&now.sms_url, &left.sms_url, &before.sms_url),
        sms_fallback_url: back(&now.sms_fallback_url, &left.sms_fallback_url, &before.sms_fallback_url),
        sms_application_sid: back(&now.sms_application_sid, &left.sms_application_sid, &before.sms_application_sid),
        ..now.clone()
    };
    let is_theirs = is_theirs(now, Some(left), None, ours);
    if is_theirs { led(&rest, before) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(url: &str) -> Webhooks {
        Webhooks { voice_url: Some(url.to_owned()), ..Webhooks::default() }
    }

    #[test]
    fn only_hosts_of_theirs_are_taken_for_theirs() {
        for url in ["https://api.elevenlabs.io/twilio/inbound_call", "https://api.eu.residency.ElevenLabs.io:443/x"] {
            assert!(is_theirs(&to(url), None, None, None), "{url}");
        }
        for url in [
            "https://elevenlabs.io.example.com/",
            "https://notelevenlabs.io/",
            "http://api.elevenlabs.io/",
            "https://elevenlabs.io@example.com/",
            "https://example.com/elevenlabs.io",
        ] {
            assert!(!is_theirs(&to(url), None, None, None), "{url}");
        }
        let trunked = Webhooks { trunk_sid: Some("TK1".to_owned()), ..to("https://api.elevenlabs.io/x") };
        assert!(!is_theirs(&trunked, None, None, None), "a trunk goes before the voice URL");
    }

    #[test]
    fn an_unknown_url_is_theirs_only_if_the_import_has_just_changed_it() {
        let (before, ours, new) =
            (to("https://old.example/"), to("https://calls.example/"), to("https://new.example/"));
        assert!(is_theirs(&new, None, Some(&before), Some(&ours)));
        assert!(!is_theirs(&before, None, Some(&before), Some(&ours)));
        assert!(!is_theirs(&ours, None, Some(&before), Some(&ours)));
        assert!(!is_theirs(&new, Some(&to("https://left.example/")), Some(&before), Some(&ours)));
        assert!(is_theirs(&new, Some(&new), None, None));
    }

    #[test]
    fn what_the_import_left_is_put_back_and_what_somebody_set_since_stays() {
        let before =
            Webhooks { sms_url: Some("https://calls.example/sms".to_owned()), ..to("https://calls.example/v") };
        let left =
            Webhooks { sms_url: Some("https://api.elevenlabs.io/sms".to_owned()), ..to("https://api.elevenlabs.io/v") };
        assert_eq!(restored(&left, Some(&left), &before, None), before);
        assert_eq!(restored(&left, None, &before, None), led(&left, &before), "what it left was never seen");
        let since = Webhooks { sms_url: Some("https://new.example/sms".to_owned()), ..left.clone() };
        assert_eq!(
            restored(&since, Some(&left), &before, None),
            Webhooks { sms_url: since.sms_url.clone(), ..before.clone() }
        );
        let elsewhere = to("https://new.example/v");
        assert_eq!(restored(&elsewhere, Some(&left), &before, None).voice_url, elsewhere.voice_url);
        assert_eq!(restored(&before, Some(&left), &before, None), before);
    }
}
