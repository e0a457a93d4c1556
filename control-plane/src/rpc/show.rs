//! Showing what many replies have in common: times, lengths of time, etags, counts.

use callplane_proto::v1 as pb;
use prost_types::value::Kind;

use crate::domain::{money::Money, seconds::Seconds, time::Timestamp};

/// A point in time.
pub fn moment(time: Timestamp) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos() % 1_000_000_000).unwrap_or_default();
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

/// A length of time.
pub fn seconds(length: Seconds) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::from(length.get()), nanos: 0 }
}

/// An amount of money.
pub fn money(money: Money) -> pb::Money {
    let (units, micros) = money.parts();
    let nanos = i32::try_from(micros * 1000).unwrap_or_default();
    pb::Money { currency_code: money.currency.to_string(), units, nanos }
}

/// What tells one version of a resource from the next.
pub fn etag(version: i64) -> String {
    version.to_string()
}

/// A count, as far as the API can tell it.
pub fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// An id, or empty.
pub fn id_or_empty(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// A JSON document. What is not an object is shown as an object without fields.
pub fn document(json: serde_json::Value) -> prost_types::Struct {
    match value(json).kind {
        Some(Kind::StructValue(document)) => document,
        _ => prost_types::Struct::default(),
    }
}

fn value(json: serde_json::Value) -> prost_types::Value {
    use serde_json::Value as Json;
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(bool) => Kind::BoolValue(bool),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(items) => {
            Kind::ListValue(prost_types::ListValue { values: items.into_iter().map(value).collect() })
        }
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, json)| (name, value(json))).collect();
            Kind::StructValue(prost_types::Struct { fields })
        }
    };
    prost_types::Value { kind: Some(kind) }
}
