//! Phone numbers at ElevenLabs: the list, an import, who answers it. An import hands over the Twilio account's auth token.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ElevenLabs, Request, is_path_segment, refusal::Subject};
use crate::{
    domain::{
        e164::E164,
        outcome::{Cause, Outcome},
        phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    },
    provider::{Access, AgentKey, Credential, line::refused},
};

const NUMBERS: &str = "/v1/convai/phone-numbers";

/// A number as it is listed. What cannot be a telephone number, such as a SIP user, is left out.
#[derive(Deserialize)]
pub(super) struct Number {
    phone_number_id: String,
    #[serde(default)]
    phone_number: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    assigned_agent: Option<Assigned>,
}

#[derive(Deserialize)]
struct Assigned {
    agent_id: String,
}

impl Number {
    pub(super) fn seen(self) -> Option<ImportSeen> {
        let e164: E164 = self.phone_number.parse().ok()?;
        Some(ImportSeen {
            id: ImportId(self.phone_number_id),
            e164,
            label: self.label.unwrap_or_default(),
            vendor_agent_id: self.assigned_agent.map(|agent| agent.agent_id),
            is_twilio: self.provider.is_none_or(|provider| provider == "twilio"),
        })
    }
}

pub(super) async fn list(vendor: &ElevenLabs, key: &AgentKey) -> Outcome<Vec<ImportSeen>> {
    let request = Request { what: "list numbers", method: Method::GET, path: NUMBERS.to_owned(), body: None };
    vendor
        .manage(key, Subject::Number, request, |body| {
            let numbers: Vec<Number> = serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
            Ok(numbers.into_iter().filter_map(Number::seen).collect())
        })
        .await
}

pub(super) async fn read(vendor: &ElevenLabs, key: &AgentKey, id: &ImportId) -> Outcome<ImportSeen> {
    let Some(path) = path(id) else { return bad_id() };
    let request = Request { what: "read number", method: Method::GET, path, body: None };
    vendor.manage(key, Subject::Number, request, |body| same(body, id)).await
}

pub(super) async fn import(
    vendor: &ElevenLabs,
    key: &AgentKey,
    access: &Access,
    order: &ImportOrder,
) -> Outcome<ImportId> {
    let Some(body) = order_of(access, order) else {
        let message =
            "ElevenLabs needs the Twilio account's own auth token to import a number; an API key is not enough";
        return Outcome::Refused(refused(Cause::Credentials, message));
    };
    let request = Request { what: "import number", method: Method::POST, path: NUMBERS.to_owned(), body: Some(body) };
    vendor
        .manage(key, Subject::Import, request, |body| {
            #[derive(Deserialize)]
            struct Imported {
                phone_number_id: String,
            }
            let imported: Imported = serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
            Ok(ImportId(imported.phone_number_id))
        })
        .await
}

/// None without an auth token.
fn order_of(access: &Access, order: &ImportOrder) -> Option<Value> {
    let Credential::AuthToken(token) = &access.credential else { return None };
    let token = token.expose_secret();
    let mut body = json!({
        "provider": "twilio",
        "phone_number": order.e164.as_str(),
        "label": order.label,
        "sid": access.account_sid.as_str(),
        "token": token,
        "agent_id": order.vendor_agent_id,
        // Messages stay with us.
        "enable_sms": false,
    });
    let edge = |region: &str| Some(if region == "au1" { "sydney" } else { "dublin" }.to_owned());
    if let Some(region) = access.region.as_deref().filter(|region| *region != "us1") {
        let edge_location = access.edge_location.clone().or_else(|| edge(region));
        body["region_config"] = json!({ "region_id": region, "token": token, "edge_location": edge_location });
    }
    Some(body)
}

pub(super) async fn assign(
    vendor: &ElevenLabs,
    key: &AgentKey,
    id: &ImportId,
    agent_id: Option<&str>,
) -> Outcome<ImportSeen> {
    let Some(path) = path(id) else { return bad_id() };
    let body = Some(json!({ "agent_id": agent_id }));
    let request = Request { what: "assign number", method: Method::PATCH, path, body };
    vendor.manage(key, Subject::Number, request, |body| same(body, id)).await
}

pub(super) async fn delete(vendor: &ElevenLabs, key: &AgentKey, id: &ImportId) -> Outcome<()> {
    let Some(path) = path(id) else { return bad_id() };
    let request = Request { what: "delete number", method: Method::DELETE, path, body: None };
    vendor.manage(key, Subject::Number, request, |_| Ok(())).await
}

fn path(id: &ImportId) -> Option<String> {
    is_path_segment(&id.0).then(|| format!("{NUMBERS}/{id}"))
}

fn bad_id<T>() -> Outcome<T> {
    Outcome::Refused(refused(Cause::Invalid, "the id of an imported number has letters, digits, `_` and `-` only"))
}

fn same(body: &[u8], asked: &ImportId) -> Result<ImportSeen, &'static str> {
    let number: Number = serde_json::from_slice(body).map_err(|_| "the answer could not be read")?;
    let seen = number.seen().ok_or("what it shows is not a telephone number")?;
    if seen.id == *asked { Ok(seen) } else { Err("about another number") }
}
