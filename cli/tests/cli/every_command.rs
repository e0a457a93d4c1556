//! Every generated command runs once with all its flags, and each of them reaches the server.

use std::collections::HashSet;

use prost_reflect::{DynamicMessage, ReflectMessage};
use serde_json::Value;

use crate::{bench::Bench, plane::Plane};

fn commands() -> Vec<Value> {
    let listed = Bench::alone().run(&["schema", "commands", "-o", "json"]).json();
    listed["commands"].as_array().expect("a list").clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

fn flags(command: &Value) -> &[Value] {
    command["flags"].as_array().expect("a list")
}

#[test]
fn every_command_runs_and_every_flag_reaches_the_server() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let secret = bench.file("secret", "0123456789abcdef0123456789abcdef");
    let commands = commands();
    assert!(commands.len() > 40, "the API has more commands than {}", commands.len());
    for command in &commands {
        for backwards in [false, true] {
            let used = compatible(flags(command), backwards);
            let arguments = arguments(command, &used, &secret);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let run = bench.run(&arguments);
            assert_eq!(run.code, 0, "{arguments:?}: {}", run.err);
            assert!(
                !run.out.is_empty() || text(command, "command").contains("delete"),
                "{arguments:?} printed nothing"
            );
            let seen = plane.seen().pop().expect("a call");
            assert_eq!(seen.method, text(command, "method"));
            used.iter().for_each(|flag| assert!(reaches(&seen.request, text(flag, "path")), "{arguments:?}: {flag}"));
        }
    }
}

/// All flags that go together: of a oneof one member, of a message its fields rather than its JSON.
fn compatible(flags: &[Value], backwards: bool) -> Vec<Value> {
    let mut flags: Vec<Value> = flags.to_vec();
    if backwards {
        flags.reverse();
    }
    let mut out = HashSet::new();
    let mut used = Vec::new();
    for flag in &flags {
        let path = text(flag, "path");
        let inside = format!("{path}.");
        let has_fields = flags.iter().any(|other| text(other, "path").starts_with(&inside));
        if has_fields || out.contains(path) {
            continue;
        }
        flag["excludes"].as_array().expect("a list").iter().for_each(|other| {
            out.insert(other.as_str().expect("a path").to_owned());
        });
        used.push(flag.clone());
    }
    used
}

fn arguments(command: &Value, used: &[Value], secret: &str) -> Vec<String> {
    let mut line = vec![text(command, "noun").to_owned(), text(command, "command").to_owned()];
    let mut places: Vec<&Value> = used.iter().filter(|flag| !flag["place"].is_null()).collect();
    places.sort_by_key(|flag| flag["place"].as_u64());
    line.extend(places.iter().map(|flag| sample(flag, secret)));
    for flag in used.iter().filter(|flag| flag["place"].is_null()) {
        line.push(format!("--{}={}", text(flag, "name"), sample(flag, secret)));
    }
    if command["confirms"] == true {
        line.push("--yes".to_owned());
    }
    if command["streams"] == true {
        line.extend(["--limit".to_owned(), "1".to_owned()]);
    }
    line
}

fn sample(flag: &Value, secret: &str) -> String {
    let value = match text(flag, "kind") {
        "integer" | "decimal" => "7",
        "switch" => "true",
        "choice" => flag["choices"][0].as_str().expect("a choice"),
        "time" => "-2h",
        "duration" => "1m30s",
        "bytes" => "AQID",
        "json" => "{}",
        "secret-file" => secret,
        _ => "text",
    };
    if flag["many"] == "map" { format!("key={value}") } else { value.to_owned() }
}

fn reaches(message: &DynamicMessage, path: &str) -> bool {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = message.descriptor().get_field_by_name(name).expect("a field of the message");
    if !message.has_field(&field) {
        return false;
    }
    rest.is_empty() || message.get_field(&field).as_message().is_some_and(|inner| reaches(inner, rest))
}

#[test]
fn every_command_has_help_that_says_what_it_and_its_flags_do() {
    for command in commands() {
        let name = format!("{} {}", text(&command, "noun"), text(&command, "command"));
        assert!(text(&command, "about").len() > 8, "{name} has no help");
        for flag in flags(&command) {
            assert!(!text(flag, "about").is_empty(), "{name} --{} has no help", text(flag, "name"));
        }
        let help = Bench::alone().run(&[text(&command, "noun"), text(&command, "command"), "--help"]).good();
        assert!(help.contains("Usage: callplane"), "{help}");
    }
}

#[test]
fn no_two_commands_and_no_two_flags_clash() {
    let mut names = HashSet::new();
    for command in commands() {
        let name = format!("{} {}", text(&command, "noun"), text(&command, "command"));
        assert!(names.insert(name.clone()), "two commands {name}");
        let mut own = HashSet::new();
        for flag in flags(&command) {
            assert!(own.insert(text(flag, "name").to_owned()), "{name} has two flags {}", text(flag, "name"));
        }
    }
}

#[test]
fn an_updates_mask_names_what_was_used_and_nothing_else() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let secret = bench.file("secret", "sesame");
    for command in commands().iter().filter(|command| command["command"] == "update") {
        let used = compatible(flags(command), false);
        let line = arguments(command, &used, &secret);
        bench.run(&line.iter().map(String::as_str).collect::<Vec<_>>()).good();
        let seen = plane.seen().pop().expect("a call").request;
        let mask = serde_json::to_value(&seen).expect("JSON")["updateMask"].clone();
        let mut expected = Vec::new();
        for flag in used.iter().filter(|flag| flag["place"].is_null()) {
            if let Some(field) = text(flag, "path").split('.').nth(1) {
                let field = camel(field);
                if !expected.contains(&field) {
                    expected.push(field);
                }
            }
        }
        let mut got: Vec<String> = mask.as_str().expect("a mask").split(',').map(str::to_owned).collect();
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{line:?}");
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| out + &word[..1].to_uppercase() + &word[1..])
}
