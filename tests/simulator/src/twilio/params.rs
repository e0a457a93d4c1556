//! The parameters each request may have, by Twilio's own description. Twilio ignores others with a
//! warning; here they are refused, because a misspelt parameter is a bug a test should find.

use super::errors::TwilioError;
use super::{Context, Result};

const PAGING: &[&str] = &["PageSize", "Page", "PageToken"];
const NUMBER: &[&str] = &[
    "ApiVersion",
    "FriendlyName",
    "SmsApplicationSid",
    "SmsFallbackMethod",
    "SmsFallbackUrl",
    "SmsMethod",
    "SmsUrl",
    "StatusCallback",
    "StatusCallbackMethod",
    "VoiceApplicationSid",
    "VoiceCallerIdLookup",
    "VoiceFallbackMethod",
    "VoiceFallbackUrl",
    "VoiceMethod",
    "VoiceUrl",
    "EmergencyStatus",
    "EmergencyAddressSid",
    "TrunkSid",
    "IdentitySid",
    "AddressSid",
    "VoiceReceiveMode",
    "BundleSid",
];
const AVAILABLE: &[&str] = &[
    "AreaCode",
    "Contains",
    "SmsEnabled",
    "MmsEnabled",
    "VoiceEnabled",
    "ExcludeAllAddressRequired",
    "ExcludeLocalAddressRequired",
    "ExcludeForeignAddressRequired",
    "Beta",
    "NearNumber",
    "NearLatLong",
    "Distance",
    "InPostalCode",
    "InRegion",
    "InRateCenter",
    "InLata",
    "InLocality",
    "FaxEnabled",
];
const CALL: &[&str] = &[
    "To",
    "From",
    "Method",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "SendDigits",
    "Timeout",
    "Record",
    "RecordingChannels",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "SipAuthUsername",
    "SipAuthPassword",
    "MachineDetection",
    "MachineDetectionTimeout",
    "RecordingStatusCallbackEvent",
    "Trim",
    "CallerId",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "Byoc",
    "CallReason",
    "CallToken",
    "RecordingTrack",
    "TimeLimit",
    "ClientNotificationUrl",
    "Url",
    "Twiml",
    "ApplicationSid",
];
const CALL_UPDATE: &[&str] = &[
    "Url",
    "Method",
    "Status",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "Twiml",
    "TimeLimit",
];
const CALL_FILTER: &[&str] = &[
    "To",
    "From",
    "ParentCallSid",
    "Status",
    "StartTime",
    "StartTime<",
    "StartTime>",
    "EndTime",
    "EndTime<",
    "EndTime>",
];
const MESSAGE: &[&str] = &[
    "To",
    "StatusCallback",
    "ApplicationSid",
    "MaxPrice",
    "ProvideFeedback",
    "Attempt",
    "ValidityPeriod",
    "ForceDelivery",
    "ContentRetention",
    "AddressRetention",
    "SmartEncoded",
    "PersistentAction",
    "TrafficType",
    "ShortenUrls",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
    "ContentVariables",
    "RiskCheck",
    "From",
    "FallbackFrom",
    "MessagingServiceSid",
    "Body",
    "MediaUrl",
    "ContentSid",
];
const START_RECORDING: &[&str] = &[
    "RecordingStatusCallbackEvent",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "Trim",
    "RecordingChannels",
    "RecordingTrack",
];
const RECORDING_FILTER: &[&str] =
    &["DateCreated", "DateCreated<", "DateCreated>", "CallSid", "ConferenceSid", "IncludeSoftDeleted"];

/// The lists of names a request may use; a resource that is not here allows none.
fn allowed(method: &str, path: &[&str], top: bool) -> Vec<&'static [&'static str]> {
    match (method, path) {
        ("GET", []) if top => vec![&["FriendlyName", "Status"], PAGING],
        ("POST", []) if top => vec![&["FriendlyName"]],
        ("POST", []) => vec![&["FriendlyName", "Status"]],
        ("GET", ["IncomingPhoneNumbers"]) => vec![&["Beta", "FriendlyName", "PhoneNumber", "Origin"], PAGING],
        ("POST", ["IncomingPhoneNumbers"]) => vec![NUMBER, &["PhoneNumber", "AreaCode"]],
        ("POST", ["IncomingPhoneNumbers", _]) => vec![NUMBER, &["AccountSid"]],
        ("GET", ["AvailablePhoneNumbers", _, _]) => vec![AVAILABLE, PAGING],
        ("GET", ["AvailablePhoneNumbers" | "Keys"]) => vec![PAGING],
        ("GET", ["Calls"]) => vec![CALL_FILTER, PAGING],
        ("POST", ["Calls"]) => vec![CALL],
        ("POST", ["Calls", _]) => vec![CALL_UPDATE],
        ("GET", ["Calls", _, "Recordings"]) => vec![&["DateCreated", "DateCreated<", "DateCreated>"], PAGING],
        ("POST", ["Calls", _, "Recordings"]) => vec![START_RECORDING],
        ("GET", ["Messages"]) => vec![&["To", "From", "DateSent", "DateSent<", "DateSent>"], PAGING],
        ("POST", ["Messages"]) => vec![MESSAGE],
        ("GET", ["Recordings"]) => vec![RECORDING_FILTER, PAGING],
        ("GET", ["Recordings", _]) => vec![&["IncludeSoftDeleted", "RequestedChannels"]],
        ("POST", ["Keys"]) => vec![&["FriendlyName"]],
        ("GET", ["Usage", "Records"]) => vec![&["Category", "StartDate", "EndDate", "IncludeSubaccounts"], PAGING],
        _ => Vec::new(),
    }
}

pub fn check(context: &Context<'_>, path: &[&str]) -> Result<()> {
    let method = context.request.method.as_str();
    let top = context.request.path.ends_with("/Accounts.json");
    let lists = allowed(method, path, top);
    let names = context.request.query.iter().chain(&context.form).map(|(name, _)| name.as_str());
    for name in names {
        if !lists.iter().any(|list| list.contains(&name)) {
            let message = format!(
                "Twilio's description of {method} {} has no parameter {name:?}; it has: {}",
                if path.is_empty() { "Accounts".to_owned() } else { shown(path) },
                lists.concat().join(", ")
            );
            return Err(TwilioError::bad(20001, message));
        }
    }
    Ok(())
}

fn shown(path: &[&str]) -> String {
    let parts: Vec<&str> = path.iter().map(|part| if super::is_sid(part) { "{Sid}" } else { part }).collect();
    parts.join("/")
}

/// Paths that exist with another method.
pub fn is_known_path(path: &[&str]) -> bool {
    matches!(
        path,
        [] | ["IncomingPhoneNumbers" | "Calls" | "Messages" | "Recordings" | "Keys", ..]
            | ["Balance"]
            | ["Usage", "Records"]
            | ["AvailablePhoneNumbers", ..]
    ) && path.len() <= 3
}
