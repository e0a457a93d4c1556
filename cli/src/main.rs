//! `callplane`: the command line, generated at run time from the protobuf descriptors. This file starts and ends it.

mod api;
mod app;
mod call;
mod clock;
mod completion;
mod confirm;
mod context;
mod doctor;
mod exit;
mod explain;
mod failure;
mod flags;
mod man;
mod output;
mod pages;
mod profile;
mod request;
mod run;
mod schema;
mod simulate;
mod standard;
mod time;
mod tree;
mod variable;
mod wait;

use std::process::ExitCode;

use failure::Failure;

fn main() -> ExitCode {
    completion::answer();
    let arguments = app::help::asked(std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect());
    let (noun, command) = app::chosen(&arguments);
    let extent = app::Extent::Chosen { noun: &noun, command: &command };
    let matches = app::command(&extent).get_matches_from(&arguments);
    match app::dispatch(&matches) {
        Ok(()) => ExitCode::from(exit::OK),
        Err(failure) => {
            let as_json = app_error_format(&matches);
            explain::print(&failure, as_json);
            ExitCode::from(exit::code(&failure))
        }
    }
}

fn app_error_format(matches: &clap::ArgMatches) -> bool {
    matches.get_one::<String>("@error-format").is_some_and(|format| format == "json")
}

/// Runs a command that waits for the network; Ctrl-C ends the program.
fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            done = work => done,
            _ = tokio::signal::ctrl_c() => std::process::exit(i32::from(exit::INTERRUPTED)),
        }
    })
}
