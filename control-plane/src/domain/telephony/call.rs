//! Calls: how a vendor shows one, which to list, how to place one and how to end it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::host;
use crate::domain::{
    e164::E164,
    money::Money,
    party::Party,
    seconds::Seconds,
    sid::{AccountSid, CallSid},
    time::Timestamp,
};

/// A call leg as the vendor shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSeen {
    /// Itself.
    pub sid: CallSid,
    /// The leg that dialled it.
    pub parent: Option<CallSid>,
    /// The account it is billed to.
    pub account_sid: AccountSid,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// Where it stands.
    pub status: CallStatus,
    /// Who started it.
    pub direction: CallDirection,
    /// When it was made known to the vendor.
    pub create_time: Option<Timestamp>,
    /// When it began; none while it is queued.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Seconds of talk; none until it is over.
    pub duration_seconds: Option<u32>,
    /// What answered, if detection was on: `human`, `machine_start` and so on.
    pub answered_by: Option<String>,
    /// What it cost; none until it is rated, minutes after its end.
    #[serde(default)]
    pub price: Option<Money>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Waiting to be dialled.
    Queued,
    /// Ringing.
    Ringing,
    /// People talk.
    InProgress,
    /// Over, after somebody answered.
    Completed,
    /// The line was busy.
    Busy,
    /// Could not be put through.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// Withdrawn before it was answered.
    Canceled,
    /// A word we do not know: nothing may be concluded from it.
    #[serde(other)]
    Other,
}

impl CallStatus {
    /// Nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled)
    }
}

/// Who started a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallDirection {
    /// Somebody called us.
    Inbound,
    /// A request of ours.
    OutboundApi,
    /// A leg that another call dialled.
    OutboundDial,
    /// A trunk, or a word we do not know.
    #[serde(other)]
    Other,
}

/// Which calls to list. Twilio lists the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Begun at this moment or later. A queued call has not begun and is left out: no limit when looking for one.
    pub since: Option<Timestamp>,
    /// Begun before this moment.
    pub until: Option<Timestamp>,
    /// Called this number.
    pub to: Option<E164>,
    /// Calling from this number.
    pub from: Option<E164>,
}

/// A call to place. One order is one attempt: whoever tries again writes another, with another tag in its addresses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOrder {
    /// Who is called.
    pub to: E164,
    /// The number they see: one of the account's own, or one it may show.
    pub from: E164,
    /// Asked what to say once somebody answers.
    pub url: String,
    /// Asked when the answer of `url` is of no use; empty for nobody.
    pub fallback_url: String,
    /// Told of every step of the call.
    pub status_callback: String,
    /// How long it rings. Twilio may add five seconds.
    pub ring_timeout: Seconds,
    /// How long people may talk.
    pub time_limit: Seconds,
    /// Finds out whether a person or a machine answered before anything is said, and waits for a machine's beep.
    pub machine_detection: bool,
}

impl CallOrder {
    /// How long a call rings unless somebody said otherwise: short of most voicemail boxes.
    pub const RING_TIMEOUT: Seconds = Seconds(45);
}

/// Masks the numbers, and shows of the addresses their hosts only: a tag is a way in.
impl fmt::Debug for CallOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOrder")
            .field("to", &self.to)
            .field("from", &self.from)
            .field("url", &host(&self.url))
            .field("fallback_url", &host(&self.fallback_url))
            .field("status_callback", &host(&self.status_callback))
            .field("ring_timeout", &self.ring_timeout)
            .field("time_limit", &self.time_limit)
            .field("machine_detection", &self.machine_detection)
            .finish()
    }
}

/// How a call is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndCall {
    /// Takes back a call that waits or rings, and leaves people who talk alone.
    Cancel,
    /// Ends the call wherever it stands.
    HangUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_we_do_not_know_is_read_and_ends_nothing() {
        let status: CallStatus = serde_json::from_str("\"on-hold\"").expect("any word");
        assert_eq!(status, CallStatus::Other);
        assert!(!status.is_final());
        assert_eq!(serde_json::to_string(&CallStatus::NoAnswer).expect("writes"), "\"no-answer\"");
    }

    #[test]
    fn an_order_shows_neither_numbers_nor_tags() {
        let order = CallOrder {
            to: "+14155550123".parse().expect("a number"),
            from: "+14155550199".parse().expect("a number"),
            url: "https://edge.example/twilio/voice/s3cret".to_owned(),
            fallback_url: String::new(),
            status_callback: "https://edge.example/twilio/status/s3cret".to_owned(),
            ring_timeout: CallOrder::RING_TIMEOUT,
            time_limit: Seconds(600),
            machine_detection: true,
        };
        let shown = format!("{order:?}");
        assert!(shown.contains("edge.example") && shown.contains("****0123"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("415555"), "{shown}");
    }
}
