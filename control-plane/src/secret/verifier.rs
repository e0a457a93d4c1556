//! What an edge needs to check Twilio's signatures without the auth token: the two chaining states of HMAC-SHA1 after
//! the key block. The token cannot be computed from them.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1, block_api};
use zeroize::Zeroizing;

const BLOCK: usize = 64;
/// The initial state of SHA-1 (FIPS 180-4, 5.3.1).
const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The states after the key block, five big-endian words each.
#[derive(Clone, PartialEq, Eq)]
pub struct HmacSha1States {
    /// After the key xor 0x36.
    pub inner: [u8; 20],
    /// After the key xor 0x5c.
    pub outer: [u8; 20],
}

/// The states of HMAC-SHA1 keyed with an auth token.
pub fn hmac_states(auth_token: &SecretString) -> HmacSha1States {
    let token = auth_token.expose_secret().as_bytes();
    let mut block = Zeroizing::new([0; BLOCK]);
    if token.len() > BLOCK {
        let digest: Zeroizing<[u8; 20]> = Zeroizing::new(Sha1::digest(token).into());
        block[..digest.len()].copy_from_slice(&digest[..]);
    } else {
        block[..token.len()].copy_from_slice(token);
    }
    HmacSha1States { inner: state_after(&block, 0x36), outer: state_after(&block, 0x5c) }
}

fn state_after(key: &[u8; BLOCK], pad: u8) -> [u8; 20] {
    let block = Zeroizing::new(key.map(|byte| byte ^ pad));
    let mut words = INITIAL;
    block_api::compress(&mut words, std::slice::from_ref(&*block));
    let mut state = [0; 20];
    for (bytes, word) in state.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    state
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    /// SHA-1 of one block's worth of bytes already taken, then `message`.
    fn finish(state: [u8; 20], message: &[u8]) -> [u8; 20] {
        let mut words: [u32; 5] =
            std::array::from_fn(|i| u32::from_be_bytes(*state[4 * i..].first_chunk().expect("20 bytes")));
        let mut padded = message.to_vec();
        padded.push(0x80);
        padded.resize(padded.len().next_multiple_of(BLOCK), 0);
        if padded.len() - message.len() < 9 {
            padded.resize(padded.len() + BLOCK, 0);
        }
        let end = padded.len();
        padded[end - 8..].copy_from_slice(&(8 * (BLOCK + message.len()) as u64).to_be_bytes());
        for block in padded.chunks_exact(BLOCK) {
            block_api::compress(&mut words, &[*block.first_chunk().expect("a whole block")]);
        }
        let mut digest = [0; 20];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }

    proptest! {
        #[test]
        fn finishing_from_the_states_is_hmac_sha1(token in ".{0,90}", message in prop::collection::vec(any::<u8>(), 0..300)) {
            let states = hmac_states(&SecretString::from(token.clone()));
            let ours = finish(states.outer, &finish(states.inner, &message));
            let mut hmac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("any length");
            hmac.update(&message);
            prop_assert_eq!(&ours[..], &hmac.finalize().into_bytes()[..]);
        }
    }
}
