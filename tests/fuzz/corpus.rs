//! What the vectors hold: webhooks as Twilio sends them, and signed requests.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// A request with the token that signed it.
pub struct Request {
    pub url: String,
    pub body: String,
    pub token: String,
    pub signature: String,
}

pub fn requests() -> Vec<Request> {
    let signed = read(&folder().join("signature.json"));
    let mut requests: Vec<Request> = signed["vectors"].as_array().expect("a list").iter().map(signature).collect();
    let webhooks = fs::read_dir(folder().join("webhooks")).expect("the folder");
    let mut paths: Vec<PathBuf> = webhooks.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    requests.extend(paths.iter().map(|path| webhook(&read(path))));
    assert!(requests.len() > 50, "the vectors are here");
    requests
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a readable vector")).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn signature(value: &Value) -> Request {
    let of = |name| text(&value[name]);
    Request { url: of("url"), body: of("body"), token: of("auth_token"), signature: of("signature") }
}

fn webhook(value: &Value) -> Request {
    let request = &value["request"];
    let headers = request["headers"].as_array().expect("headers");
    let signature = headers.iter().find(|pair| pair[0] == "X-Twilio-Signature");
    Request {
        url: text(&request["url"]),
        body: text(&request["body"]),
        token: text(&value["auth_token"]),
        signature: signature.map(|pair| text(&pair[1])).unwrap_or_default(),
    }
}

/// Texts as bytes.
pub fn words(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
