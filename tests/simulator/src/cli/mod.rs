//! Command line of the simulator: arguments, logging, exit codes. Data goes to stdout, the rest to stderr.

mod ask;
mod files;
mod serve;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use callplane_simulator::{ClientError, Timestamp};
use clap::{Args, Parser, Subcommand};

/// A stand-in for Twilio and ElevenLabs on this machine.
#[derive(Debug, Parser)]
#[command(name = "callplane-simulator", version, about, long_about = None)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the simulated vendors and the control API until Ctrl-C.
    Serve(ServeArguments),
    /// Add an account, a number or an ElevenLabs agent to a running simulator.
    #[command(subcommand)]
    Seed(Seed),
    /// Let somebody call one of the numbers, and print what happened.
    Call(CallArguments),
    /// Let somebody write to one of the numbers, and print what came back.
    Message(MessageArguments),
    /// Print what really happened, one JSON line each.
    Ledger(LedgerArguments),
    /// Move the clock.
    Advance(AdvanceArguments),
    /// Suspend an account, as the vendor would.
    Suspend(AccountArguments),
    /// Reactivate a suspended account.
    Reactivate(AccountArguments),
}

#[derive(Debug, Args)]
struct ServeArguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "CALLPLANE_SIMULATOR_LISTEN", default_value = "127.0.0.1:7440")]
    listen: SocketAddr,
    /// Start with a clock that stands still at this time (RFC 3339) instead of system time.
    #[arg(long)]
    start: Option<Timestamp>,
    /// Let every moment of a call wait until the clock has been moved to it.
    #[arg(long)]
    stepped: bool,
    /// The same seed gives the same SIDs and tokens.
    #[arg(long)]
    seed: Option<String>,
    /// Send requests for a public address to a local one, as PUBLIC=ACTUAL; can be repeated.
    #[arg(long = "route", value_name = "PUBLIC=ACTUAL")]
    routes: Vec<String>,
}

/// Which simulator to talk to.
#[derive(Debug, Args)]
struct At {
    /// Address of the running simulator.
    #[arg(long = "simulator", env = "CALLPLANE_SIMULATOR_LISTEN", default_value = "127.0.0.1:7440")]
    address: String,
}

#[derive(Debug, Subcommand)]
enum Seed {
    /// A Twilio account; prints its SID.
    Account {
        #[command(flatten)]
        at: At,
        /// The SID to use; made up if not given.
        #[arg(long)]
        account_sid: Option<String>,
        /// The main account this one is a subaccount of.
        #[arg(long)]
        parent_sid: Option<String>,
        #[arg(long)]
        friendly_name: Option<String>,
        /// Read the auth token from this file; if it does not exist, write a new token to it (mode 0600).
        #[arg(long)]
        auth_token_file: PathBuf,
    },
    /// A number of an account; prints its SID.
    Number {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        account_sid: String,
        #[arg(long)]
        phone_number: String,
        #[arg(long)]
        voice_url: Option<String>,
        #[arg(long)]
        status_callback: Option<String>,
        #[arg(long)]
        sms_url: Option<String>,
    },
    /// An ElevenLabs agent and a key that reaches it; prints the agent's id.
    Agent {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        agent_id: Option<String>,
        #[arg(long)]
        name: Option<String>,
        /// Read the API key from this file; if it does not exist, write a new key to it (mode 0600).
        #[arg(long)]
        api_key_file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct CallArguments {
    #[command(flatten)]
    at: At,
    /// Who calls.
    #[arg(long)]
    from: String,
    /// The number that is called.
    #[arg(long)]
    to: String,
    /// What the caller does, as JSON; `-` reads it from stdin.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Ask this URL instead of the number's own.
    #[arg(long)]
    voice_url: Option<String>,
    /// Print the whole transcript as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct MessageArguments {
    #[command(flatten)]
    at: At,
    #[arg(long)]
    from: String,
    #[arg(long)]
    to: String,
    #[arg(long)]
    body: String,
}

#[derive(Debug, Args)]
struct LedgerArguments {
    #[command(flatten)]
    at: At,
    /// `rest`, `rung`, `answered`, `pressed`, `webhook`, `ended`, …
    #[arg(long)]
    kind: Option<String>,
    #[arg(long)]
    account_sid: Option<String>,
    #[arg(long)]
    call_sid: Option<String>,
    /// Only how often each kind happened.
    #[arg(long)]
    counts: bool,
}

#[derive(Debug, Args)]
struct AdvanceArguments {
    #[command(flatten)]
    at: At,
    #[arg(long)]
    seconds: f64,
}

#[derive(Debug, Args)]
struct AccountArguments {
    #[command(flatten)]
    at: At,
    #[arg(long)]
    account_sid: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something the person can correct on the command line.
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Failed(_) | Failure::Client(_) => ExitCode::FAILURE,
        }
    }
}

pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CALLPLANE_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Serve(arguments) => serve::serve(arguments).await,
        Command::Seed(seed) => ask::seed(seed).await,
        Command::Call(arguments) => ask::call(arguments).await,
        Command::Message(arguments) => ask::message(arguments).await,
        Command::Ledger(arguments) => ask::ledger(arguments).await,
        Command::Advance(arguments) => ask::advance(arguments).await,
        Command::Suspend(arguments) => ask::suspend(arguments).await,
        Command::Reactivate(arguments) => ask::reactivate(arguments).await,
    }
}
