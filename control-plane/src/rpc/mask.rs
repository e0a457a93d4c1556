//! A request as the audit may keep it: by its descriptors' `sensitivity`, secrets left out, content replaced, personal
//! strings masked. Field names are those of the proto, only set fields are shown.

use std::sync::Arc;

use callplane_proto::{descriptors, options::v1::Sensitivity};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value as Field};
use serde_json::{Map, Value, json};

use crate::domain::e164::{E164, mask};

const CONTENT: &str = "…";
const PERSONAL: &str = "****";

/// What the audit keeps of a request. In the extensions of every request that is to be audited.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedRequest {
    /// The full name of the method, such as `callplane.v1.CallService/GetCall`.
    pub method: Arc<str>,
    /// The request, masked.
    pub request: Value,
}

impl AuditedRequest {
    /// That of this request; `None` when its method is not audited.
    pub fn of<T>(request: &tonic::Request<T>) -> Option<&Self> {
        request.extensions().get()
    }
}

/// The message as JSON that may be kept.
pub fn masked(message: &DynamicMessage) -> Value {
    message_json(message, Sensitivity::Unspecified)
}

/// How careful to be with a field: no less than with what it is in.
fn care(outer: Sensitivity, field: &FieldDescriptor) -> Sensitivity {
    let own = descriptors::sensitivity(field);
    if own as i32 > outer as i32 { own } else { outer }
}

fn message_json(message: &DynamicMessage, outer: Sensitivity) -> Value {
    if message.descriptor().full_name().starts_with("google.protobuf.") {
        return match outer {
            Sensitivity::Unspecified => serde_json::to_value(message).unwrap_or(Value::Null),
            _ => json!(PERSONAL),
        };
    }
    let mut object = Map::new();
    for (field, value) in message.fields() {
        match care(outer, &field) {
            Sensitivity::Secret => {}
            Sensitivity::Content => drop(object.insert(field.name().to_owned(), json!(CONTENT))),
            care => drop(object.insert(field.name().to_owned(), value_json(value, &field.kind(), care))),
        }
    }
    Value::Object(object)
}

fn value_json(value: &Field, kind: &Kind, care: Sensitivity) -> Value {
    match value {
        Field::Message(message) => message_json(message, care),
        Field::List(items) => items.iter().map(|item| value_json(item, kind, care)).collect(),
        Field::Map(entries) => {
            let value_kind = kind.as_message().map(|entry| entry.map_entry_value_field().kind());
            let value_kind = value_kind.as_ref().unwrap_or(kind);
            let mut pairs: Vec<_> =
                entries.iter().map(|(key, value)| (key_text(key, care), value_json(value, value_kind, care))).collect();
            pairs.sort_by(|(one, _), (two, _)| one.cmp(two));
            Value::Object(pairs.into_iter().collect())
        }
        Field::String(text) => json!(text_json(text, care)),
        _ if care != Sensitivity::Unspecified => json!(PERSONAL),
        Field::EnumNumber(number) => enum_json(*number, kind),
        other => scalar_json(other),
    }
}

/// A number is masked wherever it stands: some fields take an id or a number.
fn text_json(text: &str, care: Sensitivity) -> String {
    let is_personal = care != Sensitivity::Unspecified || text.parse::<E164>().is_ok();
    if is_personal { mask(text) } else { text.to_owned() }
}

fn key_text(key: &MapKey, care: Sensitivity) -> String {
    match key {
        MapKey::String(text) => text_json(text, care),
        MapKey::Bool(value) => value.to_string(),
        MapKey::I32(value) => value.to_string(),
        MapKey::I64(value) => value.to_string(),
        MapKey::U32(value) => value.to_string(),
        MapKey::U64(value) => value.to_string(),
    }
}

fn enum_json(number: i32, kind: &Kind) -> Value {
    let name = kind.as_enum().and_then(|known| known.get_value(number));
    name.map_or_else(|| json!(number), |value| json!(value.name()))
}

