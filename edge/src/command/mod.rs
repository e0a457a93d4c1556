//! The command line: `serve`, `check`, `explain-signature`. Data goes to stdout, everything else to stderr.

mod check;
mod explain;
mod log;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{serve, settings::Settings};

/// Callplane's edge: Twilio's webhooks in, TwiML out.
#[derive(Parser)]
#[command(name = "callplane-edge", version, after_help = "Exit codes: 0 done, 1 failed, 2 wrong settings or usage.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves webhooks until told to stop.
    Serve(Config),
    /// Reads the settings, names every problem and shows what would be used.
    Check(Config),
    /// Checks one signature and says what is wrong with it.
    ExplainSignature(explain::Arguments),
}

#[derive(clap::Args)]
struct Config {
    /// A TOML file with settings; CALLPLANE_… variables win over it.
    #[arg(long, value_name = "FILE", env = "CALLPLANE_CONFIG")]
    config: Option<PathBuf>,
}

const FAILED: u8 = 1;
const WRONG_SETTINGS: u8 = 2;

/// Runs what the command line says.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(config) => with_settings(&config, start),
        Command::Check(config) => with_settings(&config, |settings| check::run(&settings)),
        Command::ExplainSignature(arguments) => explain::run(&arguments),
    }
}

fn with_settings(config: &Config, then: impl FnOnce(Settings) -> ExitCode) -> ExitCode {
    match Settings::load(config.config.as_deref()) {
        Ok(settings) => then(settings),
        Err(problems) => {
            eprint!("{problems}");
            ExitCode::from(WRONG_SETTINGS)
        }
    }
}

fn start(settings: Settings) -> ExitCode {
    log::install(&settings.log);
    in_runtime(async {
        let told_to_stop = match told_to_stop() {
            Ok(told_to_stop) => told_to_stop,
            Err(error) => return failed(&format!("cannot listen for signals: {error}")),
        };
        match serve(settings, told_to_stop).await {
            Ok(running) => {
                running.stopped().await;
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error.to_string()),
        }
    })
}

fn in_runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => failed(&format!("cannot start threads: {error}")),
    }
}

fn failed(line: &str) -> ExitCode {
    eprintln!("{line}");
    ExitCode::from(FAILED)
}

/// Registers before anything listens, so that no signal finds the edge without its handlers.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
