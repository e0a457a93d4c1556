//! Twilio's identifiers: two letters that say what it is, and 32 hex digits.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::Error;

/// Which resource a SID names.
pub trait SidKind {
    /// The letters it may start with.
    const PREFIXES: &'static [&'static str];
}

macro_rules! sid_kinds {
    ($($(#[$doc:meta])* $kind:ident / $alias:ident = [$($prefix:literal),+];)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $kind;
        impl SidKind for $kind {
            const PREFIXES: &'static [&'static str] = &[$($prefix),+];
        }
        $(#[$doc])*
        pub type $alias = Sid<$kind>;
    )+};
}

sid_kinds! {
    /// An account or subaccount.
    AccountKind / AccountSid = ["AC"];
    /// A call leg.
    CallKind / CallSid = ["CA"];
    /// An incoming phone number.
    PhoneNumberKind / PhoneNumberSid = ["PN"];
    /// A recording.
    RecordingKind / RecordingSid = ["RE"];
    /// A message, with or without media.
    MessageKind / MessageSid = ["SM", "MM"];
    /// An API key.
    ApiKeyKind / ApiKeySid = ["SK"];
}

/// A SID of one kind, compared exactly as received.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "K: SidKind + Clone")]
pub struct Sid<K>(String, PhantomData<K>);

impl<K> Sid<K> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: SidKind> FromStr for Sid<K> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = K::PREFIXES.iter().any(|prefix| text.starts_with(prefix));
        if known && text.len() == 34 && text.bytes().skip(2).all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self(text.to_owned(), PhantomData));
        }
        Err(Error::invalid("", format!("expected `{}` and 32 hex digits", K::PREFIXES.join("` or `"))))
    }
}

impl<K: SidKind> TryFrom<String> for Sid<K> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl<K> From<Sid<K>> for String {
    fn from(sid: Sid<K>) -> Self {
        sid.0
    }
}

impl<K> fmt::Display for Sid<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K> fmt::Debug for Sid<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
