//! Fields that a newer server sends and this program cannot show: said once, so that nobody misses them unknowingly.

use prost_reflect::{DynamicMessage, Value};

/// Says so on standard error if there are any.
pub fn warn(reply: &DynamicMessage) {
    if has_unknown(reply) {
        eprintln!(
            "the server sent fields that callplane {} does not know; upgrade it to see them",
            env!("CARGO_PKG_VERSION")
        );
    }
}

fn has_unknown(message: &DynamicMessage) -> bool {
    message.unknown_fields().next().is_some() || message.fields().any(|(_, value)| within(value))
}

fn within(value: &Value) -> bool {
    match value {
        Value::Message(message) => has_unknown(message),
        Value::List(items) => items.iter().any(within),
        Value::Map(entries) => entries.values().any(within),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callplane_proto::descriptors;

    #[test]
    fn a_field_of_a_newer_server_is_noticed_however_deep() {
        let reply = descriptors::pool().get_message_by_name("callplane.v1.GetAccountResponse").expect("in the API");
        // account { field 500: "x" }
        let encoded: &[u8] = &[0x0a, 0x04, 0xa2, 0x1f, 0x01, b'x'];
        assert!(has_unknown(&DynamicMessage::decode(reply.clone(), encoded).expect("decodes")));
        assert!(!has_unknown(&DynamicMessage::new(reply)));
    }
}
