//! Puts a request together: `--request` first, then the flags over it, then what the command line fills in itself.

pub mod json;
pub mod mask;
pub mod source;
pub mod template;

use callplane_proto::descriptors;
use clap::ArgMatches;
use prost_reflect::{DeserializeOptions, DynamicMessage, Kind as Type, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::{
    clock,
    failure::Failure,
    flags::{Flag, Kind, arg, value},
    tree::Operation,
};

/// What the standard flags say about the request.
#[derive(Default)]
pub struct Wishes {
    pub request: Option<String>,
    pub clear: Vec<String>,
    pub dry_run: bool,
    pub page_size: Option<u64>,
}

/// The request of a command.
pub fn assemble(
    operation: &Operation,
    flags: &[Flag],
    matches: &ArgMatches,
    wishes: &Wishes,
) -> Result<DynamicMessage, Failure> {
    let input = operation.method.input();
    let given = wishes.request.as_deref().map(|text| base(&input, text)).transpose()?.unwrap_or_default();
    let mut mask = mask::of_json(operation, &given);
    let mut body = canonical(&input, given)?;
    for (flag, texts) in used(flags, matches) {
        refuse_secrets(flag, &texts)?;
        json::set(&mut body, &flag.path, value::json(flag, &texts)?);
        mask.used(flag);
    }
    if operation.takes("update_mask") {
        mask.clear(flags, &wishes.clear)?;
        mask.write(&mut body)?;
    } else if !wishes.clear.is_empty() {
        return Err(Failure::usage("--clear: this command updates nothing"));
    }
    fill_in(operation, &mut body, wishes)?;
    parse(&input, Value::Object(body))
}

fn base(input: &MessageDescriptor, text: &str) -> Result<Map<String, Value>, Failure> {
    let Value::Object(given) = source::json("--request", text)? else {
        return Err(Failure::usage("--request: expected a JSON object"));
    };
    let whole = Value::Object(given);
    if source::is_literal(text)
        && let Some(path) = source::first_secret(input, &whole)
    {
        return Err(secret_in_sight("--request", &path));
    }
    let Value::Object(given) = whole else { unreachable!("made from an object") };
    Ok(given)
}

/// The flags that were used, messages before the fields inside them.
fn used<'a>(flags: &'a [Flag], matches: &ArgMatches) -> Vec<(&'a Flag, Vec<String>)> {
    let mut used: Vec<_> = flags
        .iter()
        .filter_map(|flag| {
            let id = flag.id();
            let by_name = flag.place.and_then(|_| matches.get_many::<String>(&arg::by_name(&id)));
            let texts = matches.get_many::<String>(&id).or(by_name)?;
            Some((flag, texts.cloned().collect()))
        })
        .collect();
    used.sort_by_key(|(flag, _): &(&Flag, Vec<String>)| flag.path.len());
    used
}

fn refuse_secrets(flag: &Flag, texts: &[String]) -> Result<(), Failure> {
    let Type::Message(message) = flag.field().kind() else { return Ok(()) };
    if flag.kind != Kind::Json {
        return Ok(());
    }
    for text in texts.iter().filter(|text| source::is_literal(text)) {
        let json = source::json(&flag.shown(), text)?;
        let items = match json {
            Value::Array(items) => items,
            one => vec![one],
        };
        if let Some(path) = items.iter().find_map(|item| source::first_secret(&message, item)) {
            return Err(secret_in_sight(&flag.shown(), &path));
        }
    }
    Ok(())
}

fn secret_in_sight(flag: &str, path: &str) -> Failure {
    Failure::usage(format!(
        "{flag}: `{path}` is a secret, and arguments are visible to every process; give the JSON as @FILE or -, or use the flag that ends in -file"
    ))
}

fn fill_in(operation: &Operation, body: &mut Map<String, Value>, wishes: &Wishes) -> Result<(), Failure> {
    for field in operation.method.input().fields() {
        if descriptors::field_cli(&field).auto_uuid && !body.contains_key(field.name()) {
            body.insert(field.name().to_owned(), json!(clock::fresh_id().to_string()));
        }
    }
    if wishes.dry_run {
        if !operation.takes("validate_only") {
            return Err(Failure::usage("--dry-run: this command has none; it would be the real thing"));
        }
        body.insert("validate_only".to_owned(), json!(true));
    }
    if let Some(size) = wishes.page_size
        && operation.takes("page_size")
        && !body.contains_key("page_size")
    {
        body.insert("page_size".to_owned(), json!(size));
    }
    Ok(())
}

/// The same JSON with the field names of the proto, so that flags find what they override.
fn canonical(input: &MessageDescriptor, given: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    if given.is_empty() {
        return Ok(given);
    }
    let message = parse(input, Value::Object(given))?;
    match json::of_message(&message, true) {
        Value::Object(fields) => Ok(fields),
        _ => Err(Failure::usage("--request: expected a JSON object")),
    }
}

/// JSON as a message; a field that does not exist is an error, not a wish.
pub fn parse(message: &MessageDescriptor, json: Value) -> Result<DynamicMessage, Failure> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    DynamicMessage::deserialize_with_options(message.clone(), json, &options)
        .map_err(|error| Failure::usage(format!("the request does not fit {}: {error}", message.full_name())))
}
