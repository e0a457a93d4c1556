//! The simulator as a process, and the small commands that talk to a running one.

mod cli;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::start_logging();
    match cli::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("callplane-simulator: {failure}");
            failure.exit_code()
        }
    }
}
