//! `monitor.twilio.com/v1/Alerts`: what Twilio complained of, the newest first. A parent does not see those of its
//! subaccounts here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::TwilioError;
use super::{Result, auth};
use crate::clock::iso8601;
use crate::control::Refusal;
use crate::exchange::{Answer, Deed, Request, first};
use crate::state::Alert;
use crate::world::World;

const KNOWN: [&str; 6] = ["LogLevel", "StartDate", "EndDate", "PageSize", "Page", "PageToken"];

pub fn list(world: &Arc<World>, request: &Request, deed: &mut Deed) -> Result<Answer> {
    deed.resource = "Alerts".to_owned();
    let caller = auth::caller(world, request)?;
    deed.account_sid.clone_from(&caller.account_sid);
    deed.credential = caller.credential.name().to_owned();
    if let Some((name, _)) = request.query.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err(TwilioError::bad(20001, format!("this request has no parameter {name:?}")));
    }
    let since = first(&request.query, "StartDate").map(|text| text.parse::<crate::clock::Timestamp>());
    let since = since.transpose().map_err(|_| TwilioError::bad(20001, "StartDate is no date".to_owned()))?;
    let level = first(&request.query, "LogLevel");
    let state = world.state();
    let wanted = |alert: &&Alert| {
        alert.account_sid == caller.account_sid
            && since.is_none_or(|since| alert.created >= since)
            && level.is_none_or(|level| alert.log_level == level)
    };
    let alerts: Vec<Value> = state.alerts.iter().rev().filter(wanted).map(view).collect();
    let meta = json!({ "key": "alerts", "page": 0, "page_size": 50, "next_page_url": null });
    Ok(Answer::json(200, &json!({ "alerts": alerts, "meta": meta })))
}

fn view(alert: &Alert) -> Value {
    json!({
        "account_sid": alert.account_sid,
        "alert_text": "",
        "api_version": "2010-04-01",
        "date_created": iso8601(alert.created),
        "date_generated": iso8601(alert.created),
        "error_code": alert.error_code.to_string(),
        "log_level": alert.log_level,
        "sid": alert.sid,
    })
}

/// Something for Twilio to complain of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAlert {
    pub account_sid: String,
    pub error_code: u32,
    /// `error` unless this is set.
    #[serde(default)]
    pub log_level: Option<String>,
}

pub fn add(world: &World, new: NewAlert) -> std::result::Result<(), Refusal> {
    let now = world.clock.now();
    let mut state = world.state();
    if state.accounts.get(&new.account_sid).is_none() {
        return Err(Refusal::field("account_sid", "there is no such account: add it first"));
    }
    let alert = Alert {
        sid: world.ids.sid("NO"),
        account_sid: new.account_sid,
        error_code: new.error_code,
        log_level: new.log_level.unwrap_or_else(|| "error".to_owned()),
        created: now,
    };
    state.alerts.push(alert);
    Ok(())
}
