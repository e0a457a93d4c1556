//! `X-Twilio-Signature`: what Twilio signs and how. Signs; never checks a request of ours.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The signature of a form POST (`parameters` as decoded) or, with none, of a GET.
pub fn sign(auth_token: &str, url: &str, parameters: &[(String, String)]) -> String {
    let mut text = url.to_owned();
    for (name, values) in grouped(parameters) {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Names sorted by byte, the values of one name sorted and without duplicates.
fn grouped(parameters: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in parameters {
        groups.entry(name).or_default().insert(value);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn pairs(value: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        value.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
    }

    #[test]
    fn every_complete_webhook_vector_is_signed_as_twilio_signed_it() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/webhooks");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).expect("the vectors are in the repository") {
            let path = file.expect("a readable folder").path();
            let text = std::fs::read_to_string(&path).expect("a readable vector");
            let vector: Value = serde_json::from_str(&text).expect("a vector is JSON");
            let request = &vector["request"];
            let url = request["url"].as_str().expect("a vector has a URL");
            let token = vector["auth_token"].as_str().expect("a vector has a token");
            let header = pairs(&request["headers"]).into_iter().find(|(name, _)| name == "X-Twilio-Signature");
            let (_, expected) = header.expect("a vector has a signature");
            assert_eq!(sign(token, url, &pairs(&vector["params"])), expected, "{}", path.display());
            seen += 1;
        }
        assert!(seen >= 25);
    }

    #[test]
    fn the_valid_form_posts_of_the_signature_vectors_agree() {
        let text = include_str!("../../vectors/signature.json");
        let file: Value = serde_json::from_str(text).expect("the vectors are JSON");
        let mut seen = 0;
        for vector in file["vectors"].as_array().expect("a list of vectors") {
            let plain = vector["basis"] == "library"
                && vector["valid"] == true
                && vector["method"] == "POST"
                && vector["params"].is_array()
                && vector["signature_settings_header"].is_null();
            let url = vector["url"].as_str().expect("a vector has a URL");
            // Ports, fragments and userinfo are removed by the sender before it signs: `webhook::target`.
            let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
            if !plain || authority.contains([':', '@']) || url.contains('#') {
                continue;
            }
            let token = vector["auth_token"].as_str().expect("a vector has a token");
            let given = vector["signature"].as_str().expect("a vector has a signature");
            // Some vectors were signed for the URL with its default port written out.
            let port = if url.starts_with("http:") { 80 } else { 443 };
            let with_port = url.replacen(authority, &format!("{authority}:{port}"), 1);
            let either = [url, &with_port].map(|url| sign(token, url, &pairs(&vector["params"])));
            assert!(either.iter().any(|signature| signature == given), "{}", vector["id"]);
            seen += 1;
        }
        assert!(seen > 10, "only {seen} vectors were comparable");
    }
}
