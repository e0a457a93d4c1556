//! The profile file: where it is, reading and writing it.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::Profile;
use crate::{failure::Failure, variable::variable_set};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The profile used when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    pub profiles: BTreeMap<String, Profile>,
}

/// `CALLPLANE_CLI_CONFIG`, or `callplane/config.toml` in the user's configuration folder.
pub fn place() -> Option<PathBuf> {
    if let Some(file) = variable_set("CALLPLANE_CLI_CONFIG") {
        return Some(file.into());
    }
    let folder = variable_set("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| variable_set("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(folder.join("callplane/config.toml"))
}

/// The file; an absent one is empty.
pub fn read() -> Result<File, Failure> {
    let Some(place) = place() else { return Ok(File::default()) };
    match fs::read_to_string(&place) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{}: {}", place.display(), error.to_string().trim_end()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(Failure::usage(format!("{}: {error}", place.display()))),
    }
}

/// Writes a new file beside the old one and renames it, so that nobody reads half of it.
pub fn write(file: &File) -> Result<PathBuf, Failure> {
    let place = place().ok_or_else(|| Failure::usage("no place for profiles: set HOME or CALLPLANE_CLI_CONFIG"))?;
    let failed = |error: io::Error| Failure::other(format!("{}: {error}", place.display()));
    let text = toml::to_string_pretty(file).map_err(|error| Failure::other(error.to_string()))?;
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let fresh = place.with_extension("toml.new");
    fs::write(&fresh, text).map_err(failed)?;
    fs::rename(&fresh, &place).map_err(failed)?;
    Ok(place)
}
