//! Incoming phone numbers at Twilio: find, read, and write what differs.

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    client::{Ask, Fields, Twilio, Unreadable, in_account},
    page, wire,
};
use crate::{
    domain::{
        e164::E164,
        outcome::Outcome,
        sid::{AccountSid, PhoneNumberSid},
        telephony::{Capabilities, Cursor, NumberSeen, Page, Webhooks},
    },
    provider::access::Access,
};

#[derive(Deserialize)]
struct Number {
    sid: PhoneNumberSid,
    account_sid: AccountSid,
    phone_number: E164,
    #[serde(default)]
    capabilities: HashMap<String, serde_json::Value>,
    #[serde(default, deserialize_with = "wire::text")]
    voice_url: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    voice_method: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    voice_fallback_url: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    voice_fallback_method: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    status_callback: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    status_callback_method: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    sms_url: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    sms_method: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    sms_fallback_url: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    sms_fallback_method: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    voice_application_sid: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    sms_application_sid: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    trunk_sid: Option<String>,
}

impl From<Number> for NumberSeen {
    fn from(number: Number) -> Self {
        let all_post = [
            (&number.voice_url, &number.voice_method),
            (&number.voice_fallback_url, &number.voice_fallback_method),
            (&number.status_callback, &number.status_callback_method),
            (&number.sms_url, &number.sms_method),
            (&number.sms_fallback_url, &number.sms_fallback_method),
        ]
        .into_iter()
        .all(|(url, method)| url.is_none() || method.as_deref().is_none_or(|method| method == "POST"));
        Self {
            all_post,
            capabilities: capabilities(&number.capabilities),
            webhooks: Webhooks {
                voice_url: number.voice_url,
                voice_fallback_url: number.voice_fallback_url,
                status_callback_url: number.status_callback,
                sms_url: number.sms_url,
                sms_fallback_url: number.sms_fallback_url,
                voice_application_sid: number.voice_application_sid,
                sms_application_sid: number.sms_application_sid,
                trunk_sid: number.trunk_sid,
            },
            sid: number.sid,
            e164: number.phone_number,
            account_sid: number.account_sid,
        }
    }
}

/// Today's answers have lower-case names, older ones `SMS` and `MMS`.
fn capabilities(named: &HashMap<String, serde_json::Value>) -> Capabilities {
    let can =
        |what: &str| named.iter().any(|(name, can)| name.eq_ignore_ascii_case(what) && can.as_bool() == Some(true));
    Capabilities { voice: can("voice"), sms: can("sms"), mms: can("mms"), fax: can("fax") }
}

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
    #[serde(flatten)]
    paging: page::Paging,
}

/// The account's numbers.
pub(super) async fn list(twilio: &Twilio, access: &Access, after: Option<&Cursor>) -> Outcome<Page<NumberSeen>> {
    let first = (in_account(&access.account_sid, "/IncomingPhoneNumbers.json"), Vec::new());
    twilio
        .page(access, "list numbers", first, after, |body| {
            let Numbers { incoming_phone_numbers, paging } = wire::json(body)?;
            Ok((incoming_phone_numbers.into_iter().map(NumberSeen::from).collect(), paging))
        })
        .await
}