fn scalar_json(value: &Field) -> Value {
    match value {
        Field::Bool(value) => json!(value),
        Field::I32(value) => json!(value),
        Field::U32(value) => json!(value),
        // As in protobuf's JSON: beyond 2^53 a JSON number is no longer exact.
        Field::I64(value) => json!(value.to_string()),
        Field::U64(value) => json!(value.to_string()),
        Field::F32(value) => json!(value),
        Field::F64(value) => json!(value),
        Field::Bytes(bytes) => json!(format!("{} bytes", bytes.len())),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use callplane_proto::v1;
    use prost::Message;

    use super::*;

    fn shown(name: &str, message: &impl Message) -> Value {
        let descriptor = descriptors::pool().get_message_by_name(name).expect("known");
        masked(&DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).expect("own bytes"))
    }

    #[test]
    fn secrets_are_left_out_and_the_rest_reads_plainly() {
        let request = v1::CreateAccountRequest {
            account: Some(v1::Account { display_name: "main".into(), backup_order: 2, ..Default::default() }),
            credentials: Some(v1::Credentials {
                auth_token: "0123456789abcdef0123456789abcdef".into(),
                api_key_sid: "SK0123456789abcdef0123456789abcdef".into(),
                api_key_secret: "very-very-secret".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let text = shown("callplane.v1.CreateAccountRequest", &request).to_string();
        assert_eq!(
            text,
            r#"{"account":{"display_name":"main","backup_order":2},"credentials":{"api_key_sid":"SK0123456789abcdef0123456789abcdef"}}"#
        );
    }

    #[test]
    fn numbers_keep_four_digits_wherever_they_stand() {
        let request = v1::AssignPhoneNumberRequest { phone_number_id: "+15005550006".into(), ..Default::default() };
        let value = shown("callplane.v1.AssignPhoneNumberRequest", &request);
        assert_eq!(value["phone_number_id"], "****0006");
        let number = v1::PhoneNumber { e164: "+15005550006".into(), ..Default::default() };
        assert_eq!(shown("callplane.v1.PhoneNumber", &number)["e164"], "****0006");
    }

    #[test]
    fn what_people_say_is_left_out_and_enums_and_times_have_names() {
        let plan = v1::RoutePlan {
            rules: vec![v1::RouteRule {
                windows: vec![v1::TimeWindow { days: vec![1, 99], ..Default::default() }],
                ..Default::default()
            }],
            fallback: Some(v1::RouteFallback {
                kind: Some(v1::route_fallback::Kind::Announcement(v1::Announcement {
                    text: "we know who you are".into(),
                    ..Default::default()
                })),
            }),
            create_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            revision: 7,
            ..Default::default()
        };
        let value = shown("callplane.v1.RoutePlan", &plan);
        assert_eq!(value["fallback"]["announcement"]["text"], "…");
        assert_eq!(value["rules"][0]["windows"][0]["days"], json!(["DAY_OF_WEEK_MONDAY", 99]));
        assert_eq!((&value["create_time"], &value["revision"]), (&json!("1970-01-01T00:00:00Z"), &json!("7")));
    }

    #[test]
    fn no_field_marked_sensitive_ever_shows_its_value() {
        let canary = "canary-4711-0815";
        for descriptor in descriptors::pool().all_messages().filter(|m| m.full_name().starts_with("callplane.v1.")) {
            let mut message = DynamicMessage::new(descriptor.clone());
            let sensitive = descriptor.fields().filter(|field| {
                field.kind() == Kind::String && descriptors::sensitivity(field) != Sensitivity::Unspecified
            });
            for field in sensitive.filter(|field| !field.is_list() && !field.is_map()) {
                message.set_field(&field, Field::String(canary.to_owned()));
                let text = masked(&message).to_string();
                assert!(!text.contains("canary"), "{}: {text}", field.full_name());
            }
        }
    }
}
