//! Our requests against the vendors' own descriptions, which are not part of this repository: they are looked for in
//! `CALLPLANE_SHARED` or in `../shared` beside the checkout. `tests/contract/prism.sh` asks mocks made from them too.

use std::{fs, path::PathBuf, time::Duration};

use callplane_control_plane::{
    domain::{
        outcome::{Outcome, Refused},
        phone_number::attachment::{ImportId, ImportOrder},
        telephony::{CallFilter, CallOrder, EndCall, MessageFilter, NumberSeen, Webhooks},
    },
    provider::{Access, AgentKey, Telephony, VoiceAgents},
};
use serde_json::Value;

use crate::{
    elevenlabs::call,
    outward::{call_order, message_order},
    schema::Description,
    vendor::{self, ACCOUNT, Asked, CALL, MESSAGE, NUMBER, Vendor, answer},
};

fn shared() -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    std::env::var_os("CALLPLANE_SHARED").map_or_else(beside, PathBuf::from).join("openapi")
}

fn description(name: &str) -> Option<Description> {
    let text = fs::read_to_string(shared().join(name)).ok()?;
    let value = match name.ends_with(".json") {
        true => serde_json::from_str(&text).expect("the description is JSON"),
        false => serde_norway::from_str(&text).expect("the description is YAML"),
    };
    Some(Description(value))
}

fn webhooks() -> Webhooks {
    let at = |path: &str| Some(format!("https://edge.example.com/twilio/{path}#rc=2&rp=5xx,ct,rt"));
    Webhooks {
        voice_url: at("voice"),
        voice_fallback_url: at("fallback"),
        status_callback_url: at("status"),
        sms_url: at("message"),
        sms_fallback_url: at("fallback"),
        ..Webhooks::default()
    }
}

fn number_seen() -> NumberSeen {
    NumberSeen {
        sid: NUMBER.parse().expect("a SID"),
        e164: "+14155550123".parse().expect("a number"),
        account_sid: ACCOUNT.parse().expect("a SID"),
        capabilities: Default::default(),
        webhooks: Webhooks::default(),
        all_post: false,
    }
}

fn filter() -> CallFilter {
    CallFilter {
        since: chrono::DateTime::from_timestamp(1_800_000_000, 0),
        until: chrono::DateTime::from_timestamp(1_800_000_060, 0),
        to: Some("+14155550123".parse().expect("a number")),
        from: Some("+14155550199".parse().expect("a number")),
    }
}

fn message_filter() -> MessageFilter {
    let since = chrono::DateTime::from_timestamp(1_800_000_000, 0);
    MessageFilter { to: Some("+14155550123".into()), from: Some("+14155550199".into()), since }
}

fn order() -> ImportOrder {
    ImportOrder {
        e164: "+14155550123".parse().expect("a number"),
        label: "Callplane".to_owned(),
        vendor_agent_id: "agent_01".to_owned(),
    }
}

