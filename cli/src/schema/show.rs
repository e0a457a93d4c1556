//! Describes a message, an enum or a method as the proto does, comments included.

use callplane_proto::descriptors;
use clap::ArgMatches;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind as Type, MessageDescriptor, MethodDescriptor};

use crate::{
    failure::Failure,
    output,
    tree::{self, comments},
};

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let name = matches.get_one::<String>("@name").cloned().unwrap_or_default();
    let pool = descriptors::pool();
    let full = format!("callplane.v1.{name}");
    let text = if let Some(method) = tree::find_method(&name) {
        of_method(&method)
    } else if let Some(message) = pool.get_message_by_name(&name).or_else(|| pool.get_message_by_name(&full)) {
        of_message(&message)
    } else if let Some(choices) = pool.get_enum_by_name(&name).or_else(|| pool.get_enum_by_name(&full)) {
        of_enum(&choices)
    } else {
        return Err(Failure::usage(format!("nothing is called {name}; `callplane schema list` shows the methods")));
    };
    output::out(&text)
}

fn of_method(method: &MethodDescriptor) -> String {
    let stream = if method.is_server_streaming() { "stream " } else { "" };
    let mut text = remark("", &comments::of_method(method));
    text.push_str(&format!(
        "rpc {}({}) returns ({stream}{})\n\n",
        method.name(),
        method.input().full_name(),
        method.output().full_name()
    ));
    text.push_str(&of_message(&method.input()));
    text.push('\n');
    text.push_str(&of_message(&method.output()));
    text
}

fn of_message(message: &MessageDescriptor) -> String {
    let mut text = remark("", &comments::of_message(message));
    text.push_str(&format!("message {} {{\n", message.full_name()));
    for field in message.fields() {
        text.push_str(&remark("  ", &comments::of_field(&field)));
        text.push_str(&format!("  {} {} = {};\n", type_of(&field), field.name(), field.number()));
    }
    text.push_str("}\n");
    text
}

fn of_enum(choices: &EnumDescriptor) -> String {
    let mut text = format!("enum {} {{\n", choices.full_name());
    for value in choices.values() {
        text.push_str(&remark("  ", &comments::of_enum_value(&value)));
        text.push_str(&format!("  {} = {};\n", value.name(), value.number()));
    }
    text.push_str("}\n");
    text
}

fn remark(indent: &str, comment: &str) -> String {
    comment.lines().map(|line| format!("{indent}// {line}\n")).collect()
}

fn type_of(field: &FieldDescriptor) -> String {
    if field.is_map()
        && let Type::Message(entry) = field.kind()
    {
        return format!(
            "map<{}, {}>",
            kind_name(&entry.map_entry_key_field().kind()),
            kind_name(&entry.map_entry_value_field().kind())
        );
    }
    let name = kind_name(&field.kind());
    if field.is_list() { format!("repeated {name}") } else { name }
}

fn kind_name(kind: &Type) -> String {
    match kind {
        Type::Message(message) => message.full_name().to_owned(),
        Type::Enum(choices) => choices.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}
