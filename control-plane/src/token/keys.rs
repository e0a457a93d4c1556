//! Signing keys: read from the setting, sign with the first, verify with any. One algorithm per key id, so that a public
//! key can never be taken for an HMAC secret.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::aead::Generate;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{AlgorithmParameters, Jwk},
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    claims::{Claims, Wire, invalid},
    verified::Verified,
};
use crate::domain::{
    error::{Error, Result, Violation},
    time::Timestamp,
};

const SETTING: &str = "CALLPLANE_TOKEN_KEY";
const EXPECTED: &str = "expected an Ed25519 private key as PKCS#8 PEM, such as `callplane-control-plane token key` or \
                        `openssl genpkey -algorithm ed25519` prints";
const BEGIN: &str = "-----BEGIN ";
const MAX_LENGTH: usize = 8 * 1024;
/// What precedes the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The keys that sign and verify tokens, the signing one first.
pub struct TokenKeys {
    keys: Vec<Key>,
    verified: Verified,
}

struct Key {
    id: String,
    algorithm: Algorithm,
    signs: EncodingKey,
    verifies: DecodingKey,
}

/// A fresh Ed25519 private key as PKCS#8 PEM.
pub fn generate_pem() -> SecretString {
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(Generate::generate());
    let der = Zeroizing::new([&PKCS8_PREFIX[..], &seed[..]].concat());
    let body = Zeroizing::new(BASE64_STANDARD.encode(&*der));
    SecretString::from(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", &*body))
}

impl TokenKeys {
    /// Reads one or several PEM blocks, the signing key first. In the `dev` profile `hs256:` and 64 hex digits is a key
    /// too; such keys are lines of their own.
    pub fn from_setting(text: &str, dev: bool) -> Result<Self> {
        let mut keys: Vec<Key> = Vec::new();
        let mut violations = Vec::new();
        for (index, part) in parts(text).into_iter().enumerate() {
            let outcome = Key::parse(part.trim(), dev).and_then(|key| {
                if keys.iter().any(|known| known.id == key.id) {
                    return Err("the same key is given twice".to_owned());
                }
                keys.push(key);
                Ok(())
            });
            if let Err(reason) = outcome {
                let description = format!("key {}: {reason}", index + 1);
                violations.push(Violation { field: SETTING.to_owned(), description });
            }
        }
        if keys.is_empty() && violations.is_empty() {
            violations.push(Violation { field: SETTING.to_owned(), description: format!("empty; {EXPECTED}") });
        }
        if violations.is_empty() {
            Ok(Self { keys, verified: Verified::default() })
        } else {
            Err(Error::violations(violations))
        }
    }

    /// The token with these claims.
    pub fn sign(&self, claims: &Claims) -> Result<SecretString> {
        let key = self.keys.first().expect("a setting without a key is refused");
        let header = Header { kid: Some(key.id.clone()), ..Header::new(key.algorithm) };
        jsonwebtoken::encode(&header, &Wire::from(claims), &key.signs).map(SecretString::from).map_err(Error::internal)
    }

    /// What the token says, if one of the keys signed it and it is valid now.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        if token.len() > MAX_LENGTH {
            return Err(invalid("the token is too long"));
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let claims = match self.verified.get(&digest) {
            Some(claims) => claims,
            None => self.verify_signature(token)?,
        };
        claims.check_time(now)?;
        self.verified.put(digest, &claims, now);
        Ok(claims)
    }

    fn verify_signature(&self, token: &str) -> Result<Claims> {
        let malformed = |_| invalid("the token is malformed");
        let header = jsonwebtoken::decode_header(token).map_err(malformed)?;
        let id = header.kid.as_deref().unwrap_or_default();
        let key =
            self.keys.iter().find(|key| key.id == id).ok_or_else(|| invalid("the token has an unknown key id"))?;
        if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
            return Err(invalid("the token demands what this server does not know"));
        }
        let mut validation = Validation::new(key.algorithm);
        // jsonwebtoken reads the machine's clock; `check_time` takes the handed one. `Claims` checks the rest.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Wire>(token, &key.verifies, &validation);
        decoded.map_err(|_| invalid("the token's signature or claims are not valid"))?.claims.try_into()
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| (&key.id, key.algorithm))).finish()
    }
}

/// PEM blocks and lines between them. An environment variable may carry `\n` for a line break.
fn parts(text: &str) -> Vec<Zeroizing<String>> {
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    let mut parts: Vec<Zeroizing<String>> = Vec::new();
    let mut in_block = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match parts.last_mut().filter(|_| in_block) {
            Some(block) => {
                block.push('\n');
                block.push_str(line);
            }
            None => parts.push(Zeroizing::new(line.to_owned())),
        }
        in_block = (in_block || line.starts_with(BEGIN)) && !line.starts_with("-----END ");
    }
    parts
}

impl Key {
    fn parse(text: &str, dev: bool) -> std::result::Result<Self, String> {
        match text.strip_prefix("hs256:") {
            Some(_) if !dev => Err("`hs256:` keys are for the `dev` profile only; ".to_owned() + EXPECTED),
            Some(hex) => Self::hs256(hex),
            None => Self::ed25519(text).ok_or_else(|| EXPECTED.to_owned()),
        }
    }

    fn hs256(text: &str) -> std::result::Result<Self, String> {
        let secret = Zeroizing::new(hex::decode(text).unwrap_or_default());
        if secret.len() != 32 {
            return Err("expected `hs256:` and 64 hex digits".to_owned());
        }
        Ok(Self {
            id: key_id(&secret),
            algorithm: Algorithm::HS256,
            signs: EncodingKey::from_secret(&secret),
            verifies: DecodingKey::from_secret(&secret),
        })
    }

    fn ed25519(pem: &str) -> Option<Self> {
        let signs = EncodingKey::from_ed_pem(pem.as_bytes()).ok()?;
        let jwk = Jwk::from_encoding_key(&signs, Algorithm::EdDSA).ok()?;
        let AlgorithmParameters::OctetKeyPair(parameters) = &jwk.algorithm else { return None };
        let id = key_id(parameters.x.as_bytes());
        let verifies = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id, algorithm: Algorithm::EdDSA, signs, verifies })
    }
}

fn key_id(material: &[u8]) -> String {
    hex::encode(&Sha256::digest(material)[..8])
}
