//! The flags every command has, and those that commands have by what their method offers.

use clap::{Arg, ArgAction, Command};

use crate::{request::mask, tree::Operation};

const CONNECTION: &str = "Connection";
const OUTPUT: &str = "Output";
const REQUEST: &str = "Request";

/// Flags of the whole program; ids start with `@` so that no field can have the same.
pub fn global() -> Vec<Arg> {
    let text = |name: &'static str, value: &'static str| {
        Arg::new(format!("@{name}")).long(name).value_name(value).global(true)
    };
    let connection = |name, value| text(name, value).help_heading(CONNECTION).hide_short_help(true);
    let output = |name, value| text(name, value).help_heading(OUTPUT);
    vec![
        connection("address", "URL")
            .help("Where the control plane is [env: CALLPLANE_ADDRESS] [default: http://127.0.0.1:7420]"),
        connection("token-file", "FILE")
            .help("Read the token from this file, - or env:NAME [env: CALLPLANE_TOKEN, CALLPLANE_TOKEN_FILE]"),
        connection("workspace", "ID").help("The workspace to act in, for operator tokens [env: CALLPLANE_WORKSPACE]"),
        connection("profile", "NAME").help("A named server, see `callplane profile` [env: CALLPLANE_CLI_PROFILE]"),
        connection("timeout", "DURATION").help("Give up after so long; streams go on [default: 30s]"),
        output("output", "FORMAT")
            .short('o')
            .value_parser(["table", "wide", "json", "jsonl", "yaml"])
            .help("How results are shown [default: table]"),
        output("columns", "PATHS")
            .value_delimiter(',')
            .help("Show these fields in the table, such as id,decision.rule"),
        output("error-format", "FORMAT")
            .value_parser(["text", "json"])
            .hide_short_help(true)
            .help("How errors are shown on standard error [default: text]"),
        Arg::new("@help")
            .short('h')
            .long("help")
            .global(true)
            .action(ArgAction::Help)
            .help_heading("Other")
            .help("Show help; -h shows less"),
        Arg::new("@version")
            .short('V')
            .long("version")
            .global(true)
            .hide_short_help(true)
            .action(ArgAction::Version)
            .help_heading("Other")
            .help("Show the version"),
    ]
}

/// Adds what the method makes sense of. What it does not is still taken, to be refused with the reason.
pub fn for_operation(command: Command, operation: &Operation, flags: &[crate::flags::Flag]) -> Command {
    let switch =
        |name: &'static str| Arg::new(format!("@{name}")).long(name).action(ArgAction::SetTrue).help_heading(REQUEST);
    let paged = operation.takes("page_token");
    let streams = operation.method.is_server_streaming();
    let mut command = command
        .arg(request())
        .arg(
            switch("template")
                .help("Print a filled-in request to edit and give back by --request @FILE; sends nothing"),
        )
        .arg(
            switch("dry-run")
                .hide(!operation.takes("validate_only"))
                .help("Check everything and say what would happen, but change nothing"),
        )
        .arg(switch("yes").short('y').hide(operation.cli.confirm.is_empty()).help("Do not ask for confirmation"));
    if paged {
        command = command.arg(switch("all").conflicts_with("page_token").help("Fetch every page"));
    }
    if paged || streams {
        let limit = Arg::new("@limit").long("limit").value_name("N").value_parser(clap::value_parser!(u64).range(1..));
        command = command.arg(limit.help_heading(REQUEST).help("Stop after so many rows"));
    }
    if operation.cli.wait.is_some() {
        command = command.arg(wait(operation));
    }
    let clearable = mask::clearable(flags);
    if !clearable.is_empty() {
        let clear = Arg::new("@clear").long("clear").value_name("FIELD").action(ArgAction::Append).value_delimiter(',');
        command = command.arg(clear.help_heading(REQUEST).help(format!("Empty a field: {}", clearable.join(", "))));
    }
    command
}

fn request() -> Arg {
    Arg::new("@request")
        .long("request")
        .value_name("JSON|@FILE|-")
        .help_heading(REQUEST)
        .help("The request as JSON, from a file or standard input; other flags override it")
}

fn wait(operation: &Operation) -> Arg {
    let wait = operation.cli.wait.clone().unwrap_or_default();
    let words = |states: &[String]| crate::wait::words(&wait, states).join(", ");
    Arg::new("@wait")
        .long("wait")
        .value_name("DURATION")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("5m")
        .help_heading(REQUEST)
        .help("Wait until it is done, at most so long [default when used: 5m]")
        .long_help(format!(
            "Wait until `{}` is one of: {}.\nExits with 9 when it becomes one of: {}.\nAt most so long; 5m when no duration is given.",
            wait.state_path,
            words(&wait.success),
            words(&wait.failure)
        ))
}
