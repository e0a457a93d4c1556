//! The control API of a running simulator, with the same methods as the handle.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::inbound::PlaceCall;
use crate::call::transcript::Transcript;
use crate::clock::{Pace, Timestamp};
use crate::control::record::RecordedCall;
use crate::control::seed::{
    AccountChange, NewAccount, NewKey, NewNumber, NumberChange, SeededAccount, SeededKey, SeededNumber,
};
use crate::control::seed_elevenlabs::{NewAgent, NewElevenLabsKey, SeededAgent, SeededElevenLabsKey};
use crate::control::steer::{CalleeOf, ClockMove, ClockReading, MessageFateOf, Release, Route};
use crate::fault::Fault;
use crate::ledger::{Entry, LedgerFilter};
use crate::script::{Callee, MessageFate};
use crate::state::AccountStatus;
use crate::twilio::receiving::{InboundMessage, MessageTranscript};
use crate::webhook::delivery::{DeliveryRule, ReleaseOrder};

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no simulator answers at {address}; start one with `callplane-simulator serve`")]
    Unreachable {
        address: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{0}")]
    Refused(String),
    #[error("the simulator's answer cannot be read: is it of another version?")]
    Unreadable(#[source] reqwest::Error),
}

type Result<T> = std::result::Result<T, ClientError>;

#[derive(Clone, Debug)]
pub struct Client {
    base_url: String,
    http: reqwest::Client,
}

impl Client {
    /// `base_url` as `http://127.0.0.1:7440`.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap_or_default(),
        }
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> Result<T> {
        let mut request = self.http.request(method, format!("{}/sim/{path}", self.base_url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let unreachable = |source| ClientError::Unreachable { address: self.base_url.clone(), source };
        let response = request.timeout(Duration::from_secs(120)).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            let answer: Value = response.json().await.map_err(ClientError::Unreadable)?;
            let message = answer["message"].as_str().unwrap_or("the simulator refused without a reason");
            return Err(ClientError::Refused(message.to_owned()));
        }
        response.json().await.map_err(ClientError::Unreadable)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.ask(Method::GET, path, None).await
    }

    async fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: impl Serialize) -> Result<T> {
        let body = serde_json::to_value(body).map_err(|error| ClientError::Refused(error.to_string()))?;
        self.ask(method, path, Some(body)).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: impl Serialize) -> Result<T> {
        self.send(Method::POST, path, body).await
    }

    async fn order(&self, method: Method, path: &str, body: impl Serialize) -> Result<()> {
        self.send::<Value>(method, path, body).await.map(drop)
    }

    pub async fn health(&self) -> Result<()> {
        self.get::<Value>("health").await.map(drop)
    }

    pub async fn reset(&self) -> Result<()> {
        self.order(Method::POST, "reset", json!({})).await
    }

    pub async fn add_account(&self, account: NewAccount) -> Result<SeededAccount> {
        self.post("accounts", account).await
    }

    pub async fn accounts(&self) -> Result<Vec<SeededAccount>> {
        self.get("accounts").await
    }

    pub async fn change_account(&self, sid: &str, change: AccountChange) -> Result<SeededAccount> {
        self.send(Method::PATCH, &format!("accounts/{sid}"), change).await
    }

    pub async fn suspend(&self, sid: &str) -> Result<SeededAccount> {
        let status = Some(AccountStatus::Suspended);
        self.change_account(sid, AccountChange { status, ..AccountChange::default() }).await
    }

    pub async fn reactivate(&self, sid: &str) -> Result<SeededAccount> {
        let status = Some(AccountStatus::Active);
        self.change_account(sid, AccountChange { status, ..AccountChange::default() }).await
    }

    pub async fn add_key(&self, key: NewKey) -> Result<SeededKey> {
        self.post("keys", key).await
    }

    pub async fn add_number(&self, number: NewNumber) -> Result<SeededNumber> {
        self.post("numbers", number).await
    }

    pub async fn numbers(&self) -> Result<Vec<SeededNumber>> {
        self.get("numbers").await
    }

    /// `name` is the SID or the number itself.
    pub async fn change_number(&self, name: &str, change: NumberChange) -> Result<SeededNumber> {
        self.send(Method::PATCH, &format!("numbers/{}", name.replace('+', "%2B")), change).await
    }

    pub async fn add_elevenlabs_key(&self, key: NewElevenLabsKey) -> Result<SeededElevenLabsKey> {
        self.post("elevenlabs/keys", key).await
    }

    pub async fn add_agent(&self, agent: NewAgent) -> Result<SeededAgent> {
        self.post("elevenlabs/agents", agent).await
    }

    pub async fn set_callee(&self, number: &str, callee: Callee) -> Result<()> {
        self.order(Method::POST, "callees", CalleeOf { number: number.to_owned(), callee }).await
    }

    pub async fn set_message_fate(&self, number: &str, fate: MessageFate) -> Result<()> {
        self.order(Method::POST, "message-fates", MessageFateOf { number: number.to_owned(), fate }).await
    }

    pub async fn place_inbound_call(&self, call: PlaceCall) -> Result<Transcript> {
        self.post("calls", call).await
    }

    pub async fn record_call(&self, call: RecordedCall) -> Result<()> {
        self.order(Method::POST, "calls/records", call).await
    }

    pub async fn transcript(&self, call_sid: &str) -> Result<Transcript> {
        self.get(&format!("calls/{call_sid}")).await
    }

    pub async fn send_inbound_message(&self, message: InboundMessage) -> Result<MessageTranscript> {
        self.post("messages", message).await
    }

    pub async fn inject_fault(&self, fault: Fault) -> Result<()> {
        self.order(Method::POST, "faults", fault).await
    }

    pub async fn clear_faults(&self) -> Result<()> {
        self.order(Method::DELETE, "faults", json!({})).await
    }

    pub async fn add_delivery_rule(&self, rule: DeliveryRule) -> Result<()> {
        self.order(Method::POST, "deliveries", rule).await
    }

    pub async fn clear_delivery_rules(&self) -> Result<()> {
        self.order(Method::DELETE, "deliveries", json!({})).await
    }

    pub async fn held_webhooks(&self) -> Result<usize> {
        self.get::<Value>("webhooks/held").await.map(|answer| count(&answer))
    }

    pub async fn release_webhooks(&self, order: ReleaseOrder) -> Result<usize> {
        self.post::<Value>("webhooks/release", Release { order }).await.map(|answer| count(&answer))
    }

    pub async fn add_route(&self, public: &str, actual: &str) -> Result<()> {
        self.order(Method::POST, "routes", Route { public: public.to_owned(), actual: actual.to_owned() }).await
    }

    pub async fn clock(&self) -> Result<ClockReading> {
        self.get("clock").await
    }

    pub async fn advance(&self, by: Duration) -> Result<ClockReading> {
        self.post("clock", ClockMove { advance_seconds: Some(by.as_secs_f64()), ..ClockMove::default() }).await
    }

    pub async fn stop_clock_at(&self, at: Timestamp) -> Result<ClockReading> {
        self.post("clock", ClockMove { stop_at: Some(at), ..ClockMove::default() }).await
    }

    pub async fn set_pace(&self, pace: Pace) -> Result<ClockReading> {
        self.post("clock", ClockMove { pace: Some(pace), ..ClockMove::default() }).await
    }

    /// Waits until nothing is under way except what waits for the clock.
    pub async fn settle(&self) -> Result<()> {
        self.order(Method::POST, "settle", json!({})).await
    }

    pub async fn ledger(&self) -> Result<Vec<Entry>> {
        self.ledger_of(&LedgerFilter::default()).await
    }

    pub async fn ledger_of(&self, filter: &LedgerFilter) -> Result<Vec<Entry>> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("kind", filter.kind.clone()),
            ("account_sid", filter.account_sid.clone()),
            ("person", filter.person.clone()),
            ("call_sid", filter.call_sid.clone()),
            ("after", filter.after.map(|after| after.to_string())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        self.get(&format!("ledger?{}", query.finish())).await
    }

    pub async fn ledger_counts(&self) -> Result<BTreeMap<String, u64>> {
        self.get("ledger/counts").await
    }
}

fn count(answer: &Value) -> usize {
    answer["count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}
