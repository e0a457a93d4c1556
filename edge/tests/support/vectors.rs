//! Loads `tests/vectors/`: signature cases and complete webhooks, as one list.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// One signed request and the right verdict.
pub struct Vector {
    pub id: String,
    pub method: String,
    pub url: String,
    pub content_type: Option<String>,
    pub params: Option<Vec<(String, String)>>,
    pub body: String,
    pub auth_token: String,
    pub signature: String,
    pub settings: Option<String>,
    pub valid: bool,
    pub kind: Option<String>,
}

impl Vector {
    pub fn is_form(&self) -> bool {
        self.content_type.as_deref().is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    pub fn is_sha256(&self) -> bool {
        self.settings.as_deref().is_some_and(|settings| settings.contains("HMAC_SHA256"))
    }

    /// The account in the form or, for a GET, in the query.
    pub fn account_sid(&self) -> Option<&str> {
        let params = self.params.as_ref()?;
        params.iter().find(|(name, _)| name == "AccountSid").map(|(_, value)| value.as_str())
    }
}

pub fn all() -> Vec<Vector> {
    let mut vectors = signatures();
    vectors.extend(webhooks());
    vectors
}

pub fn signatures() -> Vec<Vector> {
    let file = read(&folder().join("signature.json"));
    file["vectors"].as_array().expect("a list").iter().map(signature).collect()
}

pub fn webhooks() -> Vec<Vector> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("webhooks"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| webhook(&read(path))).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a readable vector")).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn params(value: &Value) -> Option<Vec<(String, String)>> {
    Some(value.as_array()?.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect())
}

fn signature(value: &Value) -> Vector {
    Vector {
        id: text(&value["id"]),
        method: text(&value["method"]),
        url: text(&value["url"]),
        content_type: value["content_type"].as_str().map(str::to_owned),
        params: params(&value["params"]),
        body: text(&value["body"]),
        auth_token: text(&value["auth_token"]),
        signature: text(&value["signature"]),
        settings: value["signature_settings_header"].as_str().map(str::to_owned),
        valid: value["valid"].as_bool().expect("a verdict"),
        kind: None,
    }
}

fn webhook(value: &Value) -> Vector {
    let request = &value["request"];
    let header = |name: &str| {
        let headers = request["headers"].as_array().expect("headers");
        headers.iter().find(|pair| pair[0] == name).map(|pair| text(&pair[1]))
    };
    Vector {
        id: text(&value["name"]),
        method: text(&request["method"]),
        url: text(&request["url"]),
        content_type: header("Content-Type"),
        params: params(&value["params"]),
        body: text(&request["body"]),
        auth_token: text(&value["auth_token"]),
        signature: header("X-Twilio-Signature").unwrap_or_default(),
        settings: None,
        valid: value["signature_valid"].as_bool().unwrap_or(true),
        kind: Some(text(&value["kind"])),
    }
}