/// The filter of Twilio matches parts of numbers too, so equality is checked here.
pub(super) async fn find(twilio: &Twilio, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>> {
    let path = in_account(&access.account_sid, "/IncomingPhoneNumbers.json");
    let fields = vec![("PhoneNumber", e164.as_str().to_owned()), ("PageSize", page::SIZE.to_owned())];
    let read = |body: &[u8]| {
        let Numbers { incoming_phone_numbers, .. } = wire::json(body)?;
        let same = |number: &Number| number.phone_number == *e164 && number.account_sid == access.account_sid;
        Ok(incoming_phone_numbers.into_iter().find(same).map(NumberSeen::from))
    };
    twilio.ask(access, Ask::read("find number", path, fields), read).await
}

/// One number.
pub(super) async fn read(twilio: &Twilio, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
    twilio.ask(access, Ask::read("read number", path(access, sid), Vec::new()), |body| same(body, sid)).await
}

/// Writes what differs.
pub(super) async fn write(
    twilio: &Twilio,
    access: &Access,
    seen: &NumberSeen,
    wanted: &Webhooks,
) -> Outcome<NumberSeen> {
    let fields = differences(seen, wanted);
    if fields.is_empty() {
        return Outcome::Done(seen.clone());
    }
    twilio
        .ask(access, Ask::write("write webhooks", path(access, &seen.sid), fields), |body| same(body, &seen.sid))
        .await
}

fn path(access: &Access, sid: &PhoneNumberSid) -> String {
    in_account(&access.account_sid, &format!("/IncomingPhoneNumbers/{sid}.json"))
}

fn same(body: &[u8], asked: &PhoneNumberSid) -> Result<NumberSeen, Unreadable> {
    let number: Number = wire::json(body)?;
    match number.sid == *asked {
        true => Ok(number.into()),
        false => Err("about another number"),
    }
}

/// Empty text clears a field. A URL travels with its method.
fn differences(seen: &NumberSeen, wanted: &Webhooks) -> Fields {
    let now = &seen.webhooks;
    let mut fields = Fields::new();
    for (name, method, now, wanted) in [
        ("VoiceUrl", "VoiceMethod", &now.voice_url, &wanted.voice_url),
        ("VoiceFallbackUrl", "VoiceFallbackMethod", &now.voice_fallback_url, &wanted.voice_fallback_url),
        ("StatusCallback", "StatusCallbackMethod", &now.status_callback_url, &wanted.status_callback_url),
        ("SmsUrl", "SmsMethod", &now.sms_url, &wanted.sms_url),
        ("SmsFallbackUrl", "SmsFallbackMethod", &now.sms_fallback_url, &wanted.sms_fallback_url),
    ] {
        if now != wanted {
            fields.push((name, wanted.clone().unwrap_or_default()));
        }
        if wanted.is_some() && (now != wanted || !seen.all_post) {
            fields.push((method, "POST".to_owned()));
        }
    }
    for (name, now, wanted) in [
        ("VoiceApplicationSid", &now.voice_application_sid, &wanted.voice_application_sid),
        ("SmsApplicationSid", &now.sms_application_sid, &wanted.sms_application_sid),
        ("TrunkSid", &now.trunk_sid, &wanted.trunk_sid),
    ] {
        if now != wanted {
            fields.push((name, wanted.clone().unwrap_or_default()));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = r#"{"sid":"PN00000000000000000000000000000001","account_sid":"AC00000000000000000000000000000001",
        "phone_number":"+14155550123","capabilities":{"voice":true,"SMS":true,"mms":false,"Fax":null},
        "voice_url":"https://a.example/v","voice_method":"GET","status_callback":"","sms_url":null,"trunk_sid":"TK1",
        "something_new":{"deep":[1]}}"#;

    fn seen() -> NumberSeen {
        wire::json::<Number>(NUMBER.as_bytes()).expect("a number").into()
    }

    #[test]
    fn a_number_is_read_with_whatever_case_its_capabilities_have() {
        let seen = seen();
        assert_eq!(seen.capabilities, Capabilities { voice: true, sms: true, mms: false, fax: false });
        assert_eq!(seen.webhooks.status_callback_url, None);
        assert_eq!(seen.webhooks.trunk_sid.as_deref(), Some("TK1"));
        assert!(!seen.all_post);
    }

    #[test]
    fn only_what_differs_is_written_and_what_is_set_no_more_is_cleared() {
        let seen = seen();
        let wanted = Webhooks {
            voice_url: Some("https://a.example/v".to_owned()),
            status_callback_url: Some("https://a.example/s".to_owned()),
            ..Webhooks::default()
        };
        let fields = differences(&seen, &wanted);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            fields,
            [
                ("VoiceMethod", "POST"),
                ("StatusCallback", "https://a.example/s"),
                ("StatusCallbackMethod", "POST"),
                ("TrunkSid", ""),
            ]
        );
    }

    #[test]
    fn a_number_that_is_as_wanted_needs_no_write() {
        let wanted = Webhooks { voice_url: Some("https://a.example/v".to_owned()), ..Webhooks::default() };
        let seen = NumberSeen { webhooks: wanted.clone(), all_post: true, ..seen() };
        assert!(seen.is_configured_as(&wanted));
        assert!(differences(&seen, &wanted).is_empty());
    }
}
