//! `--template`: a filled-in request to edit and give back with `--request @file`.

use prost_reflect::{FieldDescriptor, Kind as Type, MessageDescriptor};
use serde_json::{Map, Value, json};

use callplane_proto::descriptors;

use crate::flags::{Flag, is_choice};

const DEPTH: usize = 6;

/// Every field that can be set, with a sample value; of a oneof its first member.
pub fn of(input: &MessageDescriptor, flags: &[Flag]) -> Value {
    let mut body = Map::new();
    for field in input.fields() {
        let offered = flags.iter().any(|flag| flag.path[0] == field);
        if offered {
            put(&mut body, &field, DEPTH);
        }
    }
    // What has its own place on the command line is said there, ids of a resource included.
    for flag in flags.iter().filter(|flag| flag.place.is_some()) {
        super::json::set(&mut body, &flag.path, sample(flag.field(), 1));
    }
    Value::Object(body)
}

fn put(body: &mut Map<String, Value>, field: &FieldDescriptor, depth: usize) {
    let rival = is_choice(field)
        && field.containing_oneof().is_some_and(|oneof| oneof.fields().any(|member| body.contains_key(member.name())));
    let cli = descriptors::field_cli(field);
    if !(rival || cli.output_only || cli.hidden || cli.auto_uuid) {
        body.insert(field.name().to_owned(), sample(field, depth));
    }
}

fn sample(field: &FieldDescriptor, depth: usize) -> Value {
    if field.is_map() {
        return json!({"key": "value"});
    }
    let one = single(field, depth);
    if field.is_list() { Value::Array(vec![one]) } else { one }
}

fn single(field: &FieldDescriptor, depth: usize) -> Value {
    match field.kind() {
        Type::Bool => json!(false),
        Type::String | Type::Bytes => json!(""),
        Type::Enum(choices) => {
            let first = choices.values().find(|value| value.number() != 0);
            json!(first.map(|value| value.name().to_owned()).unwrap_or_default())
        }
        Type::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => json!("2026-01-01T00:00:00Z"),
            "google.protobuf.Duration" => json!("30s"),
            "google.protobuf.FieldMask" => json!(""),
            name if name.starts_with("google.protobuf.") => json!({}),
            _ if depth == 0 => json!({}),
            _ => {
                let mut body = Map::new();
                message.fields().for_each(|field| put(&mut body, &field, depth - 1));
                Value::Object(body)
            }
        },
        _ => json!(0),
    }
}
