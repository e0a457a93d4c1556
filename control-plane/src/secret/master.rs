//! Master keys: read from the setting, wrap data keys, and give keys for other purposes. The first one is active; the
//! others only open what they once wrapped.

use std::fmt;

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    data_key::DataKey,
    envelope::{self, Key, bound_to},
    fault::Fault,
};
use crate::domain::{
    error::{Error, Result, Violation},
    id::WorkspaceId,
};

const SETTING: &str = "CALLPLANE_ENCRYPTION_KEY";

/// The master keys of an installation, the active one first.
#[derive(Clone)]
pub struct MasterKeys(Vec<MasterKey>);

#[derive(Clone)]
pub(super) struct MasterKey {
    pub(super) digest: [u8; 16],
    pub(super) key: Key,
}

/// A data key as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The sealed key.
    pub bytes: Vec<u8>,
    /// The master key that sealed it.
    pub master_key_id: String,
}

/// A fresh master key, as its setting is written.
pub fn generate_master_key() -> SecretString {
    let key = super::envelope::fresh_key();
    SecretString::from(hex::encode(key.as_slice()))
}

impl MasterKeys {
    /// Reads one or several keys, separated by commas, the active one first.
    pub fn from_setting(text: &str) -> Result<Self> {
        let mut keys: Vec<MasterKey> = Vec::new();
        let mut violations = Vec::new();
        for (index, part) in text.split(',').enumerate() {
            let outcome = parse(part.trim()).map(MasterKey::new).and_then(|key| {
                if keys.iter().any(|known| known.digest == key.digest) {
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
        if violations.is_empty() { Ok(Self(keys)) } else { Err(Error::violations(violations)) }
    }

    /// The id of the active key: the first 8 hex digits of its SHA-256.
    pub fn active_id(&self) -> String {
        self.active().id()
    }

    /// The ids of all keys, the active one first.
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(MasterKey::id).collect()
    }

    /// Seals a data key with the active master key.
    pub fn wrap(&self, data_key: &DataKey) -> Wrapped {
        let master = self.active();
        let place = wrapping_place(data_key.workspace(), data_key.id());
        let bytes = envelope::seal(&master.key, master.digest, &place, data_key.bytes());
        Wrapped { bytes, master_key_id: master.id() }
    }

    /// Opens a data key with whichever master key wrapped it.
    pub fn unwrap(&self, workspace: WorkspaceId, data_key: Uuid, bytes: &[u8]) -> std::result::Result<DataKey, Fault> {
        let master = self.named_in(bytes)?;
        let plain = envelope::open(&master.key, &wrapping_place(workspace, data_key), bytes)?;
        let key: [u8; 32] = plain.as_slice().try_into().map_err(|_| Fault::Tampered)?;
        Ok(DataKey::new(data_key, workspace, Zeroizing::new(key)))
    }

    pub(super) fn active(&self) -> &MasterKey {
        self.0.first().expect("a setting without a key is refused")
    }

    pub(super) fn named_in(&self, bytes: &[u8]) -> std::result::Result<&MasterKey, Fault> {
        let digest = envelope::key_id(bytes)?;
        let wrong = || Fault::WrongMasterKey(short(&digest));
        self.0.iter().find(|key| key.digest == digest).ok_or_else(wrong)
    }

    /// Keys for another purpose, in the same order: knowing one says nothing about the master key.
    pub(super) fn derive(&self, purpose: &str) -> Vec<Key> {
        self.0.iter().map(|master| mac(&master.key, &[purpose.as_bytes()])).collect()
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MasterKeys").field(&self.ids()).finish()
    }
}

impl MasterKey {
    fn new(key: Key) -> Self {
        let digest = Sha256::digest(&key[..]);
        Self { digest: *digest.first_chunk().expect("SHA-256 has 32 bytes"), key }
    }

    pub(super) fn id(&self) -> String {
        short(&self.digest)
    }
}

/// HMAC-SHA256 over length-prefixed parts.
pub(super) fn mac(key: &Key, parts: &[&[u8]]) -> Key {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).expect("HMAC takes keys of any length");
    mac.update(&bound_to(parts));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn short(digest: &[u8; 16]) -> String {
    hex::encode(&digest[..4])
}

fn wrapping_place(workspace: WorkspaceId, data_key: Uuid) -> Vec<u8> {
    bound_to(&[b"callplane/data-key/v1", workspace.uuid().as_bytes(), data_key.as_bytes()])
}

fn parse(text: &str) -> std::result::Result<Key, String> {
    const EXPECTED: &str = "expected 32 random bytes as 64 hex digits or base64, such as `openssl rand -hex 32` prints";
    if text.is_empty() {
        return Err(format!("empty; {EXPECTED}"));
    }
    let padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = GeneralPurpose::new(&base64::alphabet::STANDARD, padding);
    let url_safe = GeneralPurpose::new(&base64::alphabet::URL_SAFE, padding);
    let decoded = match text.len() {
        64 => hex::decode(text).ok(),
        _ => standard.decode(text).or_else(|_| url_safe.decode(text)).ok(),
    };
    let bytes = Zeroizing::new(decoded.unwrap_or_default());
    let key: Option<[u8; 32]> = bytes.as_slice().try_into().ok();
    key.map(Zeroizing::new).ok_or_else(|| match text.len() {
        0..43 => format!("too short: a pass-phrase can be guessed; {EXPECTED}"),
        _ => EXPECTED.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn data_key() -> DataKey {
        DataKey::generate(Uuid::from_u128(7), WorkspaceId::from_uuid(Uuid::from_u128(1)))
    }

    #[test]
    fn hex_and_base64_of_the_same_bytes_are_the_same_key() {
        let keys = [HEX, &HEX.to_uppercase(), BASE64, BASE64.trim_end_matches('='), &format!(" {HEX} ")]
            .map(|text| MasterKeys::from_setting(text).expect("valid").active_id());
        // The first 8 hex digits of the SHA-256 of the bytes 00 to 1f.
        assert_eq!(keys, ["630dcd29"; 5]);
    }

    #[test]
    fn a_pass_phrase_is_refused_with_the_reason_and_never_repeated() {
        let error = MasterKeys::from_setting("correct horse battery").expect_err("a pass-phrase");
        assert!(error.message.contains("too short") && error.message.contains("openssl rand -hex 32"), "{error}");
        assert!(!error.message.contains("horse"), "{error}");
        for bad in ["", &HEX[1..], &format!("{HEX}0"), &format!("{HEX},"), &format!("{HEX},{HEX}"), &"x".repeat(64)] {
            let error = MasterKeys::from_setting(bad).expect_err(bad);
            assert_eq!(error.violations[0].field, SETTING);
        }
    }

    #[test]
    fn every_bad_key_is_named_at_once() {
        let error = MasterKeys::from_setting(&format!("short,{HEX},also short")).expect_err("two bad keys");
        assert_eq!(error.violations.len(), 2);
        assert!(error.message.contains("key 1:") && error.message.contains("key 3:"), "{error}");
    }

    #[test]
    fn a_data_key_unwraps_only_for_its_workspace_and_id_and_with_its_master_key() {
        let masters = MasterKeys::from_setting(HEX).expect("valid");
        let key = data_key();
        let Wrapped { bytes, master_key_id } = masters.wrap(&key);
        assert_eq!(master_key_id, masters.active_id());
        let again = masters.unwrap(key.workspace(), key.id(), &bytes).expect("own");
        assert_eq!(again.bytes(), key.bytes());

        let elsewhere = WorkspaceId::from_uuid(Uuid::from_u128(2));
        assert_eq!(masters.unwrap(elsewhere, key.id(), &bytes).err(), Some(Fault::Tampered));
        assert_eq!(masters.unwrap(key.workspace(), Uuid::nil(), &bytes).err(), Some(Fault::Tampered));
        let other = MasterKeys::from_setting(&"ab".repeat(32)).expect("valid");
        assert_eq!(
            other.unwrap(key.workspace(), key.id(), &bytes).err(),
            Some(Fault::WrongMasterKey("630dcd29".into()))
        );
    }

    #[test]
    fn an_old_master_key_still_opens_while_the_new_one_seals() {
        let old = MasterKeys::from_setting(HEX).expect("valid");
        let both = MasterKeys::from_setting(&format!("{},{HEX}", "cd".repeat(32))).expect("valid");
        let key = data_key();
        let wrapped = old.wrap(&key);
        assert!(both.unwrap(key.workspace(), key.id(), &wrapped.bytes).is_ok());
        assert_eq!(both.wrap(&key).master_key_id, both.active_id());
        assert_ne!(both.active_id(), old.active_id());
    }

    #[test]
    fn debug_shows_ids_alone() {
        let text = format!("{:?}", MasterKeys::from_setting(HEX).expect("valid"));
        assert_eq!(text, r#"MasterKeys(["630dcd29"])"#);
    }
}
