//! The accounts and numbers themselves, stored tightly: 25,000 accounts and 100,000 numbers must fit an edge's memory twice,
//! because a new snapshot is built beside the old one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

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
    fallback: Option<Arc<[u8]>>,
}

/// An E.164 number as a number: an eighth of what its text would take.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Digits(u64);

impl Digits {
    /// A plus and up to 15 digits; a one is put before them, so that a zero counts.
    fn of(e164: &str) -> Option<Self> {
        let digits = e164.strip_prefix('+').filter(|digits| (1..=15).contains(&digits.len()))?;
        let append = |number: u64, digit: char| Some(number * 10 + u64::from(digit.to_digit(10)?));
        digits.chars().try_fold(1, append).map(Self)
    }
}

/// One consistent state.
#[derive(Default)]
pub struct Known {
    accounts: HashMap<Arc<str>, Arc<Account>>,
    numbers: HashMap<Digits, Number>,
    fallbacks: HashSet<Arc<[u8]>>,
}

impl Known {
    pub fn account(&self, sid: &str) -> Option<Arc<Account>> {
        self.accounts.get(sid).cloned()
    }

    pub fn owner(&self, e164: &str) -> Option<Arc<str>> {
        self.numbers.get(&Digits::of(e164)?).map(|number| number.account.clone())
    }

    pub fn fallback(&self, e164: &str) -> Option<Arc<[u8]>> {
        self.numbers.get(&Digits::of(e164)?)?.fallback.clone()
    }

    pub fn size(&self) -> (usize, usize) {
        (self.accounts.len(), self.numbers.len())
    }

    pub fn apply(&mut self, change: StateChange) {
        match change.kind {
            Some(Kind::Account(account)) => self.put_account(account),
            Some(Kind::Number(number)) => self.put_number(number),
            Some(Kind::AccountRemoved(sid)) => drop(self.accounts.remove(sid.as_str())),
            Some(Kind::NumberRemoved(e164)) => drop(Digits::of(&e164).and_then(|e164| self.numbers.remove(&e164))),
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
        let Some(e164) = Digits::of(&e164) else {
            tracing::error!(account_sid, "a control plane sent a number that is not a plus and up to 15 digits");
            return;
        };
        let known = self.accounts.get_key_value(account_sid.as_str());
        let account = known.map_or_else(|| account_sid.as_str().into(), |(sid, _)| sid.clone());
        let fallback = fallback.map(|instructions| self.shared(&instructions.encode_to_vec()));
        self.numbers.insert(e164, Number { account, fallback });
    }

    fn shared(&mut self, bytes: &[u8]) -> Arc<[u8]> {
        if let Some(same) = self.fallbacks.get(bytes) {
            return same.clone();
        }
        // Changed fallbacks leave their old bytes behind; sweep before that matters.
        if self.fallbacks.len() > 2 * self.numbers.len() + 1024 {
            self.fallbacks.retain(|bytes| Arc::strong_count(bytes) > 1);
        }
        let bytes: Arc<[u8]> = bytes.into();
        self.fallbacks.insert(bytes.clone());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn numbers_are_told_apart_by_every_digit() {
        let texts = ["+1", "+10", "+01", "+001", "+15005550006", "+999999999999999", "+099999999999999"];
        for one in texts {
            assert_eq!(texts.iter().filter(|other| Digits::of(one) == Digits::of(other)).count(), 1, "{one}");
        }
        for none in ["", "+", "15005550006", "+1500555000x", "+1234567890123456", "+٣"] {
            assert!(Digits::of(none).is_none(), "{none}");
        }
    }
}
