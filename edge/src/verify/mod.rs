//! Is this webhook from Twilio? Pure: URL, content, header and keys in, a verdict out. Which account's keys, and what a
//! refusal looks like, is decided elsewhere.

pub mod candidates;
mod chaining;
pub mod explain;
mod message;
pub mod shared_key;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderName;
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub use chaining::ChainingKey;
pub use message::{BodyFault, Content};

/// The signature's header.
pub static HEADER: HeaderName = HeaderName::from_static("x-twilio-signature");

/// One request as the signature sees it.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The public URL and the path and query as received.
    pub url: &'a str,
    /// What follows the URL in the signed text, or stands beside it.
    pub content: Content<'a>,
    /// The header; `None` if there was none.
    pub signature: Option<&'a str>,
}

/// Something that signs.
pub enum Key {
    /// An auth token, or a shared key with HMAC_SHA1.
    Sha1(ChainingKey),
    /// A shared key with HMAC_SHA256: the secret as text.
    Sha256(Vec<u8>),
}

/// Why a request is not from Twilio.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// No header, or an empty one.
    NoSignature,
    /// Not standard base64 of the right length.
    MalformedSignature,
    /// The body is not the one that was signed.
    Body(BodyFault),
    /// No key and no URL gives this signature.
    Mismatch,
}

/// The index of the key that signed, or why none did.
pub fn verify(request: Signed<'_>, keys: &[Key]) -> Result<usize, Fault> {
    let header = request.signature.filter(|header| !header.is_empty()).ok_or(Fault::NoSignature)?;
    let signature = decode(header).ok_or(Fault::MalformedSignature)?;
    let signature = signature.as_slice();
    if !keys.is_empty() && keys.iter().all(|key| key.len() != signature.len()) {
        return Err(Fault::MalformedSignature);
    }
    request.content.check_body(request.url).map_err(Fault::Body)?;

    // Nearly every request is signed with the URL as it stands; the variants are built only when it is not.
    let plain = candidates::without_fragment(request.url);
    let mut text = Vec::with_capacity(plain.len() + request.content.size());
    if let Some(index) = signer(keys, &mut text, plain, request.content, signature) {
        return Ok(index);
    }
    let others = candidates::candidates(request.url);
    let signed = others.iter().find_map(|url| signer(keys, &mut text, url, request.content, signature));
    signed.ok_or(Fault::Mismatch)
}

fn signer(keys: &[Key], text: &mut Vec<u8>, url: &str, content: Content<'_>, signature: &[u8]) -> Option<usize> {
    text.clear();
    text.extend_from_slice(url.as_bytes());
    content.append_to(text);
    keys.iter().position(|key| key.signs(text, signature))
}

/// The longest signature there is, HMAC-SHA256's, and what base64 makes of it.
const LONGEST: usize = 32;
const LONGEST_HEADER: usize = 44;

/// The engine is strict: canonical padding, no spaces, no leftover bits.
fn decode(header: &str) -> Option<Signature> {
    if header.len() > LONGEST_HEADER {
        return None;
    }
    // The decoder wants room for three bytes of every four characters, padded or not.
    let mut bytes = [0; LONGEST_HEADER / 4 * 3];
    let length = STANDARD.decode_slice(header, &mut bytes).ok().filter(|length| *length <= LONGEST)?;
    Some(Signature { bytes, length })
}

struct Signature {
    bytes: [u8; LONGEST_HEADER / 4 * 3],
    length: usize,
}

impl Signature {
    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Could be the signature of a webhook: what base64 makes of 20 bytes. Asked before a body is read.
pub fn may_be_signature(header: &[u8]) -> bool {
    let Some((b"=", text)) = header.split_last_chunk::<1>().map(|(text, last)| (last, text)) else { return false };
    text.len() == 27 && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

impl Key {
    /// An auth token as text.
    pub fn token(token: &[u8]) -> Self {
        Self::Sha1(ChainingKey::from_token(token))
    }

    fn len(&self) -> usize {
        match self {
            Self::Sha1(_) => 20,
            Self::Sha256(_) => 32,
        }
    }

    fn signs(&self, text: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha1(key) => key.mac(text).as_slice().ct_eq(signature).into(),
            Self::Sha256(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
                mac.update(text);
                mac.verify_slice(signature).is_ok()
            }
        }
    }
}
