//! `callplane completion SHELL`, and the answers to a shell that asks for completions.

use clap::{Arg, ArgMatches, Command};
use clap_complete::{CompleteEnv, env::Shells};

use crate::{app, failure::Failure, output};

const VARIABLE: &str = "CALLPLANE_COMPLETE";

/// Answers the shell and ends the program, if it is the shell that asks.
pub fn answer() {
    CompleteEnv::with_factory(|| app::command(&app::Extent::Whole)).var(VARIABLE).complete();
}

pub fn command() -> Command {
    Command::new("completion")
        .about("Completion of commands, flags and values for bash, zsh and fish")
        .arg(Arg::new("@shell").value_name("SHELL").required(true).value_parser(["bash", "zsh", "fish"]).help("The shell"))
        .after_help("The script asks this program, so that it never goes stale. Load it where the shell starts:\n    bash: source <(callplane completion bash)       in ~/.bashrc\n    zsh:  source <(callplane completion zsh)        in ~/.zshrc\n    fish: callplane completion fish | source        in ~/.config/fish/config.fish")
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = matches.get_one::<String>("@shell").cloned().unwrap_or_default();
    let shells = Shells::builtins();
    let shell = shells.completer(&shell).ok_or_else(|| Failure::usage(format!("no completion for {shell}")))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "callplane", "callplane", "callplane", &mut script)?;
    output::out(&String::from_utf8_lossy(&script))
}
