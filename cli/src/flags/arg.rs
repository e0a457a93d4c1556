//! Flags as clap arguments. clap checks what it can on its own: choices, exclusion, presence.

use clap::{Arg, ArgAction, ValueHint, builder::PossibleValue};

use super::{Flag, Kind, Many};
use crate::tree::comments;

/// Arguments that make every field optional: the request comes from elsewhere, or is not sent.
const SUBSTITUTES: [&str; 2] = ["@request", "@template"];

/// The id of the flag that a place among the arguments may also be filled by.
pub fn by_name(id: &str) -> String {
    format!("{id}#flag")
}

/// The arguments of a command's fields.
pub fn args(flags: &[Flag]) -> Vec<Arg> {
    flags.iter().flat_map(|flag| of(flag, flags)).collect()
}

fn of(flag: &Flag, all: &[Flag]) -> Vec<Arg> {
    let rivals = all.iter().filter(|other| flag.excludes(other)).map(Flag::id);
    let arg = base(flag, flag.id()).conflicts_with_all(rivals);
    let Some(place) = flag.place else {
        let arg = arg.long(flag.name.clone()).help_heading(heading(flag)).hide_short_help(flag.minor);
        return vec![if flag.required { arg.required_unless_present_any(SUBSTITUTES) } else { arg }];
    };
    let long = by_name(&flag.id());
    let named = base(flag, long.clone()).long(flag.name.clone()).hide(true).conflicts_with(flag.id());
    let arg = arg.index(place);
    let arg = if flag.many == Many::List { arg.num_args(1..) } else { arg.num_args(1) };
    let arg = if flag.required {
        arg.required_unless_present_any(SUBSTITUTES.map(String::from).into_iter().chain([long]))
    } else {
        arg
    };
    vec![arg, named]
}

fn base(flag: &Flag, id: String) -> Arg {
    let about = about(flag);
    let headline = comments::headline(&about);
    let needed = if flag.required { " [required]" } else { "" };
    let arg = Arg::new(id)
        .value_name(flag.value_name())
        .help(format!("{headline}{needed}"))
        .long_help(format!("{about}{needed}"))
        .action(if flag.many == Many::One { ArgAction::Set } else { ArgAction::Append });
    let arg = match &flag.kind {
        Kind::Choice(_) if flag.many != Many::Map => choices(arg, flag),
        Kind::Switch if flag.many == Many::One && flag.place.is_none() => {
            arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_parser(["true", "false"])
        }
        Kind::Secret => arg.value_hint(ValueHint::FilePath),
        Kind::Time | Kind::Duration | Kind::Integer | Kind::Decimal => arg.allow_hyphen_values(true),
        _ => arg,
    };
    let deprecated = flag.field().field_descriptor_proto().options.as_ref().is_some_and(|options| options.deprecated());
    arg.hide(deprecated)
}

fn choices(arg: Arg, flag: &Flag) -> Arg {
    let Kind::Choice(choices) = &flag.kind else { return arg };
    let values = choices.values().filter(|value| value.number() != 0);
    let words = values.zip(flag.kind.choices()).map(|(value, word)| {
        let about = comments::of_enum_value(&value);
        // The names of the proto and of JSON are taken as well.
        let spelt = [value.name().to_owned(), word.replace('-', "_")];
        PossibleValue::new(word).aliases(spelt).help(comments::headline(&about).to_owned())
    });
    let arg = arg.value_parser(clap::builder::PossibleValuesParser::new(words)).ignore_case(true);
    if flag.many == Many::List { arg.value_delimiter(',') } else { arg }
}

fn heading(flag: &Flag) -> String {
    match flag.choice() {
        Some(oneof) => format!("One of ({oneof})"),
        None => "Fields".to_owned(),
    }
}

/// The comment of the field, and how to write it where that is not plain.
fn about(flag: &Flag) -> String {
    let mut text = comments::of_field(flag.field());
    let how = match (&flag.kind, flag.many) {
        (_, Many::Map) => "Give it as KEY=VALUE, once for each key.",
        (Kind::Secret, _) => {
            "Never given as a value: name a file, `-` for standard input (asked without echo at a terminal), or `env:NAME`."
        }
        (Kind::Json, Many::List) => "JSON, @FILE or - for each, or one JSON list; `--template` shows the shape.",
        (Kind::Json, _) => "The whole message as JSON, @FILE or -; `--template` shows the shape.",
        (Kind::Time, _) => "RFC 3339 such as 2026-03-29T01:30:00Z, or `now`, `-2h`, `+30m`.",
        (Kind::Duration, _) => "Such as 90s, 25m or 1h30m.",
        (Kind::Bytes, _) => "Base64, or @FILE for the bytes of a file.",
        (Kind::Choice(_), Many::List) => "Repeat it, or separate by commas.",
        (_, Many::List) => "Repeat it for more than one.",
        _ => "",
    };
    if !how.is_empty() {
        text.push('\n');
        text.push_str(how);
    }
    if flag.masked && flag.path.len() > 2 {
        text.push_str(&format!("\nAn update replaces `{}` whole: give all of it.", flag.path[1].name()));
    }
    text
}
