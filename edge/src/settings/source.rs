//! Where a setting's text comes from, and the list of what is wrong. Knows no setting by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
};

use toml::{Table, Value};

/// Variables over a file, remembering which keys were asked for.
pub struct Source<'a> {
    variables: &'a BTreeMap<String, String>,
    file: Table,
    asked: BTreeSet<&'static str>,
    problems: Vec<String>,
}

impl<'a> Source<'a> {
    pub fn open(variables: &'a BTreeMap<String, String>, file: Option<&Path>) -> Self {
        let mut source = Self { variables, file: Table::new(), asked: BTreeSet::new(), problems: Vec::new() };
        if let Some(path) = file {
            source.read_file(path);
        }
        source
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.problems.push(format!("{}: cannot be read: {error}", path.display())),
        };
        match text.parse::<Table>() {
            Ok(table) => self.file = table,
            // Only the message: the text around it may hold a token.
            Err(error) => self.problems.push(format!("{}: is no TOML: {}", path.display(), error.message())),
        }
    }

    /// A setting's text; an empty variable counts as not set.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.asked.insert(key);
        if let Some(text) = self.variables.get(&variable(key)).filter(|text| !text.is_empty()) {
            return Some(text.clone());
        }
        match self.file.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            _ => {
                self.problem(key, "must be a text or a number");
                None
            }
        }
    }

    /// A setting with several values: a list in the file, separated by commas otherwise.
    pub fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        if !self.variables.contains_key(&variable(key))
            && let Some(Value::Array(values)) = self.file.get(key)
        {
            self.asked.insert(key);
            return Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        let text = self.text(key)?;
        Some(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
    }

    /// Tables that only the file can hold.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table> {
        self.asked.insert(key);
        match self.file.get(key).cloned() {
            None => Vec::new(),
            Some(Value::Array(values)) if values.iter().all(Value::is_table) => {
                values.into_iter().filter_map(|value| value.try_into().ok()).collect()
            }
            Some(_) => {
                self.problem(key, &format!("must be written as [[{key}]] tables"));
                Vec::new()
            }
        }
    }

    /// A setting of another type; `expected` says what it looks like.
    pub fn parsed<T: FromStr>(&mut self, key: &'static str, default: &str, expected: &str) -> Option<T> {
        let text = self.text(key).unwrap_or_else(|| default.to_owned());
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.problem(key, &format!("is not {expected}"));
        }
        value
    }

    /// A file that must be readable, if it is named at all.
    pub fn readable_file(&mut self, key: &'static str) -> Option<PathBuf> {
        let path = PathBuf::from(self.text(key)?);
        match File::open(&path).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => Some(path),
            Ok(_) => self.complain(key, &format!("{} is no file", path.display())),
            Err(error) => self.complain(key, &format!("{} cannot be read: {error}", path.display())),
        }
    }

    fn complain<T>(&mut self, key: &'static str, what: &str) -> Option<T> {
        self.problem(key, what);
        None
    }

    /// The setting is there, whatever it is worth.
    pub fn is_set(&self, key: &'static str) -> bool {
        self.file.contains_key(key) || self.variables.get(&variable(key)).is_some_and(|text| !text.is_empty())
    }

    pub fn problem(&mut self, key: &str, what: &str) {
        self.problems.push(format!("{} {what}", variable(key)));
    }

    pub fn complain_about_unknown_keys(&mut self) {
        let unknown = self.file.keys().filter(|key| !self.asked.contains(key.as_str()));
        let complaints: Vec<String> =
            unknown.map(|key| format!("`{key}` in the file is no setting of an edge")).collect();
        self.problems.extend(complaints);
    }

    pub fn into_problems(self) -> Vec<String> {
        self.problems
    }
}

/// `edge_listen` in the file is `CALLPLANE_EDGE_LISTEN` in the environment.
fn variable(key: &str) -> String {
    format!("CALLPLANE_{}", key.to_ascii_uppercase())
}
