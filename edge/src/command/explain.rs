//! `explain-signature`: one request, one verdict, with the code a running edge uses.

use std::{fs, io, path::PathBuf, process::ExitCode};

use crate::{
    form::Form,
    serve::request::is_form,
    verify::{Content, Key, Signed, explain, shared_key, verify},
};

/// Prints `valid`, or `invalid: ` and the reason; exits 0, 1, or 2 for wrong usage.
#[derive(clap::Args)]
pub struct Arguments {
    /// The URL as configured at Twilio, with its query.
    #[arg(long)]
    url: String,
    /// A file with the account's auth token; a line end is ignored.
    #[arg(long, value_name = "FILE")]
    auth_token_file: PathBuf,
    /// A file with the body, byte for byte; without it, or if it is missing, the body is empty.
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// The X-Twilio-Signature header.
    #[arg(long, allow_hyphen_values = true)]
    signature: String,
    /// The request's method.
    #[arg(long, default_value = "POST")]
    method: String,
    /// The request's Content-Type.
    #[arg(long, default_value = "application/x-www-form-urlencoded")]
    content_type: String,
    /// The X-Twilio-Webhooks-Signature-Settings header; the token file then holds the shared key's secret.
    #[arg(long, value_name = "HEADER")]
    settings: Option<String>,
}

const USAGE: u8 = 2;

pub fn run(arguments: &Arguments) -> ExitCode {
    match verdict(arguments) {
        Ok(None) => {
            println!("valid");
            ExitCode::SUCCESS
        }
        Ok(Some(reason)) => {
            println!("invalid: {reason}");
            ExitCode::from(1)
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(USAGE)
        }
    }
}

/// Nothing if the signature fits, otherwise the reason; an error is a problem with the arguments.
fn verdict(arguments: &Arguments) -> Result<Option<String>, String> {
    let body = body(arguments.body_file.as_ref())?;
    let token = token(&arguments.auth_token_file)?;
    let key = match shared_key::algorithm(arguments.settings.as_deref()) {
        Ok(shared_key::Algorithm::Sha1) => Key::token(&token),
        Ok(shared_key::Algorithm::Sha256) => Key::Sha256(token),
        Err(unknown) => return Ok(Some(format!("the settings header names the unknown algorithm `{unknown}`"))),
    };
    let form = Form::parse(&body, usize::MAX).map_err(|_| "the form has too many fields")?;
    let content = if arguments.method.eq_ignore_ascii_case("GET") {
        Content::Query
    } else if is_form(&arguments.content_type) {
        Content::Form(&form)
    } else {
        Content::Opaque(&body)
    };
    let signed = Signed { url: &arguments.url, content, signature: Some(&arguments.signature) };
    let keys = [key];
    Ok(verify(signed, &keys).err().map(|fault| explain::reason(signed, &keys, &fault)))
}

fn body(path: Option<&PathBuf>) -> Result<Vec<u8>, String> {
    let Some(path) = path else { return Ok(Vec::new()) };
    match fs::read(path) {
        Ok(body) => Ok(body),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("--body-file {}: {error}", path.display())),
    }
}

fn token(path: &PathBuf) -> Result<Vec<u8>, String> {
    let mut token = fs::read(path).map_err(|error| format!("--auth-token-file {}: {error}", path.display()))?;
    while token.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        token.pop();
    }
    if token.is_empty() { Err(format!("--auth-token-file {}: the file is empty", path.display())) } else { Ok(token) }
}
