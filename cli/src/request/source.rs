//! JSON from an argument: written out, from `@file`, or from `-`. Secrets may come only from the latter two.

use std::io::Read;

use callplane_proto::{descriptors, options::v1::Sensitivity};
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::Value;

use crate::failure::Failure;

/// Reads the JSON that `text` is or names; `flag` is for the error text.
pub fn json(flag: &str, text: &str) -> Result<Value, Failure> {
    let (place, content) = match text.strip_prefix('@') {
        Some(file) => {
            let content = std::fs::read_to_string(file);
            (file, content.map_err(|error| Failure::usage(format!("{flag}: {file}: {error}")))?)
        }
        None if text == "-" => {
            let mut content = String::new();
            std::io::stdin().read_to_string(&mut content)?;
            ("standard input", content)
        }
        None => ("the text", text.to_owned()),
    };
    serde_json::from_str(&content).map_err(|error| Failure::usage(format!("{flag}: {place} is not JSON: {error}")))
}

/// Whether `text` is the JSON itself, and so visible to every process of the machine.
pub fn is_literal(text: &str) -> bool {
    text != "-" && !text.starts_with('@')
}

/// The path of the first SECRET field that the JSON fills.
pub fn first_secret(message: &MessageDescriptor, json: &Value) -> Option<String> {
    let Value::Object(fields) = json else { return None };
    fields.iter().find_map(|(key, value)| {
        let field = message.get_field_by_name(key).or_else(|| message.get_field_by_json_name(key))?;
        if descriptors::sensitivity(&field) == Sensitivity::Secret && !value.is_null() && value != "" {
            return Some(field.name().to_owned());
        }
        let Kind::Message(nested) = field.kind() else { return None };
        let inside = match value {
            Value::Array(items) => items.iter().find_map(|item| first_secret(&nested, item)),
            value => first_secret(&nested, value),
        };
        inside.map(|path| format!("{}.{path}", field.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_deep_and_however_spelt() {
        let message =
            descriptors::pool().get_message_by_name("callplane.v1.BatchCreateAccountsRequest").expect("in the API");
        let json = serde_json::json!({"requests": [{}, {"credentials": {"authToken": "sesame"}}]});
        assert_eq!(first_secret(&message, &json).as_deref(), Some("requests.credentials.auth_token"));
        assert_eq!(first_secret(&message, &serde_json::json!({"requests": [{"account": {}}]})), None);
    }
}
