//! Where settings come from: `CALLPLANE_…` variables first, then one TOML file with the same names in lower case. Every
//! problem is collected, so that an operator mends all of them at once.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr};

use secrecy::SecretString;

/// What is set, and what is wrong with it.
#[derive(Default)]
pub struct Source {
    variables: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    known: Vec<&'static str>,
    problems: Vec<String>,
}

impl Source {
    /// From these variables and this file.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>, file: Option<&Path>) -> Self {
        let variables =
            variables.into_iter().filter(|(name, value)| name.starts_with("CALLPLANE_") && !value.is_empty());
        let mut source = Self { variables: variables.collect(), ..Self::default() };
        if let Some(path) = file {
            source.read_file(path);
        }
        source
    }

    fn read_file(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.blame(format!("{}: cannot be read: {error}", path.display())),
        };
        match text.parse::<toml::Table>() {
            Ok(table) => {
                for (name, value) in table {
                    let value = match value {
                        toml::Value::String(text) => text,
                        other => other.to_string(),
                    };
                    self.file.insert(name, value);
                }
            }
            Err(error) => self.blame(format!("{}: {}", path.display(), error.message())),
        }
    }

    /// Notes a problem.
    pub fn blame(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// The text of a setting, if it is set.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let key = name.trim_start_matches("CALLPLANE_").to_lowercase();
        self.variables.get(name).or_else(|| self.file.get(&key)).cloned()
    }

    /// A setting of some type, with a default.
    pub fn value<T: FromStr>(&mut self, name: &'static str, default: T, expected: &str) -> T {
        match self.text(name).map(|text| text.parse::<T>()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.blame(format!("{name}: expected {expected}"));
                default
            }
        }
    }

    /// A truth value, `false` by default.
    pub fn switch(&mut self, name: &'static str) -> bool {
        self.value(name, false, "`true` or `false`")
    }

    /// A secret: the setting itself, or the file that `…_FILE` names. The value never shows in a problem.
    pub fn secret(&mut self, name: &'static str, file: &'static str) -> Option<SecretString> {
        match (self.text(name), self.text(file)) {
            (Some(_), Some(_)) => {
                self.blame(format!("{name} and {file}: set only one of them"));
                None
            }
            (Some(value), None) => Some(SecretString::from(value.trim().to_owned())),
            (None, Some(path)) => match fs::read_to_string(&path) {
                Ok(value) => Some(SecretString::from(value.trim().to_owned())),
                Err(error) => {
                    self.blame(format!("{file}: {path} cannot be read: {error}"));
                    None
                }
            },
            (None, None) => None,
        }
    }

    /// Every problem, with the names in the file that mean nothing.
    pub fn problems(mut self) -> Vec<String> {
        let known: Vec<String> =
            self.known.iter().map(|name| name.trim_start_matches("CALLPLANE_").to_lowercase()).collect();
        for name in self.file.keys().filter(|name| !known.contains(name)) {
            self.problems.push(format!("{name}: there is no such setting"));
        }
        self.problems
    }
}
