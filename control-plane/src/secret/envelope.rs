//! The bytes of a sealed value: version, key id, nonce, length, ciphertext with tag. XChaCha20-Poly1305 with a fresh
//! 192-bit nonce each time, so no replica has to remember a counter. Which key, and bound to what, is the caller's word.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use zeroize::Zeroizing;

use super::fault::Fault;

const VERSION: u8 = 1;
const KEY_ID: usize = 16;
const NONCE: usize = 24;
const LENGTH: usize = 4;
const TAG: usize = 16;
const HEADER: usize = 1 + KEY_ID + NONCE + LENGTH;

/// A 256-bit key, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// A fresh key from the operating system's generator.
pub(super) fn fresh_key() -> Key {
    Zeroizing::new(Generate::generate())
}

/// What a value is bound to, length-prefixed so that no two lists of parts read the same.
pub(super) fn bound_to(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Seals `plaintext` under `key`, which the envelope names, bound to `place`.
pub(super) fn seal(key: &Key, key_id: [u8; KEY_ID], place: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce = XNonce::generate();
    let aad = associated(key_id, place);
    let sealed = cipher(key)
        .encrypt(&nonce, Payload { msg: plaintext, aad: &aad })
        .expect("a value in memory is shorter than the cipher's 256 GiB");
    let length = u32::try_from(sealed.len()).expect("secrets are far shorter than 4 GiB");
    [&[VERSION][..], &key_id, &nonce, &length.to_be_bytes(), &sealed].concat()
}

/// The id of the key that sealed these bytes.
pub(super) fn key_id(bytes: &[u8]) -> Result<[u8; KEY_ID], Fault> {
    let (version, rest) = bytes.split_first().ok_or(Fault::Truncated)?;
    if *version != VERSION {
        return Err(Fault::UnknownVersion(*version));
    }
    rest.first_chunk().copied().ok_or(Fault::Truncated)
}

/// Opens bytes that `key` sealed for `place`.
pub(super) fn open(key: &Key, place: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let key_id = key_id(bytes)?;
    let (header, body) = bytes.split_at_checked(HEADER).ok_or(Fault::Truncated)?;
    let nonce: [u8; NONCE] = *header[1 + KEY_ID..].first_chunk().expect("the header was split off whole");
    let length: [u8; LENGTH] = *header.last_chunk().expect("the header was split off whole");
    let length = u32::from_be_bytes(length) as usize;
    if body.len() < length || body.len() < TAG {
        return Err(Fault::Truncated);
    }
    if body.len() > length {
        return Err(Fault::Tampered);
    }
    let aad = associated(key_id, place);
    cipher(key)
        .decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| Fault::Tampered)
}

fn associated(key_id: [u8; KEY_ID], place: &[u8]) -> Vec<u8> {
    bound_to(&[&[VERSION], &key_id, place])
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new_from_slice(&key[..]).expect("the key has 32 bytes")
}
