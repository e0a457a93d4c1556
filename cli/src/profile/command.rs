//! `callplane profile set|list|use|show|delete`.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::{Profile, file};
use crate::{
    failure::Failure,
    output::{self, View},
};

pub fn command() -> Command {
    let name = || Arg::new("@name").value_name("NAME").required(true).help("The profile");
    Command::new("profile")
        .about("Named servers to call: address, workspace and files")
        .long_about("Named servers to call, kept in ~/.config/callplane/config.toml (or where CALLPLANE_CLI_CONFIG says).\nA flag is stronger than the environment, and both than the profile. Tokens stay in files of their own.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(settings(Command::new("set").about("Make a profile, or change what is given; the first one becomes current").arg(name())))
        .subcommand(Command::new("list").about("List the profiles"))
        .subcommand(Command::new("use").about("Make a profile the current one").arg(name()))
        .subcommand(Command::new("delete").about("Forget a profile; files it names stay").arg(name()))
}

/// The values are written to a file here, so these flags mean something else than the ones every command has.
fn settings(command: Command) -> Command {
    let file = |id: &'static str, name: &'static str, help: &'static str| {
        Arg::new(id).long(name).value_name("FILE").help(help)
    };
    command
        .arg(file("@ca-file", "ca-file", "Trust this CA (PEM) instead of the system's"))
        .arg(file("@cert-file", "cert-file", "Show this client certificate (PEM)"))
        .arg(file("@key-file", "key-file", "The key of the client certificate (PEM)"))
        .after_help("Give --address, --workspace and --token-file too; they are kept in the profile.\n\nExamples:\n    callplane profile set prod --address https://plane.example.com --token-file ~/.callplane/prod.token\n    callplane profile use prod")
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("set", matches)) => set(matches),
        Some(("use", matches)) => choose(matches),
        Some(("delete", matches)) => delete(matches),
        Some((_, matches)) => list(matches),
        None => Err(Failure::usage("profile: say set, list, use or delete")),
    }
}

fn name(matches: &ArgMatches) -> String {
    matches.get_one::<String>("@name").cloned().unwrap_or_default()
}

fn set(matches: &ArgMatches) -> Result<(), Failure> {
    let mut file = file::read()?;
    let name = name(matches);
    let profile = file.profiles.entry(name.clone()).or_default();
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    // Relative paths would mean another file from another folder.
    let path = |id: &str| text(id).map(|file| std::path::absolute(&file).unwrap_or(PathBuf::from(file)));
    let Profile { address, workspace, token_file, ca_file, cert_file, key_file } = profile;
    for (kept, given) in [(address, text("@address")), (workspace, text("@workspace"))] {
        *kept = given.or(kept.take());
    }
    let files =
        [(token_file, "@token-file"), (ca_file, "@ca-file"), (cert_file, "@cert-file"), (key_file, "@key-file")];
    for (kept, id) in files {
        *kept = path(id).or(kept.take());
    }
    file.current.get_or_insert(name.clone());
    let place = file::write(&file)?;
    eprintln!("profile {name} is in {}", place.display());
    Ok(())
}

fn choose(matches: &ArgMatches) -> Result<(), Failure> {
    let mut file = file::read()?;
    let name = name(matches);
    if !file.profiles.contains_key(&name) {
        return Err(Failure::usage(format!("no profile {name}; `callplane profile list` shows what there is")));
    }
    file.current = Some(name);
    file::write(&file).map(drop)
}

fn delete(matches: &ArgMatches) -> Result<(), Failure> {
    let mut file = file::read()?;
    let name = name(matches);
    if file.profiles.remove(&name).is_none() {
        return Err(Failure::usage(format!("no profile {name}; `callplane profile list` shows what there is")));
    }
    file.current = file.current.filter(|current| *current != name);
    file::write(&file).map(drop)
}

fn list(matches: &ArgMatches) -> Result<(), Failure> {
    let file = file::read()?;
    let view = View::of(matches);
    let current = |name: &str| file.current.as_deref() == Some(name);
    if view.for_people() {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let rows = file.profiles.iter().map(|(name, profile)| {
            let mark = if current(name) { "*" } else { "-" };
            format!("{mark}  {name}  {}  {}\n", shown(&profile.address), shown(&profile.workspace))
        });
        return output::out(&rows.collect::<String>());
    }
    let rows: Vec<_> = file
        .profiles
        .iter()
        .map(|(name, profile)| json!({"name": name, "current": current(name), "profile": profile}))
        .collect();
    output::document(&view, &json!({"profiles": rows}))
}
