//! Incoming phone numbers: bought, configured, moved between related accounts, released.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::auth::Credential;
use super::errors::TwilioError;
use super::paging::page;
use super::{Context, Result};
use crate::clock::rfc2822;
use crate::exchange::{Answer, Deed};
use crate::state::{AccountStatus, Capabilities, Number, State};
use crate::webhook::target;

/// Settings that are URLs, with the error code of a bad one.
const URLS: [(&str, u32); 5] = [
    ("VoiceUrl", 21402),
    ("VoiceFallbackUrl", 21402),
    ("SmsUrl", 21402),
    ("SmsFallbackUrl", 21402),
    ("StatusCallback", 21502),
];
/// Each fallback, the primary it needs, and the error code without it.
const FALLBACKS: [(&str, &str, u32); 2] =
    [("VoiceFallbackUrl", "VoiceUrl", 21405), ("SmsFallbackUrl", "SmsUrl", 21406)];
const METHODS: [&str; 5] =
    ["VoiceMethod", "VoiceFallbackMethod", "SmsMethod", "SmsFallbackMethod", "StatusCallbackMethod"];

pub fn view(number: &Number) -> Value {
    let setting = |name: &str| number.settings.get(name).cloned().unwrap_or_default();
    let optional = |name: &str| json!(number.setting(name));
    let capabilities = number.capabilities;
    json!({
        "account_sid": number.account_sid,
        "address_requirements": number.address_requirements,
        "address_sid": optional("AddressSid"),
        "api_version": "2010-04-01",
        "beta": false,
        "bundle_sid": optional("BundleSid"),
        "capabilities": capabilities,
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "emergency_address_sid": optional("EmergencyAddressSid"),
        "emergency_address_status": "unregistered",
        "emergency_status": number.setting("EmergencyStatus").unwrap_or("Active"),
        "friendly_name": number.friendly_name,
        "identity_sid": optional("IdentitySid"),
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": setting("SmsApplicationSid"),
        "sms_fallback_method": number.method("SmsFallbackMethod"),
        "sms_fallback_url": setting("SmsFallbackUrl"),
        "sms_method": number.method("SmsMethod"),
        "sms_url": setting("SmsUrl"),
        "status": "in-use",
        "status_callback": setting("StatusCallback"),
        "status_callback_method": number.method("StatusCallbackMethod"),
        "trunk_sid": optional("TrunkSid"),
        "type": Value::Null,
        "uri": format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}.json", number.account_sid, number.sid),
        "voice_application_sid": optional("VoiceApplicationSid"),
        "voice_caller_id_lookup": number.setting("VoiceCallerIdLookup") == Some("true"),
        "voice_fallback_method": number.method("VoiceFallbackMethod"),
        "voice_fallback_url": setting("VoiceFallbackUrl"),
        "voice_method": number.method("VoiceMethod"),
        "voice_receive_mode": "voice",
        "voice_url": setting("VoiceUrl"),
    })
}

/// A list that one number is left of was a look at that number.
pub fn list(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let state = context.world.state();
    let wanted = |number: &&Number| {
        number.account_sid == context.account_sid
            // Twilio's filter also takes a part of the number.
            && context.query("PhoneNumber").is_none_or(|part| number.phone_number.contains(part.trim_matches('*')))
            && context.query("FriendlyName").is_none_or(|name| number.friendly_name == name)
    };
    let rows: Vec<&Number> = state.numbers.newest_first().filter(wanted).collect();
    if let [only] = rows.as_slice() {
        deed.sid = only.sid.clone();
    }
    page(context, "incoming_phone_numbers", rows.into_iter(), view)
}

pub fn get(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let state = context.world.state();
    Ok(Answer::json(200, &view(own(context, &state, sid)?)))
}

fn own<'a>(context: &Context<'_>, state: &'a State, sid: &str) -> Result<&'a Number> {
    let found = state.numbers.get(sid).filter(|number| number.account_sid == context.account_sid);
    found.ok_or_else(|| TwilioError::not_found(&context.request.path))
}

pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

