//! Comments of the protos as help texts. Lines that were wrapped in the source are joined again.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use prost_reflect::{EnumValueDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor};

type Index = HashMap<Vec<i32>, String>;

/// One index a file, made when its first comment is asked for: a search per comment would cost the start-up budget.
static FILES: LazyLock<Mutex<HashMap<String, Arc<Index>>>> = LazyLock::new(Mutex::default);

pub fn of_method(method: &MethodDescriptor) -> String {
    at(&method.parent_file(), method.path())
}

pub fn of_message(message: &MessageDescriptor) -> String {
    at(&message.parent_file(), message.path())
}

pub fn of_field(field: &FieldDescriptor) -> String {
    at(&field.parent_file(), field.path())
}

pub fn of_enum_value(value: &EnumValueDescriptor) -> String {
    at(&value.parent_enum().parent_file(), value.path())
}

/// The first sentence, without its full stop: clap's habit for short help.
pub fn headline(text: &str) -> &str {
    let first = text.split("\n").next().unwrap_or_default();
    match first.find(". ") {
        Some(end) => &first[..end],
        None => first.strip_suffix('.').unwrap_or(first),
    }
}

fn at(file: &FileDescriptor, path: &[i32]) -> String {
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let index = files.entry(file.name().to_owned()).or_insert_with(|| Arc::new(index(file)));
    index.get(path).cloned().unwrap_or_default()
}

fn index(file: &FileDescriptor) -> Index {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    info.map(|info| info.location.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|place| Some((place.path.clone(), unwrap_lines(place.leading_comments.as_deref()?))))
        .collect()
}

fn unwrap_lines(comment: &str) -> String {
    let mut text = String::with_capacity(comment.len());
    for line in comment.lines().map(str::trim) {
        if line.is_empty() {
            text.push('\n');
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_become_one_paragraph() {
        assert_eq!(unwrap_lines(" Stores it.\n At once.\n\n Really.\n"), "Stores it. At once.\nReally.");
    }

    #[test]
    fn the_headline_is_the_first_sentence() {
        assert_eq!(headline("Stores it. At once."), "Stores it");
        assert_eq!(headline("Reads `a.b` of it."), "Reads `a.b` of it");
    }
}
