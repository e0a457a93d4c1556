//! Updates: only what the mask names is checked, because the rest is not looked at; and the mask may name only what is
//! there and may be changed.

use callplane_proto::descriptors;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};

use super::walk::Finding;
use crate::domain::error::Violation;

const MASK: &str = "update_mask";
const PATH_SHOWN: usize = 80;

/// Which fields of a request hold the mask and the resource.
#[derive(Debug)]
pub(super) struct Update {
    mask: FieldDescriptor,
    resource: FieldDescriptor,
}

impl Update {
    /// Of a request that has an update mask.
    pub(super) fn of(request: &MessageDescriptor) -> Result<Option<Self>, &'static str> {
        let Some(mask) = request.get_field_by_name(MASK) else { return Ok(None) };
        let is_resource = |field: &FieldDescriptor| {
            let kind = field.kind();
            let message = kind.as_message().filter(|message| !message.full_name().starts_with("google.protobuf."));
            message.is_some() && !field.is_list() && !field.is_map()
        };
        let mut resources = request.fields().filter(is_resource);
        match (resources.next(), resources.next()) {
            (Some(resource), None) => Ok(Some(Self { mask, resource })),
            _ => Err("a request with an update mask has exactly one resource"),
        }
    }
}

/// Keeps what counts for the fields that are to be changed, and adds what is wrong with the mask.
pub(super) fn apply(update: &Update, request: &DynamicMessage, findings: Vec<Finding>) -> Vec<Violation> {
    let paths = paths(update, request);
    let resource = format!("{}.", update.resource.name());
    let counts = |path: &str| path.strip_prefix(&resource).is_none_or(|inner| named(&paths, &plain(inner)));
    let kept = findings.into_iter().filter(|f| counts(&f.path) || f.members.iter().any(|member| counts(member)));
    let mut violations: Vec<_> = kept.map(Finding::into_violation).collect();
    violations.extend(wrong(update, request, &paths));
    violations
}

fn paths(update: &Update, request: &DynamicMessage) -> Vec<String> {
    let mask = request.get_field(&update.mask);
    let paths = mask.as_message().and_then(|mask| mask.get_field_by_name("paths").map(|paths| paths.into_owned()));
    let paths = paths.as_ref().and_then(|paths| paths.as_list()).unwrap_or_default();
    paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
}

/// `rules[0].targets[1].weight` as a mask would write it.
fn plain(path: &str) -> String {
    let mut depth = 0;
    let outside = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    path.chars().filter(outside).collect()
}

fn named(paths: &[String], field: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    paths.iter().any(|path| within(field, path) || within(path, field))
}

fn wrong(update: &Update, request: &DynamicMessage, paths: &[String]) -> Vec<Violation> {
    let violation = |field: String, description: String| Violation { field, description };
    if paths.is_empty() && request.has_field(&update.mask) {
        return vec![violation(MASK.to_owned(), "name at least one field to change".to_owned())];
    }
    let kind = update.resource.kind();
    let resource = kind.as_message().expect("chosen because it is one");
    let each = paths.iter().enumerate();
    each.filter_map(|(index, path)| {
        let complaint = complaint(resource, path)?;
        Some(violation(format!("{MASK}.paths[{index}]"), complaint))
    })
    .collect()
}

fn complaint(resource: &MessageDescriptor, path: &str) -> Option<String> {
    if path == "*" {
        return Some("name the fields to change; `*` is not taken".to_owned());
    }
    let is_plain =
        path.len() <= PATH_SHOWN && path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    if !is_plain {
        return Some("expected the path of a field, such as `display_name`".to_owned());
    }
    let mut message = Some(resource.clone());
    for name in path.split('.') {
        let field = message.as_ref().and_then(|message| message.get_field_by_name(name));
        let Some(field) = field else { return Some(format!("there is no field `{path}` to change")) };
        let cli = descriptors::field_cli(&field);
        if cli.output_only {
            return Some(format!("`{path}` is set by the server"));
        }
        if cli.immutable {
            return Some(format!("`{path}` cannot be changed after creation"));
        }
        message = match field.kind() {
            Kind::Message(inner) if !field.is_list() && !field.is_map() => Some(inner),
            _ => None,
        };
    }
    None
}
