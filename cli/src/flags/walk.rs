//! Walks a request message and collects its flags. Recursive types end at their second appearance, everything at depth 4;
//! below that a message is given as JSON.

use callplane_proto::descriptors;
use prost_reflect::{FieldDescriptor, Kind as Type, MessageDescriptor};

use super::{Flag, Kind, Many, dotted, is_choice};
use crate::tree::{Operation, naming::kebab, rules};

const DEPTH: usize = 4;

/// Flags that every command has; a field of the same name becomes `--request.NAME`.
pub const STANDARD: [&str; 20] = [
    "address",
    "all",
    "clear",
    "columns",
    "dry-run",
    "error-format",
    "help",
    "limit",
    "output",
    "profile",
    "request",
    "template",
    "timeout",
    "token-file",
    "verbose",
    "version",
    "wait",
    "workspace",
    "yes",
    "config",
];

/// The flags of a command, in the order of the proto.
pub fn flags(operation: &Operation) -> Vec<Flag> {
    let input = operation.method.input();
    let mut walk = Walk { operation, update: operation.takes("update_mask"), found: Vec::new() };
    walk.message(&input, &mut Vec::new(), true);
    let mut found = walk.found;
    name_apart(&mut found);
    found
}

struct Walk<'a> {
    operation: &'a Operation,
    update: bool,
    found: Vec<Flag>,
}

impl Walk<'_> {
    fn message(&mut self, message: &MessageDescriptor, above: &mut Vec<FieldDescriptor>, needed: bool) {
        for field in message.fields() {
            above.push(field.clone());
            if self.offered(above) {
                self.field(&field, above, needed);
            }
            above.pop();
        }
    }

    fn field(&mut self, field: &FieldDescriptor, path: &mut Vec<FieldDescriptor>, needed: bool) {
        let nested = match field.kind() {
            Type::Message(message) if !field.is_list() && !field.is_map() && Kind::of(field) == Kind::Json => {
                Some(message)
            }
            _ => None,
        };
        let flattened = path.len() == 1 && self.operation.cli.flatten.iter().any(|name| name == field.name());
        if !flattened {
            self.found.push(self.flag(field, path, needed && nested.is_none()));
        }
        let Some(message) = nested else { return };
        let seen_above = path[..path.len() - 1].iter().any(|above| above.kind() == Type::Message(message.clone()));
        let opaque = message.full_name().starts_with("google.protobuf.");
        if path.len() < DEPTH && !seen_above && !opaque {
            let needed =
                needed && !is_choice(field) && (flattened || rules::required(field)) && !self.within_update(path);
            self.message(&message, path, needed);
        }
    }

    fn flag(&self, field: &FieldDescriptor, path: &[FieldDescriptor], needed: bool) -> Flag {
        let kind = Kind::of(field);
        let place =
            self.operation.cli.positional.iter().position(|place| *place == dotted(path)).map(|index| index + 1);
        let many = match field {
            field if field.is_map() => Many::Map,
            field if field.is_list() => Many::List,
            _ => Many::One,
        };
        Flag {
            name: self.name(path, &kind),
            kind: if many == Many::Map && kind == Kind::Json { Kind::of_map_value(field) } else { kind },
            many,
            place,
            required: self.required(field, path, place, needed),
            masked: self.within_update(path) && place.is_none(),
            minor: matches!(field.name(), "request_id" | "etag" | "page_size" | "page_token"),
            path: path.to_vec(),
        }
    }

    fn required(&self, field: &FieldDescriptor, path: &[FieldDescriptor], place: Option<usize>, needed: bool) -> bool {
        if self.within_update(path) {
            // What is not given stays as it is; only the id has to be said.
            return place.is_some();
        }
        needed && !is_choice(field) && rules::required(field)
    }

    fn name(&self, path: &[FieldDescriptor], kind: &Kind) -> String {
        let flattened = path.len() > 1 && self.operation.cli.flatten.iter().any(|name| name == path[0].name());
        let shown = if flattened { &path[1..] } else { path };
        let name = kebab(&dotted(shown));
        if *kind == Kind::Secret { format!("{name}-file") } else { name }
    }

    /// Whether the field gets a flag at all. A field named as an argument does, whoever else may set it.
    fn offered(&self, path: &[FieldDescriptor]) -> bool {
        let id = dotted(path);
        if self.operation.cli.positional.contains(&id) {
            return true;
        }
        let field = path.last().expect("walked fields have a path");
        let cli = descriptors::field_cli(field);
        let ours = path.len() == 1 && matches!(field.name(), "update_mask" | "validate_only");
        !(ours || cli.hidden || cli.output_only || (cli.immutable && self.update))
    }

    /// The resource of an update is the message that the mask speaks of.
    fn within_update(&self, path: &[FieldDescriptor]) -> bool {
        self.update && matches!(path[0].kind(), Type::Message(_)) && path[0].name() != "update_mask"
    }
}

/// A flattened child gives way to a field of the request itself, and both to the flags every command has.
fn name_apart(flags: &mut [Flag]) {
    let names: Vec<(String, usize)> = flags.iter().map(|flag| (flag.name.clone(), flag.path.len())).collect();
    for (index, flag) in flags.iter_mut().enumerate() {
        let gives_way = names
            .iter()
            .enumerate()
            .any(|(other, (name, depth))| *name == flag.name && (*depth, other) < (flag.path.len(), index));
        if gives_way {
            flag.name = kebab(&flag.id());
        }
        if STANDARD.contains(&flag.name.as_str()) {
            flag.name = format!("request.{}", kebab(&flag.id()));
        }
    }
}
