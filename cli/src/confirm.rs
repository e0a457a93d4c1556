//! Asks before something that is hard to take back. Without a terminal nobody can answer, so it refuses.

use std::io::{self, BufRead, IsTerminal, Write};

use prost_reflect::DynamicMessage;

use crate::{failure::Failure, output::cell, tree::Operation};

/// Asks, unless the method has no question or the answer was given.
pub fn ask(operation: &Operation, message: &DynamicMessage, yes: bool) -> Result<(), Failure> {
    if operation.cli.confirm.is_empty() || yes {
        return Ok(());
    }
    let question = filled(&operation.cli.confirm, message);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::Declined(format!("{question} Nobody can answer without a terminal: say --yes to go on")));
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Declined("not confirmed; nothing was done".to_owned())),
    }
}

/// `Delete {account_id}?` with the request's values.
fn filled(question: &str, message: &DynamicMessage) -> String {
    let mut text = String::new();
    let mut rest = question;
    while let Some((before, after)) = rest.split_once('{') {
        let (path, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&cell::at(message, path));
        rest = after;
    }
    text.push_str(rest);
    text
}
