//! `keys`: making keys, and how far a rotation is.

use std::process::ExitCode;

use clap::Subcommand;
use secrecy::ExposeSecret;

use crate::{domain::error::Result, server::Plane, settings::Settings, store::secret, token, worker::reseal};

/// What to do with keys.
#[derive(Subcommand)]
pub enum Command {
    /// Prints a fresh key to sign tokens with (Ed25519, PEM). Keep it in a file that only the server can read.
    GenerateTokenKey,
    /// Prints a fresh master key (32 bytes, hex).
    GenerateEncryptionKey,
    /// Tells whether secrets still need an old master key.
    Status,
    /// Moves every secret to the first master key now, instead of in the background of `serve`.
    Rotate,
}

/// The commands that need no settings: they make what the settings need.
pub fn without_settings(command: &Command) -> Option<ExitCode> {
    match command {
        Command::GenerateTokenKey => println!("{}", token::generate_pem().expose_secret().trim()),
        Command::GenerateEncryptionKey => println!("{}", crate::secret::generate_master_key().expose_secret()),
        Command::Status | Command::Rotate => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// The commands that look into the database.
pub async fn run(command: Command, settings: &Settings) -> Result<()> {
    let plane = Plane::assemble(settings).await?;
    if matches!(command, Command::Rotate) {
        while reseal::step(&plane.ctx).await? {}
    }
    let (keys, values) = secret::left_behind(plane.ctx.store.read(), &settings.master_keys.active_id()).await?;
    println!("active master key: {}", settings.master_keys.active_id());
    match (keys, values) {
        (0, 0) => println!("every secret is under it; older master keys can be taken out of the setting"),
        _ => {
            println!("{keys} workspace keys and {values} values still need an older master key; keep it in the setting")
        }
    }
    Ok(())
}
