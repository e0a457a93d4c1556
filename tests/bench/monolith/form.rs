//! A form and its signature, as Twilio's documentation describes them.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The fields of a form, sorted as they are signed.
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Reads a form.
    pub fn parse(body: &'a [u8]) -> Self {
        let mut fields: Vec<_> = form_urlencoded::parse(body).collect();
        fields.sort_unstable();
        Self(fields)
    }

    /// A field; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name));
        found.map_or("", |place| self.0[place].1.as_ref())
    }

    /// Whether the owner of the key signed it for this URL.
    pub fn is_signed(&self, url: &str, key: &Hmac<Sha1>, signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let mut mac = key.clone();
        mac.update(url.as_bytes());
        for (name, value) in &self.0 {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit};

    use super::Form;

    /// The example of Twilio's documentation.
    #[test]
    fn the_signature_of_the_documentation_holds_and_no_other() {
        let body = b"Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE";
        let form = Form::parse(body);
        let key = |token: &str| Hmac::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
        let url = "https://example.com/myapp.php?foo=1&bar=2";
        assert!(form.is_signed(url, &key("12345"), "L/OH5YylLD5NRKLltdqwSvS0BnU="));
        assert!(!form.is_signed(url, &key("12346"), "L/OH5YylLD5NRKLltdqwSvS0BnU="));
        assert!(!form.is_signed("https://example.com/myapp.php", &key("12345"), "L/OH5YylLD5NRKLltdqwSvS0BnU="));
        assert!(!form.is_signed(url, &key("12345"), ""));
        assert_eq!((form.text("Digits"), form.text("Nothing")), ("1234", ""));
    }
}
