//! As much of OpenAPI as the vendors' descriptions of our requests use: which path a request belongs to, and what is
//! wrong with its parameters. Answers in sentences; nothing wrong is an empty list.

use serde_json::Value;

pub struct Description(pub Value);

/// A description's operation, and what the path's places are filled with.
pub struct Operation<'a> {
    description: &'a Description,
    operation: &'a Value,
    places: Vec<(String, String)>,
}

impl Description {
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.resolve(self.0.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null)),
            None => value,
        }
    }

    /// Where a request belongs; a path without places wins.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let paths = self.0.get("paths")?.as_object()?;
        let mut fitting: Vec<_> =
            paths.iter().filter_map(|(template, item)| Some((places(template, path)?, item))).collect();
        fitting.sort_by_key(|(places, _)| places.len());
        let (places, item) = fitting.into_iter().next()?;
        let operation = item.get(method.to_ascii_lowercase())?;
        Some(Operation { description: self, operation, places })
    }

    fn check(&self, at: &str, value: &Value, schema: &Value, wrong: &mut Vec<String>) {
        let schema = self.resolve(schema);
        if let Some(kinds) = schema["oneOf"].as_array() {
            let judged = kinds.iter().map(|kind| {
                let mut wrong = Vec::new();
                self.check(at, value, kind, &mut wrong);
                wrong
            });
            // What is wrong with the kind that comes nearest.
            return wrong.extend(judged.min_by_key(Vec::len).unwrap_or_default());
        }
        if let Some(text) = value.as_str() {
            check_text(at, text, schema, wrong);
        }
        let kind = schema.get("type").and_then(Value::as_str);
        let fits = match kind {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            _ => true,
        };
        if !(fits || value.is_null() && schema["nullable"] == true) {
            wrong.push(format!("{at}: is not of type {}", kind.unwrap_or_default()));
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(required).is_none() {
                wrong.push(format!("{at}: lacks {required}"));
            }
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            match schema.pointer(&format!("/properties/{name}")) {
                Some(property) => self.check(&format!("{at}.{name}"), value, property, wrong),
                None if schema.get("additionalProperties").is_some() => {}
                None => wrong.push(format!("{at}.{name}: there is no such field")),
            }
        }
    }
}

impl Operation<'_> {
    /// What is wrong with the path and the query.
    pub fn check_parameters(&self, query: &[(String, String)]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (place, given) in [("path", &self.places[..]), ("query", query)] {
            for (name, value) in given {
                let parameters = self.operation["parameters"].as_array().into_iter().flatten();
                let parameter = parameters
                    .map(|parameter| self.description.resolve(parameter))
                    .find(|parameter| parameter["name"] == **name && parameter["in"] == place);
                match parameter {
                    Some(parameter) => {
                        check_text(name, value, self.description.resolve(&parameter["schema"]), &mut wrong)
                    }
                    // Shared by all operations of the path, and free text there.
                    None if place == "path" => {}
                    None => wrong.push(format!("{name}: there is no such parameter")),
                }
            }
        }
        wrong
    }

    /// What is wrong with the form. Empty text clears a field, which the descriptions do not say.
    pub fn check_form(&self, form: &[(String, String)]) -> Vec<String> {
        let schema = &self.operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
        let mut wrong = Vec::new();
        for (name, value) in form {
            match schema.pointer(&format!("/properties/{name}")) {
                Some(_) if value.is_empty() => {}
                Some(property) => check_text(name, value, self.description.resolve(property), &mut wrong),
                None => wrong.push(format!("{name}: there is no such field")),
            }
        }
        wrong
    }

    /// What is wrong with the JSON.
    pub fn check_json(&self, json: &Value) -> Vec<String> {
        let schema = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        let mut wrong = Vec::new();
        match schema.is_null() {
            true => wrong.push("no JSON is expected here".to_owned()),
            false => self.description.check("body", json, schema, &mut wrong),
        }
        wrong
    }
}

fn check_text(at: &str, text: &str, schema: &Value, wrong: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    if let Some(words) = schema["enum"].as_array()
        && !words.iter().any(|word| word == text)
    {
        wrong.push(format!("{at}: is none of the words"));
    }
    if schema["minLength"].as_u64().is_some_and(|least| length < least)
        || schema["maxLength"].as_u64().is_some_and(|most| length > most)
    {
        wrong.push(format!("{at}: has the wrong length"));
    }
    if let Some(prefixes) = schema["pattern"].as_str().map(sid_prefixes)
        && !(prefixes.iter().any(|prefix| text.starts_with(prefix))
            && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()))
    {
        wrong.push(format!("{at}: is not a SID of {}", prefixes.join(" or ")));
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => match text.parse::<i64>() {
            Ok(number) if schema["maximum"].as_i64().is_some_and(|most| number > most) => {
                wrong.push(format!("{at}: is too large"));
            }
            Ok(_) => {}
            Err(_) => wrong.push(format!("{at}: is not a number")),
        },
        (_, Some("uri")) if text.parse::<http::Uri>().is_err() && !text.contains('#') => {
            wrong.push(format!("{at}: is not a URL"));
        }
        (_, Some("date-time")) if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            wrong.push(format!("{at}: is not a date"));
        }
        _ => {}
    }
}

/// The only patterns are those of SIDs: `^AC[0-9a-fA-F]{32}$`, or `^(SM|MM)…` for one of several kinds.
fn sid_prefixes(pattern: &str) -> Vec<&str> {
    let letters = pattern.trim_start_matches(['^', '(']).split(['[', ')']).next().unwrap_or_default();
    letters.split('|').collect()
}

/// What fills the places of the template, if the path is of its form. `{Sid}.json` is a place with an ending.
fn places(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut places = Vec::new();
    for (wanted, given) in template.into_iter().zip(path) {
        match wanted.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, ending)) => {
                places
                    .push((name.to_owned(), given.strip_suffix(ending).filter(|value| !value.is_empty())?.to_owned()));
            }
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(places)
}

#[test]
fn a_wrong_request_does_not_pass() {
    let description = Description(serde_json::json!({ "paths": { "/a/{Sid}.json": { "post": {
        "parameters": [{ "name": "Sid", "in": "path", "schema": { "pattern": "^AC[0-9a-f]{32}$", "minLength": 34 } }],
        "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": { "properties": {
            "Method": { "type": "string", "enum": ["GET", "POST"] } } } } } }
    } } } }));
    let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert!(description.operation("GET", "/a/x.json").is_none());
    assert!(description.operation("POST", "/a/x").is_none());
    let operation = description.operation("POST", "/a/ACx.json").expect("of this form");
    assert_eq!(operation.check_parameters(&pairs("Page", "1")).len(), 3);
    assert_eq!(operation.check_form(&pairs("Method", "PUT")).len(), 1);
    assert_eq!(operation.check_form(&pairs("Metod", "GET")).len(), 1);
    assert!(operation.check_form(&pairs("Method", "GET")).is_empty());
    assert_eq!(operation.check_json(&serde_json::json!({})).len(), 1);
}