/// Every request our clients can make; gives the refusals.
async fn ask_everything(access: &Access, key: &AgentKey) -> Vec<Refused> {
    let clock = vendor::clock();
    // A client of its own for each: one that had several answers it cannot read would ask no more.
    let (twilio, elevenlabs) = (|| vendor::twilio(&clock), || vendor::elevenlabs(&clock));
    let seen = number_seen();
    let trunked = NumberSeen {
        webhooks: Webhooks { trunk_sid: Some("TK00000000000000000000000000000001".to_owned()), ..webhooks() },
        ..seen.clone()
    };
    let plain = CallOrder { fallback_url: String::new(), machine_detection: false, ..call_order() };
    let import = ImportId("phnum_01".to_owned());
    let regional = Access { region: Some("ie1".to_owned()), ..access.clone() };
    [
        refusal(twilio().read_account(access).await),
        refusal(twilio().list_accounts(access, None).await),
        refusal(twilio().list_numbers(access, None).await),
        refusal(twilio().find_number(access, &seen.e164).await),
        refusal(twilio().read_number(access, &seen.sid).await),
        refusal(twilio().write_webhooks(access, &seen, &webhooks()).await),
        refusal(
            twilio().write_webhooks(access, &NumberSeen { all_post: true, ..trunked.clone() }, &trunked.webhooks).await,
        ),
        refusal(twilio().read_call(access, &CALL.parse().expect("a SID")).await),
        refusal(twilio().list_calls(access, &filter(), None).await),
        refusal(twilio().create_call(access, &call_order()).await),
        refusal(twilio().create_call(access, &plain).await),
        refusal(twilio().end_call(access, &CALL.parse().expect("a SID"), EndCall::Cancel).await),
        refusal(twilio().end_call(access, &CALL.parse().expect("a SID"), EndCall::HangUp).await),
        refusal(twilio().send_message(access, &message_order()).await),
        refusal(twilio().read_message(access, &MESSAGE.parse().expect("a SID")).await),
        refusal(twilio().list_messages(access, &message_filter(), None).await),
        refusal(elevenlabs().register_call(key, &call(), Duration::from_secs(5)).await),
        refusal(elevenlabs().get_agent(key, "agent_01").await),
        refusal(elevenlabs().list_imports(key).await),
        refusal(elevenlabs().import_number(key, access, &order()).await),
        refusal(elevenlabs().import_number(key, &regional, &order()).await),
        refusal(elevenlabs().read_import(key, &import).await),
        refusal(elevenlabs().assign_import(key, &import, Some("agent_01")).await),
        refusal(elevenlabs().assign_import(key, &import, None).await),
        refusal(elevenlabs().delete_import(key, &import).await),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn refusal<T>(outcome: Outcome<T>) -> Option<Refused> {
    match outcome {
        Outcome::Refused(refused) => Some(refused),
        Outcome::Done(_) | Outcome::Unknown(_) => None,
    }
}

fn complaints(asked: &Asked, descriptions: &[Description]) -> Vec<String> {
    let operation = descriptions.iter().find_map(|one| one.operation(&asked.method, &asked.path));
    let Some(operation) = operation else { return vec!["there is no such operation".to_owned()] };
    let mut wrong = operation.check_parameters(&pairs(&asked.query));
    match asked.header("content-type") {
        "" => {}
        "application/json" => {
            let json: Value = serde_json::from_str(&asked.body).expect("we send JSON");
            wrong.extend(operation.check_json(&json));
        }
        _ => wrong.extend(operation.check_form(&pairs(&asked.body))),
    }
    wrong
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    let url: reqwest::Url = format!("http://x/?{encoded}").parse().expect("we send valid queries");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[tokio::test]
async fn our_requests_fit_the_vendors_own_descriptions() {
    let names = ["twilio_api_v2010.trimmed.json", "elevenlabs-agents.yaml"];
    let descriptions: Vec<_> = names.into_iter().filter_map(description).collect();
    if descriptions.len() < names.len() {
        eprintln!("skipped: no vendor descriptions in {}", shared().display());
        return;
    }
    let vendor = Vendor::always(answer(404, "")).await;
    ask_everything(&vendor.access(), &vendor.key()).await;
    let asked = vendor.asked();
    assert_eq!(asked.len(), 24, "the write that changes nothing is not sent");
    for asked in asked {
        let wrong = complaints(&asked, &descriptions);
        assert!(wrong.is_empty(), "{} {}: {wrong:?}", asked.method, asked.path);
    }
}

/// Needs mocks that run: `tests/contract/prism.sh` starts them and says where they are.
#[tokio::test]
async fn mocks_made_from_the_descriptions_refuse_nothing() {
    let (Ok(twilio), Ok(elevenlabs)) =
        (std::env::var("CALLPLANE_PRISM_URL"), std::env::var("CALLPLANE_PRISM_ELEVENLABS_URL"))
    else {
        eprintln!("skipped: CALLPLANE_PRISM_URL and CALLPLANE_PRISM_ELEVENLABS_URL are not set");
        return;
    };
    let access = Access { api_base_url: Some(twilio), ..vendor::access() };
    let key = AgentKey { api_key: "any".to_owned().into(), api_base_url: Some(elevenlabs) };
    let refusals = ask_everything(&access, &key).await;
    assert!(refusals.is_empty(), "{refusals:?}");
}
