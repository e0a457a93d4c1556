//! Every generated command with its flags: what a golden file compares, and what the test of all commands fills in.

use clap::ArgMatches;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    flags::{Flag, Many, walk},
    output::{self, View},
    tree::{self, Noun, Operation, comments},
};

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let view = View::of(matches);
    let nouns = tree::nouns();
    if view.for_people() {
        return output::out(&nouns.iter().map(in_words).collect::<String>());
    }
    let all: Vec<Value> = nouns
        .iter()
        .flat_map(|noun| noun.operations().into_iter().map(|operation| in_json(noun, &operation)).collect::<Vec<_>>())
        .collect();
    output::document(&view, &json!({ "commands": all }))
}

fn in_words(noun: &Noun) -> String {
    let mut text = String::new();
    for operation in noun.operations() {
        text.push_str(&format!("callplane {} {}", noun.name, operation.name));
        let flags = walk::flags(&operation);
        places(&flags).iter().for_each(|flag| text.push_str(&format!(" {}", flag.shown())));
        text.push_str(&format!("  # {}\n", operation.method.name()));
        for flag in flags.iter().filter(|flag| flag.place.is_none()) {
            text.push_str(&format!("    --{} {}{}\n", flag.name, flag.value_name(), remarks(flag)));
        }
        offers(&operation).iter().for_each(|offer| text.push_str(&format!("    {offer}\n")));
    }
    text
}

fn places(flags: &[Flag]) -> Vec<&Flag> {
    let mut places: Vec<&Flag> = flags.iter().filter(|flag| flag.place.is_some()).collect();
    places.sort_by_key(|flag| flag.place);
    places
}

fn remarks(flag: &Flag) -> String {
    let mut remarks = Vec::new();
    match flag.many {
        Many::One => {}
        Many::List => remarks.push("list".to_owned()),
        Many::Map => remarks.push("map".to_owned()),
    }
    let choices = flag.kind.choices();
    if !choices.is_empty() {
        remarks.push(choices.join("|"));
    }
    if flag.required {
        remarks.push("required".to_owned());
    }
    if let Some(oneof) = flag.choice() {
        remarks.push(format!("one of {oneof}"));
    }
    if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join("; ")) }
}

fn offers(operation: &Operation) -> Vec<&'static str> {
    let mut offers = Vec::new();
    let mut add = |there: bool, offer: &'static str| {
        if there {
            offers.push(offer);
        }
    };
    add(operation.takes("page_token"), "--all --limit N");
    add(operation.takes("update_mask"), "--clear FIELD");
    add(operation.takes("validate_only"), "--dry-run");
    add(operation.cli.wait.is_some(), "--wait[=DURATION]");
    add(!operation.cli.confirm.is_empty(), "--yes");
    offers
}

fn in_json(noun: &Noun, operation: &Operation) -> Value {
    let flags = walk::flags(operation);
    let flags: Vec<Value> = flags.iter().map(|flag| flag_in_json(flag, &flags)).collect();
    json!({
        "noun": noun.name,
        "command": operation.name,
        "method": operation.path(),
        "about": comments::headline(&operation.about()),
        "read": operation.is_read(),
        "streams": operation.method.is_server_streaming(),
        "confirms": !operation.cli.confirm.is_empty(),
        "waits": operation.cli.wait.is_some(),
        "dry_run": operation.takes("validate_only"),
        "flags": flags,
    })
}

fn flag_in_json(flag: &Flag, all: &[Flag]) -> Value {
    let excludes: Vec<String> = all.iter().filter(|other| flag.excludes(other)).map(Flag::id).collect();
    json!({
        "name": flag.name,
        "path": flag.id(),
        "place": flag.place,
        "kind": flag.kind.word(),
        "many": match flag.many { Many::One => "one", Many::List => "list", Many::Map => "map" },
        "choices": flag.kind.choices(),
        "required": flag.required,
        "excludes": excludes,
        "about": comments::headline(&comments::of_field(flag.field())),
    })
}