pub fn buy(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let settings = settings(context, &BTreeMap::new())?;
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let account = state.accounts.get(&context.account_sid);
    if account.is_some_and(|account| account.trial && account.parent_sid.is_some()) {
        return Err(TwilioError::bad(10002, "Trial subaccounts cannot buy numbers"));
    }
    let phone_number = match (context.given("PhoneNumber"), context.given("AreaCode")) {
        (Some(number), _) if !is_e164(number) => {
            return Err(TwilioError::bad(21421, format!("{number} is not a valid number")));
        }
        (Some(number), _) if state.number(number).is_some() => {
            return Err(TwilioError::bad(21422, format!("{number} is not available")));
        }
        (Some(number), _) => number.to_owned(),
        (None, Some(area)) => super::available::first_free(&state, area)
            .ok_or_else(|| TwilioError::bad(21452, format!("No phone numbers found in area code {area}")))?,
        (None, None) => return Err(TwilioError::bad(21421, "Give PhoneNumber or AreaCode")),
    };
    let number = Number {
        sid: context.world.ids.sid("PN"),
        account_sid: context.account_sid.clone(),
        friendly_name: context.given("FriendlyName").unwrap_or(&phone_number).to_owned(),
        phone_number,
        settings,
        dead: false,
        address_requirements: "none".to_owned(),
        capabilities: Capabilities::default(),
        created: now,
        updated: now,
    };
    deed.sid = number.sid.clone();
    state.add_number(number.clone());
    Ok(Answer::json(201, &view(&number)))
}

pub fn update(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let before = own(context, &state, sid)?.clone();
    let settings = settings(context, &before.settings)?;
    let target = context.given("AccountSid").filter(|target| *target != before.account_sid);
    if let Some(target) = target {
        may_move(context, &state, target)?;
    }
    let number = state.numbers.get_mut(sid).ok_or_else(|| TwilioError::not_found(&context.request.path))?;
    number.settings = settings;
    if let Some(name) = context.given("FriendlyName") {
        name.clone_into(&mut number.friendly_name);
    }
    if let Some(target) = target {
        target.clone_into(&mut number.account_sid);
        // The documented answer shows empty URLs after a move: what is not given again is gone.
        number.settings.retain(|name, _| context.given(name).is_some());
    }
    number.updated = now;
    Ok(Answer::json(200, &view(number)))
}

fn may_move(context: &Context<'_>, state: &State, target: &str) -> Result<()> {
    let family =
        |sid: &str| state.accounts.get(sid).map(|account| account.parent_sid.clone().unwrap_or_else(|| sid.to_owned()));
    let main = family(&context.account_sid);
    let Some(account) = state.accounts.get(target) else {
        return Err(TwilioError::bad(21470, "The target account does not exist"));
    };
    if account.status == AccountStatus::Closed {
        return Err(TwilioError::bad(21472, "The target account is closed"));
    }
    if state.effective_status(target) != Some(AccountStatus::Active) {
        return Err(TwilioError::bad(21471, "The target account is not active"));
    }
    if family(target) != main {
        return Err(TwilioError::bad(21473, "The accounts are not related"));
    }
    if main.as_deref() != Some(&context.caller.account_sid) || context.caller.credential != Credential::Primary {
        return Err(TwilioError::bad(21474, "Only the main account's SID and auth token can move a number"));
    }
    Ok(())
}

pub fn delete(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let mut state = context.world.state();
    own(context, &state, sid)?;
    state.remove_number(sid);
    Ok(Answer::empty(204))
}

/// The settings after this request, checked the way Twilio checks them.
fn settings(context: &Context<'_>, before: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut after = before.clone();
    let own = ["FriendlyName", "PhoneNumber", "AreaCode", "AccountSid", "ApiVersion"];
    for (name, value) in context.form.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        after.insert(name.clone(), value.clone());
    }
    for method in METHODS {
        if after.get(method).is_some_and(|value| !matches!(value.as_str(), "GET" | "POST" | "")) {
            return Err(TwilioError::bad(21403, format!("{method} must be GET or POST")));
        }
    }
    let is_set = |name: &str| after.get(name).is_some_and(|value| !value.is_empty());
    for (name, code) in URLS {
        let why = after.get(name).filter(|url| !url.is_empty()).and_then(|url| target::refusal(url));
        if let Some(why) = why {
            return Err(TwilioError::bad(code, format!("{name} {why}")));
        }
    }
    for (fallback, primary, code) in FALLBACKS {
        if is_set(fallback) && !is_set(primary) {
            return Err(TwilioError::bad(code, format!("{fallback} needs {primary}")));
        }
    }
    // Trunk and application exclude each other; the one given now stays.
    for (set, cleared) in [("TrunkSid", "VoiceApplicationSid"), ("VoiceApplicationSid", "TrunkSid")] {
        if context.given(set).is_some() {
            after.remove(cleared);
        }
    }
    Ok(after)
}
