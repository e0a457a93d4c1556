//! Old paths that keep working: `[[alias]]` tables in the file, or `/old/path=route` pairs in `CALLPLANE_EDGE_ALIASES`.

use toml::{Table, Value};

use super::source::Source;
use crate::route::{Alias, Route};

pub fn read(source: &mut Source<'_>) -> Vec<Alias> {
    let mut aliases = Vec::new();
    for (index, table) in source.tables("alias").iter().enumerate() {
        match from_table(table) {
            Ok(alias) => aliases.push(alias),
            Err(fault) => source.problem("alias", &format!("number {} in the file: {fault}", index + 1)),
        }
    }
    for pair in source.list("edge_aliases").unwrap_or_default() {
        // A path may hold `=`, a route's name does not.
        let alias = pair.rsplit_once('=').ok_or_else(|| "is not like /old/path=voice".to_owned());
        match alias.and_then(|(path, route)| new(path.trim(), route.trim(), true)) {
            Ok(alias) => aliases.push(alias),
            Err(fault) => source.problem("edge_aliases", &format!("has an entry that {fault}")),
        }
    }
    for (index, alias) in aliases.iter().enumerate() {
        if aliases[..index].iter().any(|earlier| earlier.path == alias.path) {
            source.problem("alias", &format!("names {} twice", alias.path));
        }
    }
    aliases
}

fn from_table(table: &Table) -> Result<Alias, String> {
    if let Some(key) = table.keys().find(|key| !["path", "route", "methods"].contains(&key.as_str())) {
        return Err(format!("`{key}` is not one of path, route, methods"));
    }
    let text = |key: &str| table.get(key).and_then(Value::as_str).ok_or_else(|| format!("`{key}` must be a text"));
    new(text("path")?, text("route")?, accepts_get(table.get("methods"))?)
}

/// POST is always accepted: it is what Twilio does unless told otherwise.
fn accepts_get(methods: Option<&Value>) -> Result<bool, String> {
    let Some(methods) = methods else { return Ok(true) };
    let methods = methods.as_array().ok_or("`methods` must be a list of \"GET\" and \"POST\"")?;
    if methods.iter().any(|method| !matches!(method.as_str(), Some("GET" | "POST"))) {
        return Err("`methods` may hold only \"GET\" and \"POST\"".to_owned());
    }
    Ok(methods.iter().any(|method| method.as_str() == Some("GET")))
}

fn new(path: &str, route: &str, get: bool) -> Result<Alias, String> {
    let route =
        Route::named(route).ok_or_else(|| format!("has the unknown route `{route}`; use one of {}", Route::names()))?;
    let plain = path.strip_suffix("{tag}").unwrap_or(path);
    if !path.starts_with('/') || plain.contains(['?', '#']) || plain.contains(char::is_whitespace) {
        return Err(format!("has the path `{path}`, which must begin with / and have no query"));
    }
    if path.ends_with("{tag}") && !plain.ends_with('/') {
        return Err(format!("has the path `{path}`, where {{tag}} must be a whole segment"));
    }
    Ok(Alias { path: path.to_owned(), route, get })
}
