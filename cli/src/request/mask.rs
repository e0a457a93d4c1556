//! The `update_mask`: written from the flags that were used, the JSON that was given, and `--clear`. The server takes the
//! fields of the resource itself; a field inside one replaces the whole of it.

use prost_reflect::{Kind as Type, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::{failure::Failure, flags::Flag, tree::Operation};

/// The fields an update changes.
#[derive(Default)]
pub struct Mask {
    fields: Vec<String>,
    /// `--request` brought a mask of its own: it stands, and only grows.
    given: Option<String>,
}

/// The fields of the resource that the JSON names, whatever their value.
pub fn of_json(operation: &Operation, given: &Map<String, Value>) -> Mask {
    let mut mask = Mask::default();
    let Some((name, resource)) = resource(operation) else { return mask };
    let own = given.get("update_mask").or_else(|| given.get("updateMask"));
    mask.given = own.and_then(Value::as_str).map(str::to_owned);
    let camel = crate::output::cell::camel(&name);
    if mask.given.is_none()
        && let Some(Value::Object(fields)) = given.get(&name).or_else(|| given.get(&camel))
    {
        for key in fields.keys() {
            let field = resource.get_field_by_name(key).or_else(|| resource.get_field_by_json_name(key));
            if let Some(field) = field.filter(|field| field.name() != "id") {
                mask.add(field.name());
            }
        }
    }
    mask
}

/// The field that holds the resource, and its message.
fn resource(operation: &Operation) -> Option<(String, MessageDescriptor)> {
    operation.method.input().fields().find_map(|field| match field.kind() {
        Type::Message(message) if field.name() != "update_mask" => Some((field.name().to_owned(), message)),
        _ => None,
    })
}

impl Mask {
    fn add(&mut self, field: &str) {
        if !self.fields.iter().any(|known| known == field) {
            self.fields.push(field.to_owned());
        }
    }

    /// A flag of the resource was used.
    pub fn used(&mut self, flag: &Flag) {
        if flag.masked
            && let Some(field) = flag.path.get(1)
        {
            self.add(field.name());
        }
    }

    /// Fields to empty, by flag name or by field name.
    pub fn clear(&mut self, flags: &[Flag], names: &[String]) -> Result<(), Failure> {
        for name in names {
            let wanted = name.trim_start_matches("--");
            let found = flags.iter().find(|flag| {
                flag.masked && (flag.name == wanted || flag.path.get(1).is_some_and(|field| field.name() == wanted))
            });
            let Some(field) = found.and_then(|flag| flag.path.get(1)) else {
                return Err(Failure::usage(format!(
                    "--clear {name}: no such field; there are {}",
                    clearable(flags).join(", ")
                )));
            };
            if self.fields.iter().any(|used| used == field.name()) {
                return Err(Failure::usage(format!("--clear {name}: the same field is set by another flag")));
            }
            self.add(field.name());
        }
        Ok(())
    }

    /// Writes it into the request.
    pub fn write(self, body: &mut Map<String, Value>) -> Result<(), Failure> {
        let paths = self.given.into_iter().chain(self.fields.iter().map(|field| crate::output::cell::camel(field)));
        let paths: Vec<String> = paths.filter(|path| !path.is_empty()).collect();
        if paths.is_empty() {
            return Err(Failure::usage("nothing to change: use a flag for what shall be, or --clear FIELD"));
        }
        body.insert("update_mask".to_owned(), json!(paths.join(",")));
        Ok(())
    }
}

/// What `--clear` takes.
pub fn clearable(flags: &[Flag]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in flags.iter().filter(|flag| flag.masked).filter_map(|flag| flag.path.get(1)) {
        let name = field.name().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
