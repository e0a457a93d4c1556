//! The accounts and numbers themselves, stored tightly: 25,000 accounts and 100,000 numbers must fit an edge's memory twice,
//! because a new snapshot is built beside the old one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use callplane_proto::edge::v1::{AccountState, NumberState, StateChange, VerifierKind, state_change::Kind};
use prost::Message;

use crate::verify::{ChainingKey, Key};

/// An account as a signature check needs it.
pub struct Account {
    /// Its webhooks are accepted.
    pub active: bool,
    /// What its tokens sign with; empty when it has none and thus cannot be verified.
    pub keys: Vec<Key>,
    /// Which token each key stands for.
    pub kinds: Vec<VerifierKind>,
}

struct Number {
    account: Arc<str>,
    /// Encoded: most edges never need it, and equal ones share their bytes.
    fallback: Option<Bytes>,
}

/// One consistent state.
#[derive(Default)]
pub struct Known {
    accounts: HashMap<Arc<str>, Arc<Account>>,
    numbers: HashMap<Box<str>, Number>,
    fallbacks: HashSet<Bytes>,
}

impl Known {
    pub fn account(&self, sid: &str) -> Option<Arc<Account>> {
        self.accounts.get(sid).cloned()
    }

    pub fn owner(&self, e164: &str) -> Option<Arc<str>> {
        self.numbers.get(e164).map(|number| number.account.clone())
    }

    pub fn fallback(&self, e164: &str) -> Option<Bytes> {
        self.numbers.get(e164)?.fallback.clone()
    }

    pub fn size(&self) -> (usize, usize) {
        (self.accounts.len(), self.numbers.len())
    }

    pub fn apply(&mut self, change: StateChange) {
        match change.kind {
            Some(Kind::Account(account)) => self.put_account(account),
            Some(Kind::Number(number)) => self.put_number(number),
            Some(Kind::AccountRemoved(sid)) => drop(self.accounts.remove(sid.as_str())),
            Some(Kind::NumberRemoved(e164)) => drop(self.numbers.remove(e164.as_str())),
            None => tracing::warn!("a control plane sent a change this edge does not know; update the edge"),
        }
    }

    fn put_account(&mut self, state: AccountState) {
        let AccountState { account_sid, verifiers, active } = state;
        let mut account =
            Account { active, keys: Vec::with_capacity(verifiers.len()), kinds: Vec::with_capacity(verifiers.len()) };
        for verifier in verifiers {
            match ChainingKey::from_bytes(&verifier.inner, &verifier.outer) {
                Some(key) => {
                    account.kinds.push(verifier.kind());
                    account.keys.push(Key::Sha1(key));
                }
                None => tracing::error!(account_sid, "a control plane sent a verifier that is not twice 20 bytes"),
            }
        }
        self.accounts.insert(account_sid.into(), Arc::new(account));
    }

    fn put_number(&mut self, state: NumberState) {
        let NumberState { e164, account_sid, fallback } = state;
        let known = self.accounts.get_key_value(account_sid.as_str());
        let account = known.map_or_else(|| account_sid.as_str().into(), |(sid, _)| sid.clone());
        let fallback = fallback.map(|instructions| self.shared(instructions.encode_to_vec().into()));
        self.numbers.insert(e164.into(), Number { account, fallback });
    }

    fn shared(&mut self, bytes: Bytes) -> Bytes {
        if let Some(same) = self.fallbacks.get(&bytes) {
            return same.clone();
        }
        // Changed fallbacks leave their old bytes behind; sweep before that matters.
        if self.fallbacks.len() > 2 * self.numbers.len() + 1024 {
            let used: HashSet<Bytes> = self.numbers.values().filter_map(|number| number.fallback.clone()).collect();
            self.fallbacks = used;
        }
        self.fallbacks.insert(bytes.clone());
        bytes
    }
}
