//! A form as Twilio sends it: names and values decoded once, as bytes, in wire order, within a bound. Keeps blank values,
//! repeated names and names without `=`, because all of them are signed. Knows no field's meaning.

use std::borrow::Cow;

/// Decoded fields in wire order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// More fields than allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyFields;

impl Form {
    /// Reads `application/x-www-form-urlencoded` text, be it a body or a query.
    pub fn parse(encoded: &[u8], max_fields: usize) -> Result<Self, TooManyFields> {
        let mut fields = Vec::with_capacity(32);
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == max_fields {
                return Err(TooManyFields);
            }
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            fields.push((decode(name), decode(value)));
        }
        Ok(Self { fields })
    }

    /// The raw fields, for the string to sign.
    pub fn fields(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.fields
    }

    /// The first value of a name.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// The first value of a name as text, without NUL, which PostgreSQL refuses. Broken UTF-8 becomes U+FFFD: the signature
    /// is checked on the bytes, and a caller should not be lost over a bad character in a name.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = String::from_utf8_lossy(self.bytes(name)?);
        Some(if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text })
    }

    /// A name that comes twice with different values: which one is meant cannot be known, and the signature does not say,
    /// because it is the same for either order.
    pub fn contradiction<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| {
            let mut values = self.fields.iter().filter(|(key, _)| key == name.as_bytes()).map(|(_, value)| value);
            values.next().is_some_and(|first| values.any(|other| other != first))
        })
    }

    /// The same form with values changed or fields left out.
    pub fn map(&self, change: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Self {
        let fields = self.fields.iter();
        let changed = fields.filter_map(|(name, value)| Some((name.clone(), change(name, value)?)));
        Self { fields: changed.collect() }
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// No field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// `+` is a space; a `%` that starts no byte stays, as in every form decoder.
fn decode(encoded: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::{Form, TooManyFields};
    use proptest::prelude::*;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes(), 200).expect("few fields")
    }

    #[test]
    fn blank_values_and_bare_names_are_fields() {
        let form = form("Flag&ToZip=&From=%2B18185550100");
        assert_eq!(form.bytes("Flag"), Some(&b""[..]));
        assert_eq!(form.bytes("ToZip"), Some(&b""[..]));
        assert_eq!(form.text("From").as_deref(), Some("+18185550100"));
        assert_eq!(form.bytes("To"), None);
    }

    #[test]
    fn values_are_decoded_once() {
        assert_eq!(form("CallToken=%257B").text("CallToken").as_deref(), Some("%7B"));
        assert_eq!(form("Body=1%2B1+%3d%202%zz").text("Body").as_deref(), Some("1+1 = 2%zz"));
    }

    #[test]
    fn nul_goes_and_broken_utf8_is_shown_as_such() {
        assert_eq!(form("Body=a%00b").text("Body").as_deref(), Some("ab"));
        assert_eq!(form("Body=a%ff").text("Body").as_deref(), Some("a\u{fffd}"));
        assert_eq!(form("Body=a%ff").bytes("Body"), Some(&b"a\xff"[..]));
    }

    #[test]
    fn one_field_too_many_is_refused() {
        assert!(Form::parse(b"a&b", 2).is_ok());
        assert_eq!(Form::parse(b"a&b&c", 2), Err(TooManyFields));
    }

    #[test]
    fn two_values_for_one_name_contradict() {
        assert_eq!(form("To=a&To=b").contradiction(&["From", "To"]), Some("To"));
        assert_eq!(form("To=a&To=a").contradiction(&["From", "To"]), None);
    }

    proptest! {
        #[test]
        fn whatever_a_client_encodes_is_read_back(fields in proptest::collection::vec((".+", ".*"), 0..20)) {
            let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let read: Vec<(String, String)> = form(&encoded).fields().iter()
                .map(|(name, value)| (String::from_utf8_lossy(name).into(), String::from_utf8_lossy(value).into()))
                .collect();
            prop_assert_eq!(read, fields);
        }
    }
}
