//! `callplane schema`: what the embedded descriptors say, for people, programs and tests.

mod commands;
mod show;

use std::path::PathBuf;

use callplane_proto::descriptors;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;

use crate::{
    failure::Failure,
    output::{self, View},
    tree::comments,
};

pub fn command() -> Command {
    let name = Arg::new("@name")
        .value_name("NAME")
        .required(true)
        .help("A message, enum or method, such as Account or CallService/ListCalls");
    let out = Arg::new("@out").long("out").value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    Command::new("schema")
        .about("Show the API that this program was built with")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("list").about("List services and their methods"))
        .subcommand(Command::new("show").about("Describe a message, an enum or a method").arg(name))
        .subcommand(Command::new("commands").about("List every command with its flags"))
        .subcommand(
            Command::new("export").about("Write the descriptor set, for other gRPC tools").arg(out.help("Where to")),
        )
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("show", matches)) => show::run(matches),
        Some(("commands", matches)) => commands::run(matches),
        Some(("export", matches)) => export(matches),
        Some((_, matches)) => list(matches),
        None => Err(Failure::usage("schema: say list, show, commands or export")),
    }
}

fn list(matches: &ArgMatches) -> Result<(), Failure> {
    let view = View::of(matches);
    let services = descriptors::pool().services();
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>()).map(|method| {
        let scope = descriptors::policy(&method).map(|policy| policy.scope).unwrap_or_default();
        let name = format!("{}/{}", method.parent_service().full_name(), method.name());
        (name, scope, comments::headline(&comments::of_method(&method)).to_owned())
    });
    let mut methods: Vec<_> = methods.collect();
    methods.sort();
    if view.for_people() {
        return output::out(
            &methods.iter().map(|(name, scope, about)| format!("{name}  [{scope}]  {about}\n")).collect::<String>(),
        );
    }
    let methods: Vec<_> =
        methods.iter().map(|(name, scope, about)| json!({"method": name, "scope": scope, "about": about})).collect();
    output::document(&view, &json!({ "methods": methods }))
}

fn export(matches: &ArgMatches) -> Result<(), Failure> {
    let place = matches.get_one::<PathBuf>("@out").cloned().unwrap_or_default();
    std::fs::write(&place, descriptors::ENCODED)
        .map_err(|error| Failure::other(format!("{}: {error}", place.display())))
}
