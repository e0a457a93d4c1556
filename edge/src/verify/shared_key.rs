//! `X-Twilio-Webhooks-Signature-Settings`, which says that a shared key and not the auth token signed. An edge has no shared
//! keys and refuses such requests; `explain-signature` can check them with the secret in a file.

use http::HeaderName;

/// The header's name.
pub static HEADER: HeaderName = HeaderName::from_static("x-twilio-webhooks-signature-settings");

/// How a request was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA1: what an auth token does, and a shared key may.
    Sha1,
    /// HMAC-SHA256: a shared key only.
    Sha256,
}

/// Reads the header. Without `algorithm=` it changes nothing; an unknown algorithm is an error that names it.
pub fn algorithm(header: Option<&str>) -> Result<Algorithm, String> {
    let parts = header.unwrap_or_default().split(',');
    let mut pairs = parts.filter_map(|part| part.split_once('=')).map(|(name, value)| (name.trim(), value.trim()));
    match pairs.find(|(name, _)| *name == "algorithm") {
        None | Some((_, "HMAC_SHA1")) => Ok(Algorithm::Sha1),
        Some((_, "HMAC_SHA256")) => Ok(Algorithm::Sha256),
        Some((_, other)) => Err(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, algorithm};

    #[test]
    fn the_header_names_the_algorithm() {
        assert_eq!(algorithm(None), Ok(Algorithm::Sha1));
        assert_eq!(algorithm(Some("key=k")), Ok(Algorithm::Sha1));
        assert_eq!(algorithm(Some("key=k,algorithm=HMAC_SHA1")), Ok(Algorithm::Sha1));
        assert_eq!(algorithm(Some(" key = k , algorithm = HMAC_SHA256 ")), Ok(Algorithm::Sha256));
        assert_eq!(algorithm(Some("algorithm=none")), Err("none".to_owned()));
    }
}
