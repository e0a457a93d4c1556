//! Messages as JSON with the field names of the proto, and setting a field by its path.

use prost_reflect::{DynamicMessage, FieldDescriptor, SerializeOptions};
use serde_json::{Map, Value};

use crate::flags::is_choice;

/// The message as JSON. Without `sparse`, fields that hold their default are there too, so that a list is never missing.
pub fn of_message(message: &DynamicMessage, sparse: bool) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(sparse);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap_or(Value::Null)
}

/// Sets one field; other members of its oneofs go.
pub fn set(body: &mut Map<String, Value>, path: &[FieldDescriptor], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if is_choice(first) {
        let rivals = first.containing_oneof().into_iter().flat_map(|oneof| oneof.fields().collect::<Vec<_>>());
        for rival in rivals.filter(|rival| rival != first) {
            body.remove(rival.name());
        }
    }
    if rest.is_empty() {
        body.insert(first.name().to_owned(), value);
        return;
    }
    let inner = body.entry(first.name()).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        set(inner, rest, value);
    }
}

/// The value at a path of names.
pub fn at<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |value, name| value.get(name))
}
