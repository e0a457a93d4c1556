//! HMAC-SHA1 continued from its two chaining states, so that whoever holds them can check a signature and cannot know the
//! key. Knows nothing of URLs or forms.

use sha1::block_api::compress;

/// What a control plane sends in place of an auth token: SHA-1 after the inner and after the outer key block.
#[derive(Clone, PartialEq, Eq)]
pub struct ChainingKey {
    inner: [u32; 5],
    outer: [u32; 5],
}

/// SHA-1 before any input (FIPS 180-4, 5.3.1).
const START: [u32; 5] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
const BLOCK: usize = 64;

impl ChainingKey {
    /// From the wire: 20 bytes each, five big-endian words.
    pub fn from_bytes(inner: &[u8], outer: &[u8]) -> Option<Self> {
        Some(Self { inner: words(inner)?, outer: words(outer)? })
    }

    /// From a token at hand, as `explain-signature` has it.
    pub fn from_token(token: &[u8]) -> Self {
        let mut key = [0; BLOCK];
        if token.len() > BLOCK {
            let digest = finish(START, 0, token);
            key[..digest.len()].copy_from_slice(&digest);
        } else {
            key[..token.len()].copy_from_slice(token);
        }
        Self { inner: after_key_block(&key, 0x36), outer: after_key_block(&key, 0x5c) }
    }

    /// HMAC-SHA1 of the message.
    pub fn mac(&self, message: &[u8]) -> [u8; 20] {
        let inner = finish(self.inner, BLOCK, message);
        finish(self.outer, BLOCK, &inner)
    }
}

/// The states are no secret that opens Twilio, but they do sign webhooks.
impl std::fmt::Debug for ChainingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ChainingKey(…)")
    }
}

fn after_key_block(key: &[u8; BLOCK], pad: u8) -> [u32; 5] {
    let mut state = START;
    compress(&mut state, &[key.map(|byte| byte ^ pad)]);
    state
}

/// Hashes the rest of a message of which `before` bytes (whole blocks) are in the state, and pads.
fn finish(mut state: [u32; 5], before: usize, message: &[u8]) -> [u8; 20] {
    let (blocks, tail) = message.as_chunks::<BLOCK>();
    compress(&mut state, blocks);
    let bits = 8 * (before as u64 + message.len() as u64);
    let mut last = [0; 2 * BLOCK];
    last[..tail.len()].copy_from_slice(tail);
    last[tail.len()] = 0x80;
    // The length takes the last eight bytes; a long tail leaves no room for it in its own block.
    let end = if tail.len() < BLOCK - 8 { BLOCK } else { 2 * BLOCK };
    last[end - 8..end].copy_from_slice(&bits.to_be_bytes());
    compress(&mut state, last[..end].as_chunks().0);

    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn words(bytes: &[u8]) -> Option<[u32; 5]> {
    let bytes: &[u8; 20] = bytes.try_into().ok()?;
    let (chunks, _) = bytes.as_chunks::<4>();
    let mut words = [0; 5];
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u32::from_be_bytes(*chunk);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::ChainingKey;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha1::Sha1;

    proptest! {
        #[test]
        fn continuing_from_the_chaining_states_is_hmac_sha1(
            token in proptest::collection::vec(any::<u8>(), 0..130),
            message in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut whole = Hmac::<Sha1>::new_from_slice(&token).expect("HMAC takes keys of any length");
            whole.update(&message);
            let expected = whole.finalize().into_bytes();
            prop_assert_eq!(ChainingKey::from_token(&token).mac(&message).to_vec(), expected.to_vec());
        }
    }

    #[test]
    fn states_of_a_wrong_length_are_refused() {
        assert!(ChainingKey::from_bytes(&[0; 20], &[0; 20]).is_some());
        assert!(ChainingKey::from_bytes(&[0; 19], &[0; 20]).is_none());
        assert!(ChainingKey::from_bytes(&[0; 20], &[]).is_none());
    }

    #[test]
    fn a_debug_print_shows_no_state() {
        assert_eq!(format!("{:?}", ChainingKey::from_token(b"12345")), "ChainingKey(…)");
    }
}
