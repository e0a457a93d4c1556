//! The binary's subcommands: one file each, thin.

mod check;
mod keys;
mod serve;
mod token;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    domain::error::{Error, Result},
    settings::Settings,
};

/// Callplane's control plane: decides what happens to calls, remembers it, and acts on Twilio.
///
/// Settings come from CALLPLANE_… variables or one TOML file with the same names in lower case without the prefix.
#[derive(Parser)]
#[command(name = "callplane-control-plane", version, after_help = AFTER)]
struct Arguments {
    /// A TOML file with settings; variables win over it.
    #[arg(long, env = "CALLPLANE_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Exit codes: 0 ended as asked, 1 something failed, 2 the settings or the arguments are wrong.

Start here:
  export CALLPLANE_PROFILE=dev CALLPLANE_ENCRYPTION_KEY=$(openssl rand -hex 32)
  callplane-control-plane keys generate-token-key > token-key.pem
  export CALLPLANE_TOKEN_KEY_FILE=token-key.pem
  callplane-control-plane token create --display-name me --out operator.token
  callplane-control-plane serve";

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    Serve,
    /// Brings the database schema up to date and ends.
    Migrate,
    /// Says whether the settings, the database and the master key are fit to serve.
    Check,
    /// Makes tokens without a running server.
    #[command(subcommand)]
    Token(token::Command),
    /// Makes keys and tells how far a rotation is.
    #[command(subcommand)]
    Keys(keys::Command),
}

/// Runs the binary.
pub async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Keys(command) = &arguments.command
        && let Some(done) = keys::without_settings(command)
    {
        return done;
    }
    let settings = match Settings::read(std::env::vars(), arguments.config.as_deref()) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("the settings are not complete:");
            problems.iter().for_each(|problem| eprintln!("  {problem}"));
            return ExitCode::from(2);
        }
    };
    log(&settings);
    match run(arguments.command, settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, settings: Settings) -> Result<()> {
    match command {
        Command::Serve => serve::run(settings).await,
        Command::Migrate => check::migrate(&settings).await,
        Command::Check => check::run(&settings).await,
        Command::Token(command) => token::run(command, &settings).await,
        Command::Keys(command) => keys::run(command, &settings).await,
    }
}

/// One clear line, and the cause below it.
fn explain(error: &Error) {
    eprintln!("callplane-control-plane: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}

fn log(settings: &Settings) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("CALLPLANE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn,sqlx::postgres::notice=warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match settings.json_logs {
        true => lines.json().init(),
        false => lines.init(),
    }
}
