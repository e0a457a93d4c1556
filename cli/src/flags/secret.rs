//! Secrets from a file, standard input, a prompt without echo, or a named environment variable; never from an argument.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use rustix::termios::{self, LocalModes, OptionalActions};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// More than any credential, and little enough to refuse a wrong file early.
const LIMIT: u64 = 64 * 1024;

/// Reads the secret that `place` (`FILE`, `-` or `env:NAME`) names; `flag` is for the error text.
pub fn read(flag: &str, place: &str) -> Result<Zeroizing<String>, Failure> {
    let text = match place.strip_prefix("env:") {
        Some(name) => std::env::var(name)
            .map(Zeroizing::new)
            .map_err(|_| Failure::usage(format!("{flag}: the environment variable {name} is not set")))?,
        None if place == "-" && io::stdin().is_terminal() => prompt(flag)?,
        None if place == "-" => read_all(flag, "standard input", io::stdin())?,
        None => {
            let file =
                std::fs::File::open(place).map_err(|error| Failure::usage(format!("{flag}: {place}: {error}")))?;
            read_all(flag, place, file)?
        }
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Failure::usage(format!("{flag}: {place} holds nothing")));
    }
    Ok(Zeroizing::new(trimmed.to_owned()))
}

fn read_all(flag: &str, place: &str, from: impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = from.take(LIMIT).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("{flag}: {place}: {error}")))?;
    Ok(text)
}

fn prompt(flag: &str) -> Result<Zeroizing<String>, Failure> {
    let broken = |error: io::Error| Failure::usage(format!("{flag}: cannot ask at this terminal: {error}"));
    let stdin = io::stdin();
    let before = termios::tcgetattr(&stdin).map_err(|error| broken(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    eprint!("{} (not shown): ", flag.trim_start_matches("--").trim_end_matches("-file"));
    io::stderr().flush().map_err(broken)?;
    termios::tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(|error| broken(error.into()))?;
    let mut line = Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut line);
    termios::tcsetattr(&stdin, OptionalActions::Now, &before).map_err(|error| broken(error.into()))?;
    eprintln!();
    read.map_err(broken)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_text_without_the_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "sesame\n").expect("written");
        let text = read("--auth-token-file", file.to_str().expect("utf-8")).expect("read");
        assert_eq!(text.as_str(), "sesame");
    }

    #[test]
    fn an_empty_or_missing_place_is_named_with_its_flag() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "\n").expect("written");
        let error = read("--auth-token-file", file.to_str().expect("utf-8")).expect_err("empty");
        assert!(error.to_string().contains("holds nothing"));
        let error = read("--auth-token-file", "env:CALLPLANE_NO_SUCH_VARIABLE").expect_err("unset");
        assert_eq!(
            error.to_string(),
            "--auth-token-file: the environment variable CALLPLANE_NO_SUCH_VARIABLE is not set"
        );
    }
}
