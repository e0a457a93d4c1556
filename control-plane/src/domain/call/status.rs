//! The words of a call: status, direction, source. The order of statuses is Twilio's life of a call.

use crate::domain::word::words;

words! {
    /// Where a call stands. The words are Twilio's.
    Status, "call status" {
        /// Waits at Twilio.
        Queued = "queued",
        /// Being dialled.
        Initiated = "initiated",
        /// Rings.
        Ringing = "ringing",
        /// Answered.
        InProgress = "in-progress",
        /// Taken back before it was answered.
        Canceled = "canceled",
        /// Could not be connected.
        Failed = "failed",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// Was busy.
        Busy = "busy",
        /// Answered and ended.
        Completed = "completed",
    }
}

words! {
    /// Who called whom. The words are Twilio's.
    Direction, "call direction" {
        /// Somebody called one of our numbers.
        Inbound = "inbound",
        /// We called somebody.
        OutboundApi = "outbound-api",
        /// A leg of a `<Dial>`.
        OutboundDial = "outbound-dial",
    }
}

words! {
    /// How we came to know of a call.
    Source, "source" {
        /// A webhook.
        Webhook = "webhook",
        /// Found in Twilio's list.
        Reconciled = "reconciled",
    }
}

impl Status {
    /// It never changes again.
    pub fn is_final(self) -> bool {
        self.rank() == 4
    }

    /// How far the call has come.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Canceled | Self::Failed | Self::NoAnswer | Self::Busy | Self::Completed => 4,
        }
    }
}
