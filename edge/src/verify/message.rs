//! The part of the string to sign that follows the URL, and the check of a body that is not a form.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::form::Form;

/// What kind of request was signed: it decides what follows the URL.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// All parameters are in the URL, which alone is signed.
    Query,
    /// A form: its sorted fields follow the URL.
    Form(&'a Form),
    /// Anything else: the URL carries the body's hash.
    Opaque(&'a [u8]),
}

/// Why a body that is not a form cannot be right, whatever the signature says.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// The URL has no `bodySHA256`, or an empty one.
    NoHash,
    /// The body does not have the hash in the URL.
    OtherHash,
}

impl Content<'_> {
    /// The fields, names sorted by byte order, the values of one name sorted and each taken once, all without separators.
    pub fn suffix(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.size());
        self.append_to(&mut text);
        text
    }

    /// No more than so many bytes.
    pub fn size(&self) -> usize {
        if let Content::Form(form) = self { form.size() } else { 0 }
    }

    /// The same, behind the URL.
    pub fn append_to(&self, text: &mut Vec<u8>) {
        let Content::Form(form) = self else { return };
        let mut last = None;
        for field @ (name, value) in form.sorted() {
            if last.replace(field) == Some(field) {
                continue;
            }
            text.extend_from_slice(name);
            text.extend_from_slice(value);
        }
    }

    /// Compares an opaque body with the `bodySHA256` of the URL it came to.
    pub fn check_body(&self, url: &str) -> Result<(), BodyFault> {
        let Content::Opaque(body) = self else { return Ok(()) };
        let claimed = body_hash(url).filter(|hash| !hash.is_empty()).ok_or(BodyFault::NoHash)?;
        let actual = hex::encode(Sha256::digest(body));
        if actual.as_bytes().ct_eq(claimed.as_bytes()).into() { Ok(()) } else { Err(BodyFault::OtherHash) }
    }
}

fn body_hash(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("bodySHA256="))
}

#[cfg(test)]
mod tests {
    use super::{BodyFault, Content};
    use crate::form::Form;

    fn suffix(encoded: &str) -> String {
        let form = Form::parse(encoded.as_bytes(), 200).expect("few fields");
        String::from_utf8(Content::Form(&form).suffix()).expect("ASCII")
    }

    #[test]
    fn names_are_sorted_by_bytes_and_values_taken_once() {
        assert_eq!(suffix("Tag=b&Tag=a&Tag=B&Tag=a&Tag="), "TagTagBTagaTagb");
        assert_eq!(suffix("callSid=l&CallSid=u&CALLSID=a"), "CALLSIDaCallSiducallSidl");
        assert_eq!(suffix("SidAccount=2&Sid=1"), "Sid1SidAccount2");
    }

    #[test]
    fn an_opaque_body_needs_its_hash_in_the_url() {
        let body = Content::Opaque(b"{}");
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(body.check_body(&format!("https://h/p?a=1&bodySHA256={hash}&b")), Ok(()));
        assert_eq!(
            body.check_body(&format!("https://h/p?bodySHA256={}", hash.to_uppercase())),
            Err(BodyFault::OtherHash)
        );
        assert_eq!(body.check_body("https://h/p?bodySHA256="), Err(BodyFault::NoHash));
        assert_eq!(body.check_body("https://h/p"), Err(BodyFault::NoHash));
    }
}
