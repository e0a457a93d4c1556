//! Stream tokens: what a voice server shows to prove that a media stream belongs to a call of ours. Signed, 60 s, and
//! single use: the store remembers the nonce until the token has ended.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::aead::Generate;
use chrono::{DateTime, TimeDelta};
use secrecy::SecretString;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    envelope::Key,
    master::{MasterKeys, mac},
};
use crate::domain::{
    error::{Error, Kind, Result},
    id::CallId,
    time::Timestamp,
};

const LIFETIME: TimeDelta = TimeDelta::seconds(60);
const BODY: usize = 16 + 8 + 16;
const LABEL: &[u8] = b"callplane/stream-token/v1";

/// Makes and checks stream tokens.
#[derive(Clone)]
pub struct StreamTokens(Vec<Key>);

/// What a valid stream token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamGrant {
    /// The call.
    pub call_id: CallId,
    /// Accepted once; remember it until `expires`.
    pub nonce: Uuid,
    /// When it ends.
    pub expires: Timestamp,
}

impl StreamTokens {
    /// With keys derived from the master keys.
    pub fn new(keys: &MasterKeys) -> Self {
        Self(keys.derive("stream-token"))
    }

    /// A token for one stream of this call.
    pub fn mint(&self, call: CallId, now: Timestamp) -> SecretString {
        let nonce: [u8; 16] = Generate::generate();
        let expires = (now + LIFETIME).timestamp_millis();
        let body = [&call.uuid().as_bytes()[..], &expires.to_be_bytes(), &nonce].concat();
        let key = self.0.first().expect("there is an active master key");
        let token = [&body[..], &mac(key, &[LABEL, &body])[..]].concat();
        SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    /// What the token says, if it is ours and has not ended.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<StreamGrant> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| foreign())?;
        let (body, tag) = bytes.split_first_chunk::<BODY>().ok_or_else(foreign)?;
        let ours = self.0.iter().any(|key| bool::from(mac(key, &[LABEL, body]).ct_eq(tag)));
        if !ours {
            return Err(foreign());
        }
        let grant = read(body).ok_or_else(foreign)?;
        if now >= grant.expires {
            return Err(refused("the stream token has ended; tokens are valid for 60 seconds"));
        }
        Ok(grant)
    }
}

fn read(body: &[u8; BODY]) -> Option<StreamGrant> {
    let (call, rest) = body.split_first_chunk::<16>()?;
    let (expires, nonce) = rest.split_first_chunk::<8>()?;
    Some(StreamGrant {
        call_id: CallId::from_uuid(Uuid::from_bytes(*call)),
        nonce: Uuid::from_slice(nonce).ok()?,
        expires: DateTime::from_timestamp_millis(i64::from_be_bytes(*expires))?,
    })
}

fn foreign() -> Error {
    refused("not a stream token of this installation")
}

fn refused(message: &str) -> Error {
    Error::new(Kind::FailedPrecondition, "STREAM_TOKEN_INVALID", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    const NOW: Timestamp = DateTime::from_timestamp_nanos(1_750_000_000_000_000_000);

    fn tokens(key: &str) -> StreamTokens {
        StreamTokens::new(&MasterKeys::from_setting(key).expect("valid"))
    }

    fn call() -> CallId {
        CallId::from_uuid(Uuid::from_u128(42))
    }

    #[test]
    fn a_token_names_its_call_until_it_ends() {
        let tokens = tokens(&"11".repeat(32));
        let token = tokens.mint(call(), NOW);
        let grant = tokens.check(token.expose_secret(), NOW + TimeDelta::seconds(59)).expect("still valid");
        assert_eq!((grant.call_id, grant.expires), (call(), NOW + LIFETIME));
        assert!(tokens.check(token.expose_secret(), NOW + LIFETIME).is_err());
        assert!(token.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn two_tokens_of_a_call_have_different_nonces() {
        let tokens = tokens(&"11".repeat(32));
        let [one, two] = [(); 2].map(|()| tokens.check(tokens.mint(call(), NOW).expose_secret(), NOW).expect("valid"));
        assert_ne!(one.nonce, two.nonce);
    }

    #[test]
    fn a_token_survives_a_key_rotation_but_not_a_foreign_key() {
        let (old, new) = ("11".repeat(32), "22".repeat(32));
        let token = tokens(&old).mint(call(), NOW);
        assert!(tokens(&format!("{new},{old}")).check(token.expose_secret(), NOW).is_ok());
        assert!(tokens(&new).check(token.expose_secret(), NOW).is_err());
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let tokens = tokens(&"11".repeat(32));
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(tokens.mint(call(), NOW).expose_secret()).expect("own");
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(tokens.check(&BASE64_URL_SAFE_NO_PAD.encode(bytes), NOW).is_err());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".{0,200}") {
            prop_assert!(tokens(&"11".repeat(32)).check(&text, NOW).is_err());
        }
    }
}
