//! What the `buf.validate` annotations mean for a flag: whether it must be given. The server does the checking.

use std::borrow::Cow;

use callplane_proto::descriptors;
use prost_reflect::{DynamicMessage, FieldDescriptor, Value};

/// Whether an empty value is refused, so that the flag has to be used.
pub fn required(field: &FieldDescriptor) -> bool {
    let Some(rules) = rules(field) else { return false };
    if number(&rules, "ignore") != 0 {
        return false;
    }
    flag(&rules, "required")
        || part(&rules, "string").is_some_and(|rules| string_refuses_empty(&rules))
        || part(&rules, "enum").is_some_and(|rules| refuses_zero(&rules))
        || part(&rules, "repeated").is_some_and(|rules| number(&rules, "min_items") > 0)
        || part(&rules, "bytes").is_some_and(|rules| number(&rules, "min_len") > 0)
}

fn rules(field: &FieldDescriptor) -> Option<DynamicMessage> {
    let extension = descriptors::pool().get_extension_by_name("buf.validate.field")?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn string_refuses_empty(rules: &DynamicMessage) -> bool {
    number(rules, "min_len") > 0 || number(rules, "len") > 0 || rules.has_field_by_name("pattern")
}

fn refuses_zero(rules: &DynamicMessage) -> bool {
    let listed = rules.get_field_by_name("not_in");
    listed.as_deref().and_then(Value::as_list).is_some_and(|values| values.contains(&Value::I32(0)))
}

fn part(rules: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    if !rules.has_field_by_name(name) {
        return None;
    }
    rules.get_field_by_name(name)?.as_message().cloned()
}

fn flag(rules: &DynamicMessage, name: &str) -> bool {
    rules.get_field_by_name(name).and_then(|value| value.as_bool()).unwrap_or(false)
}

fn number(rules: &DynamicMessage, name: &str) -> u64 {
    match rules.get_field_by_name(name).map(Cow::into_owned) {
        Some(Value::U64(value)) => value,
        Some(Value::EnumNumber(value)) => u64::from(value.unsigned_abs()),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(message: &str, name: &str) -> FieldDescriptor {
        let message = descriptors::pool().get_message_by_name(message).expect("in the API");
        message.get_field_by_name(name).expect("in the message")
    }

    #[test]
    fn a_pattern_without_leave_to_be_empty_asks_for_a_value() {
        assert!(required(&field("callplane.v1.GetAccountRequest", "account_id")));
        assert!(!required(&field("callplane.v1.GetWorkspaceRequest", "workspace_id")));
    }

    #[test]
    fn an_enum_that_may_not_be_zero_asks_for_a_value() {
        assert!(required(&field("callplane.v1.Token", "audience")));
        assert!(!required(&field("callplane.v1.ListAccountsRequest", "status")));
    }
}
