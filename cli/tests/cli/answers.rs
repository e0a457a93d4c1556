//! Messages for tests: from JSON, and with every field filled.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

/// JSON as a message.
pub fn parse(message: &MessageDescriptor, json: &Value) -> DynamicMessage {
    DynamicMessage::deserialize(message.clone(), json).expect("the test's JSON fits")
}

/// A message with every field filled, as JSON; page tokens stay empty, for there is one page.
pub fn filled(message: &MessageDescriptor) -> Value {
    fill(message, 4)
}

fn fill(message: &MessageDescriptor, depth: usize) -> Value {
    let mut body = Map::new();
    for field in message.fields() {
        let rival =
            field.containing_oneof().is_some_and(|oneof| oneof.fields().any(|other| body.contains_key(other.name())));
        if field.name() != "next_page_token" && !rival {
            body.insert(field.name().to_owned(), value(&field, depth));
        }
    }
    Value::Object(body)
}

fn value(field: &FieldDescriptor, depth: usize) -> Value {
    if field.is_map() {
        return json!({"key": "value"});
    }
    let one = match field.kind() {
        Kind::Bool => json!(true),
        Kind::String => json!("text"),
        Kind::Bytes => json!("AQID"),
        Kind::Enum(choices) => json!(choices.values().nth(1).expect("an enum has a second value").name()),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => json!("2026-03-29T01:30:00Z"),
            "google.protobuf.Duration" => json!("90s"),
            name if name.starts_with("google.protobuf.") => json!({}),
            _ if depth == 0 => json!({}),
            _ => fill(&message, depth - 1),
        },
        _ => json!(7),
    };
    if field.is_list() { json!([one]) } else { one }
}
