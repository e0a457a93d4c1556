//! Tokens whose signature was checked before, by the SHA-256 of the token: EdDSA costs 30 µs a request otherwise. Bounded.
//! Times and revocation are checked on every request all the same.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::claims::Claims;
use crate::domain::time::Timestamp;

const CAPACITY: usize = 4096;

#[derive(Default)]
pub(super) struct Verified(Mutex<HashMap<[u8; 32], Claims>>);

impl Verified {
    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    pub(super) fn put(&self, digest: [u8; 32], claims: &Claims, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(&digest) {
            return;
        }
        if known.len() >= CAPACITY {
            known.retain(|_, claims| now < claims.expires);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(digest, claims.clone());
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
