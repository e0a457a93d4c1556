//! Named places to call: address, workspace and files, in one TOML file. Tokens stay in files of their own.

pub mod command;
pub mod file;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{failure::Failure, variable::variable_set};

/// One named place. Every part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

impl Profile {
    /// The profile named by the flag or `CALLPLANE_CLI_PROFILE`, else the current one, else an empty one.
    pub fn chosen(flag: Option<&str>) -> Result<Self, Failure> {
        let named = flag.map(str::to_owned).or_else(|| variable_set("CALLPLANE_CLI_PROFILE"));
        let file = file::read()?;
        let Some(name) = named.or_else(|| file.current.clone()) else { return Ok(Profile::default()) };
        let known: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
        file.profiles.get(&name).cloned().ok_or_else(|| {
            let there = if known.is_empty() {
                "there are none yet".to_owned()
            } else {
                format!("there are {}", known.join(", "))
            };
            Failure::usage(format!(
                "no profile {name}: {there}; make it with `callplane profile set {name} --address …`"
            ))
        })
    }
}
