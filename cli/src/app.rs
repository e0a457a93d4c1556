//! The command line as clap sees it, and where each command goes. Only the chosen command is built whole: the rest of
//! the tree would cost the start-up budget.

pub mod help;

use clap::{Arg, ArgMatches, Command};

use crate::{
    api, completion, doctor, exit,
    failure::Failure,
    flags::{Flag, arg, walk},
    man, profile, run, schema, simulate, standard,
    tree::{self, Noun, Operation, comments},
};

/// How much of the tree to build.
pub enum Extent<'a> {
    /// The command that these two words name.
    Chosen { noun: &'a str, command: &'a str },
    /// Everything, for completion and manual pages.
    Whole,
}

const ABOUT: &str = "Controls Callplane: Twilio accounts, numbers, agents, route plans and calls";

/// The whole program.
pub fn command(extent: &Extent) -> Command {
    let mut command = Command::new("callplane")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(format!("{}\n{}", help::START, exit::HELP))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .propagate_version(true)
        .max_term_width(110)
        .args(standard::global());
    for noun in tree::nouns() {
        command = command.subcommand(of_noun(&noun, extent));
    }
    for own in own_commands() {
        command = command.subcommand(own.display_order(1000));
    }
    command
}

/// The commands that are written by hand.
pub fn own_commands() -> [Command; 7] {
    [
        doctor::command(),
        simulate::command(),
        profile::command::command(),
        api::command(),
        schema::command(),
        completion::command(),
        man::command(),
    ]
}

fn of_noun(noun: &Noun, extent: &Extent) -> Command {
    let command = Command::new(noun.name.clone())
        .about(noun.about.clone())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true);
    let wanted = match extent {
        Extent::Chosen { noun: wanted, .. } => *wanted == noun.name,
        Extent::Whole => true,
    };
    if !wanted {
        return command;
    }
    noun.operations()
        .iter()
        .fold(command, |command, operation| command.subcommand(of_operation(&noun.name, operation, extent)))
}

fn of_operation(noun: &str, operation: &Operation, extent: &Extent) -> Command {
    let about = operation.about();
    let command = Command::new(operation.name.clone()).about(comments::headline(&about).to_owned()).long_about(about);
    match extent {
        Extent::Chosen { command: wanted, .. } if *wanted != operation.name => command,
        _ => {
            let flags = walk::flags(operation);
            with_flags(command, operation, &flags).override_usage(help::usage(noun, operation, &flags))
        }
    }
}

fn with_flags(command: Command, operation: &Operation, flags: &[Flag]) -> Command {
    standard::for_operation(command.args(arg::args(flags)), operation, flags).after_help(help::after(operation))
}

/// Runs what was asked for.
pub fn dispatch(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, inner)) = matches.subcommand() else { return Err(Failure::usage("no command given")) };
    match name {
        "doctor" => doctor::run(inner),
        "simulate" => simulate::run(inner),
        "profile" => profile::command::run(inner),
        "api" => api::run(inner),
        "schema" => schema::run(inner),
        "completion" => completion::run(inner),
        "man" => man::run(inner),
        noun => {
            let (command, inner) = inner.subcommand().ok_or_else(|| Failure::usage("no command given"))?;
            run::generated(&operation(noun, command)?, inner)
        }
    }
}

fn operation(noun: &str, command: &str) -> Result<Operation, Failure> {
    let noun_found = tree::nouns().into_iter().find(|known| known.name == noun);
    let found = noun_found.and_then(|noun| noun.operations().into_iter().find(|known| known.name == command));
    found.ok_or_else(|| Failure::usage(format!("no command {noun} {command}")))
}

/// The first two words of the command line that are no flags and no values of the flags before them.
pub fn chosen(arguments: &[String]) -> (String, String) {
    let with_value: Vec<String> =
        standard::global().iter().filter(|arg| arg.get_action().takes_values()).flat_map(names).collect();
    let mut words = Vec::new();
    let mut arguments = arguments.iter().skip(1);
    while let Some(argument) = arguments.next() {
        if with_value.contains(argument) {
            arguments.next();
        } else if !argument.starts_with('-') {
            words.push(argument.clone());
        }
        if words.len() == 2 {
            break;
        }
    }
    let mut words = words.into_iter();
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

fn names(arg: &Arg) -> Vec<String> {
    let long = arg.get_long().map(|name| format!("--{name}"));
    let short = arg.get_short().map(|name| format!("-{name}"));
    long.into_iter().chain(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> (String, String) {
        chosen(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_chosen_command_is_found_behind_flags() {
        assert_eq!(words("callplane -o json call list --all"), ("call".into(), "list".into()));
        assert_eq!(words("callplane --address=http://x call --workspace w list"), ("call".into(), "list".into()));
        assert_eq!(words("callplane --help"), (String::new(), String::new()));
    }

    #[test]
    fn clap_finds_nothing_wrong_with_the_whole_tree() {
        command(&Extent::Whole).debug_assert();
    }
}
