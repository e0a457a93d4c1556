//! What a telephony vendor shows of accounts, numbers, calls and messages, and what it is asked for, in our words. Pure values;
//! who fetched them is `provider`.

mod call;
mod message;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    e164::E164,
    sid::{AccountSid, PhoneNumberSid},
    time::Timestamp,
};

pub use self::{
    call::{CallDirection, CallFilter, CallOrder, CallSeen, CallStatus, EndCall},
    message::{MessageFilter, MessageOrder, MessageSeen},
};
pub use super::party::Party;

/// An account as the vendor shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSeen {
    /// Itself.
    pub sid: AccountSid,
    /// Whether it may work.
    pub status: AccountStatus,
    /// The main account it belongs to; itself for a main account.
    pub owner_account_sid: AccountSid,
    /// A trial account reaches verified numbers only.
    pub trial: bool,
}

impl AccountSeen {
    /// A subaccount belongs to another account.
    pub fn is_subaccount(&self) -> bool {
        self.sid != self.owner_account_sid
    }
}

/// Whether an account may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountStatus {
    /// It works.
    Active,
    /// It is stopped and can come back.
    Suspended,
    /// It is gone for good, and its numbers with it.
    Closed,
}

/// A phone number as the vendor shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberSeen {
    /// Itself.
    pub sid: PhoneNumberSid,
    /// The number.
    pub e164: E164,
    /// The account that owns it, and whose token signs its webhooks.
    pub account_sid: AccountSid,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Where its webhooks go.
    pub webhooks: Webhooks,
    /// Every webhook that is set is sent as POST, as we set them.
    pub all_post: bool,
}

impl NumberSeen {
    /// Nothing needs to be written for the number to behave as `wanted`.
    pub fn is_configured_as(&self, wanted: &Webhooks) -> bool {
        self.all_post && self.webhooks == *wanted
    }
}

/// What a number can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Calls.
    pub voice: bool,
    /// Text messages.
    pub sms: bool,
    /// Messages with media.
    pub mms: bool,
    /// Fax.
    pub fax: bool,
}

impl Capabilities {
    /// How many things it can do.
    pub fn count(self) -> usize {
        self.each().into_iter().filter(|can| *can).count()
    }

    /// Whether it can do all that `other` can.
    pub fn include(self, other: Self) -> bool {
        self.each().into_iter().zip(other.each()).all(|(can, needed)| can || !needed)
    }

    fn each(self) -> [bool; 4] {
        let Self { voice, sms, mms, fax } = self;
        [voice, sms, mms, fax]
    }
}

/// Where a number's webhooks go. `None` is not set.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Webhooks {
    /// Asked when a call comes in.
    pub voice_url: Option<String>,
    /// Asked when the answer of `voice_url` is of no use. Needs a `voice_url`.
    pub voice_fallback_url: Option<String>,
    /// Told how calls progress.
    pub status_callback_url: Option<String>,
    /// Asked when a message comes in.
    pub sms_url: Option<String>,
    /// Asked when the answer of `sms_url` is of no use. Needs an `sms_url`.
    pub sms_fallback_url: Option<String>,
    /// While set, the voice URLs are ignored.
    pub voice_application_sid: Option<String>,
    /// While set, the messaging URLs are ignored.
    pub sms_application_sid: Option<String>,
    /// While set, the voice URLs are ignored.
    pub trunk_sid: Option<String>,
}

/// Shows hosts only: a webhook set up by others can carry a password or a token in its URL.
impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("voice_url", &self.voice_url.as_deref().map(host))
            .field("voice_fallback_url", &self.voice_fallback_url.as_deref().map(host))
            .field("status_callback_url", &self.status_callback_url.as_deref().map(host))
            .field("sms_url", &self.sms_url.as_deref().map(host))
            .field("sms_fallback_url", &self.sms_fallback_url.as_deref().map(host))
            .field("voice_application_sid", &self.voice_application_sid)
            .field("sms_application_sid", &self.sms_application_sid)
            .field("trunk_sid", &self.trunk_sid)
            .finish()
    }
}

/// Of an address only where it leads.
fn host(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Something the vendor complains of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSeen {
    /// The vendor's code.
    pub code: i32,
    /// `error`, `warning` and so on.
    pub level: String,
    /// When it happened.
    pub time: Option<Timestamp>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page is; none on the last.
    pub next: Option<Cursor>,
}

/// Where a list goes on, in the vendor's words. It may repeat the numbers of the filter, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_secrets_in_urls_do_not_show_in_debug() {
        let webhooks = Webhooks {
            voice_url: Some("https://user:pass@old.example.com/hook?token=s3cret".to_owned()),
            ..Webhooks::default()
        };
        let shown = format!("{webhooks:?} {:?} {:?}", Party("+14155550123".to_owned()), Cursor("/x?To=1".to_owned()));
        assert!(shown.contains("old.example.com") && shown.contains("****0123"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("pass") && !shown.contains("?To"), "{shown}");
    }
}
