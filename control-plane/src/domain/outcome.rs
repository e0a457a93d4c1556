//! How a vendor call can end. The type keeps us from guessing about a phone call.

use serde::{Deserialize, Serialize};

/// The three ways a vendor call can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome<T> {
    /// It happened, and this came back.
    Done(T),
    /// It certainly did not happen: the vendor said no, or the request never left.
    Refused(Refused),
    /// It may have happened: 5xx, reset, timeout, or a crash in between. Only the machine may decide what that means.
    Unknown(String),
}

impl<T> Outcome<T> {
    /// The same ending with another result.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(with(value)),
            Self::Refused(refused) => Outcome::Refused(refused),
            Self::Unknown(why) => Outcome::Unknown(why),
        }
    }

    /// A stable word, for metrics and traces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Why a vendor call certainly did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What it means.
    pub cause: Cause,
    /// The vendor's own code; 0 for none.
    pub code: i32,
    /// The HTTP status; 0 when no byte was sent.
    pub http_status: u16,
    /// Fit to show: ours, not the vendor's text.
    pub message: String,
}

/// What a refusal means, whichever vendor said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The credentials are wrong.
    Credentials,
    /// The credentials belong to another region.
    WrongRegion,
    /// The account is suspended.
    Suspended,
    /// The account is closed.
    Closed,
    /// The credentials may not do this.
    Permission,
    /// There is no such thing.
    NotFound,
    /// The request is not acceptable as it is.
    Invalid,
    /// Too many at once; nothing was done; try later.
    RateLimited,
    /// No connection came about; nothing was sent; try later.
    Unreachable,
    /// The vendor's name has no address: nothing was sent; try later.
    NoAddress,
    /// No encrypted connection came about; nothing was sent; try later.
    Insecure,
    /// We did not even try: the breaker is open or the mock refuses; try later.
    NotTried,
}

impl Cause {
    /// Trying the same again later can help.
    pub fn is_transient(self) -> bool {
        self.is_unconnected() || matches!(self, Self::RateLimited | Self::NotTried)
    }

    /// No connection came about.
    pub fn is_unconnected(self) -> bool {
        matches!(self, Self::Unreachable | Self::NoAddress | Self::Insecure)
    }
}

/// Why nobody knows how a vendor call ended, where the connection and not the vendor's answer says so. The words are ours, so
/// that whoever watches vendors can tell them apart.
pub mod why {
    /// No answer came.
    pub const LATE: &str = "the vendor did not answer before the deadline";
    /// An answer began and did not end.
    pub const LATE_BODY: &str = "the answer did not end before the deadline";
    /// The connection broke.
    pub const BROKEN: &str = "the connection broke before the answer";
    /// The connection broke while the answer came.
    pub const BROKEN_BODY: &str = "the connection broke within the answer";
}
