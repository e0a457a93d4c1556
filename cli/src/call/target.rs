//! Where to call and as whom: the address, TLS files, the token and the workspace, from flags, environment and profile.

use std::{path::PathBuf, time::Duration};

use clap::ArgMatches;
use zeroize::Zeroizing;

use crate::{failure::Failure, flags::secret, profile::Profile, time, variable::variable_set};

pub const DEFAULT_ADDRESS: &str = "http://127.0.0.1:7420";

/// Where to call and as whom.
pub struct Target {
    pub address: String,
    pub token: Option<Zeroizing<String>>,
    /// Where the token came from, for people.
    pub token_from: String,
    pub workspace: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub timeout: Duration,
}

impl Target {
    /// A flag is stronger than the environment, and both than the profile.
    pub fn of(matches: &ArgMatches) -> Result<Self, Failure> {
        let profile = Profile::chosen(matches.get_one::<String>("@profile").map(String::as_str))?;
        let pick = |id: &str, variable: &str, kept: &Option<String>| {
            let flag = matches.get_one::<String>(id).cloned();
            flag.or_else(|| variable_set(variable)).or_else(|| kept.clone())
        };
        let (token, token_from) = token(matches.get_one::<String>("@token-file"), &profile)?;
        let timeout = matches.get_one::<String>("@timeout").map_or("30s", String::as_str);
        let timeout = time::span(timeout)
            .and_then(|span| span.to_std().ok())
            .filter(|span| !span.is_zero())
            .ok_or_else(|| Failure::usage("--timeout: expected a duration such as 30s"))?;
        Ok(Target {
            address: address(pick("@address", "CALLPLANE_ADDRESS", &profile.address))?,
            token,
            token_from,
            workspace: pick("@workspace", "CALLPLANE_WORKSPACE", &profile.workspace),
            ca_file: profile.ca_file,
            cert_file: profile.cert_file,
            key_file: profile.key_file,
            timeout,
        })
    }

    pub fn is_this_machine(&self) -> bool {
        self.address.split_once("://").is_some_and(|(_, rest)| is_this_machine(rest))
    }
}

fn token(flag: Option<&String>, profile: &Profile) -> Result<(Option<Zeroizing<String>>, String), Failure> {
    if let Some(file) = flag {
        return Ok((Some(secret::read("--token-file", file)?), file.clone()));
    }
    if let Some(token) = variable_set("CALLPLANE_TOKEN") {
        return Ok((Some(Zeroizing::new(token.trim().to_owned())), "CALLPLANE_TOKEN".to_owned()));
    }
    if let Some(file) = variable_set("CALLPLANE_TOKEN_FILE") {
        return Ok((Some(secret::read("CALLPLANE_TOKEN_FILE", &file)?), file));
    }
    match &profile.token_file {
        Some(file) => {
            let file = file.to_string_lossy().into_owned();
            Ok((Some(secret::read("token_file of the profile", &file)?), file))
        }
        None => Ok((None, String::new())),
    }
}

/// Completes an address without a scheme: cleartext to this machine, TLS to any other.
fn address(given: Option<String>) -> Result<String, Failure> {
    let given = given.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    let full = match given.split_once("://") {
        Some(("http" | "https", _)) => given,
        Some((scheme, _)) => {
            return Err(Failure::usage(format!("address: {scheme}:// is not known; use http:// or https://")));
        }
        None if is_this_machine(&given) => format!("http://{given}"),
        None => format!("https://{given}"),
    };
    let uri: http::Uri =
        full.parse().map_err(|_| Failure::usage("address: expected a URL such as http://127.0.0.1:7420"))?;
    match uri.authority() {
        Some(authority) if !authority.as_str().contains('@') => Ok(full.trim_end_matches('/').to_owned()),
        _ => Err(Failure::usage("address: expected a URL such as http://127.0.0.1:7420")),
    }
}

fn is_this_machine(address: &str) -> bool {
    ["127.", "localhost", "[::1]"].iter().any(|start| address.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_scheme_is_cleartext_only_to_this_machine() {
        let address = |text: &str| address(Some(text.to_owned())).expect("a good address");
        assert_eq!(address("localhost:7420"), "http://localhost:7420");
        assert_eq!(address("plane.example.com:443"), "https://plane.example.com:443");
        assert_eq!(address("http://plane:7420/"), "http://plane:7420");
    }

    #[test]
    fn an_address_that_is_no_url_is_refused() {
        assert!(address(Some("ftp://plane".to_owned())).is_err());
        assert!(address(Some("http://me:secret@plane".to_owned())).is_err());
    }
}
