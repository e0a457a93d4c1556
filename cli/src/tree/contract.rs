//! What the options of the protos promise to the command line: every path they name exists, every example is a command.

use callplane_proto::options::v1 as options;
use prost_reflect::{Kind as Type, MessageDescriptor};

use super::{Operation, find_method, nouns};
use crate::{app, flags::walk::flags, output::Shape, output::cell};

fn operations() -> Vec<Operation> {
    nouns().iter().flat_map(|noun| noun.operations()).collect()
}

#[test]
fn arguments_and_flattened_messages_are_fields_of_the_request() {
    for operation in operations() {
        let input = operation.method.input();
        for path in operation.cli.positional.iter().chain(&operation.cli.flatten) {
            assert!(cell::exists(&input, path), "{}: no {path}", operation.path());
        }
    }
}

#[test]
fn an_argument_that_may_be_left_out_stands_behind_all_that_may_not() {
    for operation in operations() {
        let mut places = flags(&operation);
        places.retain(|flag| flag.place.is_some());
        places.sort_by_key(|flag| flag.place);
        assert!(places.is_sorted_by_key(|flag| !flag.required), "{}", operation.path());
    }
}

#[test]
fn columns_are_fields_of_their_row() {
    for operation in operations() {
        let Some(table) = &operation.cli.table else { continue };
        let rows = Shape::of(&operation).rows.unwrap_or_else(|| panic!("{}: no rows", operation.path()));
        let Type::Message(row) = rows.kind() else { panic!("{}: rows are no messages", operation.path()) };
        for column in &table.columns {
            assert!(cell::exists(&row, &column.path), "{}: no column {}", operation.path(), column.path);
        }
    }
}

#[test]
fn verdicts_are_bools_of_the_reply() {
    for operation in operations().iter().filter(|operation| !operation.cli.verdict.is_empty()) {
        let field = operation.method.output().get_field_by_name(&operation.cli.verdict);
        assert!(field.is_some_and(|field| field.kind() == Type::Bool), "{}", operation.path());
    }
}

#[test]
fn questions_name_fields_of_the_request() {
    for operation in operations() {
        for part in operation.cli.confirm.split('{').skip(1) {
            let path = part.split('}').next().unwrap_or_default();
            assert!(cell::exists(&operation.method.input(), path), "{}: no {path}", operation.path());
        }
    }
}

#[test]
fn waits_read_a_state_that_can_end_them() {
    for operation in operations() {
        let Some(wait) = &operation.cli.wait else { continue };
        let get =
            find_method(&wait.get_method).unwrap_or_else(|| panic!("{}: no {}", operation.path(), wait.get_method));
        assert!(
            cell::exists(&operation.method.output(), &wait.from_path),
            "{}: no {}",
            operation.path(),
            wait.from_path
        );
        assert!(cell::exists(&get.input(), &wait.to_path), "{}: no {}", operation.path(), wait.to_path);
        let states = states(&get.output(), wait);
        assert!(
            !wait.success.is_empty() && !wait.failure.is_empty(),
            "{}: a wait ends well or badly",
            operation.path()
        );
        for state in wait.success.iter().chain(&wait.failure) {
            assert!(states.contains(state), "{}: no state {state}", operation.path());
        }
    }
}

fn states(output: &MessageDescriptor, wait: &options::Wait) -> Vec<String> {
    let (above, last) = wait.state_path.rsplit_once('.').unwrap_or(("", &wait.state_path));
    let holder = above.split('.').filter(|name| !name.is_empty()).fold(output.clone(), |message, name| {
        match message.get_field_by_name(name).map(|field| field.kind()) {
            Some(Type::Message(inner)) => inner,
            _ => panic!("{}: no message {name}", wait.get_method),
        }
    });
    match holder.get_field_by_name(last).map(|field| field.kind()) {
        Some(Type::Enum(choices)) => choices.values().map(|value| value.name().to_owned()).collect(),
        _ => panic!("{}: {last} is no enum", wait.get_method),
    }
}

#[test]
fn every_example_is_a_command_that_parses() {
    for operation in operations() {
        for example in &operation.cli.examples {
            let words = example.split(' ').map(|word| word.trim_matches('\''));
            let parsed = app::command(&app::Extent::Whole).try_get_matches_from(words);
            assert!(parsed.is_ok(), "{example}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
        }
    }
}
