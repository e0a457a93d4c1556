//! `X-Twilio-Signature` of a form POST: HMAC-SHA1 over the URL and the sorted parameters.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The signature Twilio would send.
pub fn of(url: &str, fields: &[(String, String)], auth_token: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token).expect("HMAC takes keys of any length");
    mac.update(url.split('#').next().unwrap_or_default().as_bytes());
    for (name, values) in sorted(fields) {
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// By name, within a name by value, the same pair once.
fn sorted(fields: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    fields.iter().for_each(|(name, value)| {
        sorted.entry(name).or_default().insert(value);
    });
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_twilios_documentation_agrees() {
        let fields = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(of("https://example.com/myapp.php?foo=1&bar=2", &fields, b"12345"), "L/OH5YylLD5NRKLltdqwSvS0BnU=");
    }
}
