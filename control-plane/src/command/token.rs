//! `token create`: the first token of an installation, made without a server.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

use chrono::Duration;
use clap::{Subcommand, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::WorkspaceId,
    },
    flow::{Audited, token as flow},
    server::Plane,
    settings::Settings,
    token::{Audience, Scopes},
};

/// What to do with tokens.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a token and writes it to a file that only its owner can read.
    Create {
        /// What it is for.
        #[arg(long)]
        display_name: String,
        /// The kind of token.
        #[arg(long, value_enum, default_value = "operator")]
        audience: Kind_,
        /// The workspace of a workspace token.
        #[arg(long)]
        workspace: Option<WorkspaceId>,
        /// What it may do, such as `calls:read`; repeat for more. Default: everything its kind may.
        #[arg(long = "scope")]
        scopes: Vec<String>,
        /// How many days it lives.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=400))]
        days: i64,
        /// The file to write; `-` for standard output. An existing file is not overwritten.
        #[arg(long, default_value = "-")]
        out: PathBuf,
    },
}

/// The kind of token.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind_ {
    /// Bound to one workspace.
    Workspace,
    /// For operators: may name any workspace.
    Operator,
    /// For an edge.
    Edge,
}

/// Runs the command.
pub async fn run(command: Command, settings: &Settings) -> Result<()> {
    let Command::Create { display_name, audience, workspace, scopes, days, out } = command;
    let audience = match audience {
        Kind_::Workspace => Audience::Workspace,
        Kind_::Operator => Audience::Operator,
        Kind_::Edge => Audience::Edge,
    };
    if (audience == Audience::Workspace) != workspace.is_some() {
        return Err(Error::invalid("--workspace", "given with `--audience workspace`, and only then"));
    }
    let scopes = if scopes.is_empty() { vec!["*".to_owned()] } else { scopes };
    let scopes = Scopes::parse(&scopes).map_err(|error| error.within("--scope"))?;
    let plane = Plane::assemble(settings).await?;
    let audited = Audited {
        actor: "startup".to_owned(),
        method: "callplane-control-plane token create".to_owned(),
        request: serde_json::json!({ "display_name": display_name }),
    };
    let new = flow::NewToken { display_name, audience, workspace, scopes, ttl: Duration::days(days) };
    let secret = flow::issue_alone(&plane.ctx, &plane.token_keys, new, &audited).await?;
    write(&out, &secret)
}

fn write(out: &std::path::Path, secret: &SecretString) -> Result<()> {
    if out.as_os_str() == "-" {
        println!("{}", secret.expose_secret());
        return Ok(());
    }
    let unwritable = |error: std::io::Error| {
        Error::new(Kind::FailedPrecondition, "FILE", format!("{} cannot be written: {error}", out.display()))
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(unwritable)?;
    writeln!(file, "{}", secret.expose_secret()).map_err(unwritable)?;
    eprintln!("written to {}", out.display());
    Ok(())
}
