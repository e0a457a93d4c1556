//! What Twilio complained of: Monitor Alerts, an API of its own on a host of its own. Their texts can hold numbers and
//! URLs, and are not read.

use serde::Deserialize;

use super::{
    client::{Ask, Twilio},
    wire,
};
use crate::{
    domain::{outcome::Outcome, telephony::AlertSeen, time::Timestamp},
    provider::access::Access,
};

#[derive(Deserialize)]
struct Alert {
    #[serde(default, deserialize_with = "wire::count")]
    error_code: Option<u32>,
    #[serde(default, deserialize_with = "wire::text")]
    log_level: Option<String>,
    #[serde(default, deserialize_with = "wire::date")]
    date_generated: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

/// The newest of them.
pub(super) async fn list(twilio: &Twilio, access: &Access, since: Timestamp) -> Outcome<Vec<AlertSeen>> {
    let since = since.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let fields = vec![("LogLevel", "error".to_owned()), ("StartDate", since), ("PageSize", "100".to_owned())];
    let ask = Ask::read("list alerts", "/v1/Alerts".to_owned(), fields);
    twilio
        .ask_monitor(access, ask, |body| {
            let Alerts { alerts } = wire::json(body)?;
            let seen = |alert: Alert| AlertSeen {
                code: alert.error_code.and_then(|code| i32::try_from(code).ok()).unwrap_or_default(),
                level: alert.log_level.unwrap_or_default(),
                time: alert.date_generated,
            };
            Ok(alerts.into_iter().map(seen).collect())
        })
        .await
}
