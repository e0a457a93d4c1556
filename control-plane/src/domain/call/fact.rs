//! One fact about a call: what one webhook, or one look at Twilio, says of it.

use crate::domain::{
    party::Party,
    seconds::Seconds,
    sid::CallSid,
    telephony::{CallDirection, CallSeen, CallStatus},
    time::Timestamp,
    word::words,
};

use super::status::{Direction, Source, Status};

words! {
    /// What happened.
    What, "kind of call event" {
        /// A call came in.
        Received = "received",
        /// An outbound call of ours was answered.
        Answered = "answered",
        /// Call progress.
        Progressed = "progressed",
        /// Digits or speech.
        Gathered = "gathered",
        /// A dialled leg or a stream ended.
        DialEnded = "dial-ended",
        /// Recording status.
        Recording = "recording",
        /// The caller left a voicemail.
        Voicemail = "voicemail",
        /// Twilio could not use our first answer.
        AnswerFailed = "answer-failed",
        /// Twilio was asked.
        Fetched = "fetched",
        /// What we answered.
        Replied = "replied",
    }
}

/// What one webhook or one fetch says. What it does not say is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What happened.
    pub what: What,
    /// When the edge had read it, or when Twilio's answer was in.
    pub receive_time: Timestamp,
    /// When it happened, by Twilio's clock.
    pub event_time: Option<Timestamp>,
    /// The leg.
    pub call_sid: CallSid,
    /// The leg it belongs to.
    pub parent_call_sid: Option<CallSid>,
    /// Who called whom.
    pub direction: Option<Direction>,
    /// The caller.
    pub from: Party,
    /// The called.
    pub to: Party,
    /// Where the call stands; `None` when not told or a word unknown to us.
    pub status: Option<Status>,
    /// Twilio's sequence number.
    pub sequence: Option<i32>,
    /// How long it lasted.
    pub duration: Option<Seconds>,
    /// The SIP code at the end; 0 for none.
    pub sip_response_code: i32,
    /// Who forwarded it.
    pub forwarded_from: Party,
    /// How the network vouches for the caller's number.
    pub stir_verstat: String,
    /// What answered.
    pub answered_by: String,
    /// When it began, by Twilio's records; only when fetched.
    pub start_time: Option<Timestamp>,
    /// When it ended, by Twilio's records; only when fetched.
    pub end_time: Option<Timestamp>,
    /// It never reached a telephone.
    pub simulated: bool,
}

impl Fact {
    /// A fact that says nothing but that the call exists.
    pub fn bare(what: What, call_sid: CallSid, receive_time: Timestamp) -> Self {
        Self {
            what,
            receive_time,
            event_time: None,
            call_sid,
            parent_call_sid: None,
            direction: None,
            from: Party::default(),
            to: Party::default(),
            status: None,
            sequence: None,
            duration: None,
            sip_response_code: 0,
            forwarded_from: Party::default(),
            stir_verstat: String::new(),
            answered_by: String::new(),
            start_time: None,
            end_time: None,
            simulated: false,
        }
    }

    /// What Twilio's records say at `receive_time`.
    pub fn fetched(seen: &CallSeen, receive_time: Timestamp, simulated: bool) -> Self {
        Self {
            parent_call_sid: seen.parent.clone(),
            direction: direction(seen.direction),
            from: seen.from.clone(),
            to: seen.to.clone(),
            status: status(seen.status),
            duration: seen.duration_seconds.map(Seconds),
            answered_by: seen.answered_by.clone().unwrap_or_default(),
            start_time: seen.start_time.or(seen.create_time),
            end_time: seen.end_time,
            simulated,
            ..Self::bare(What::Fetched, seen.sid.clone(), receive_time)
        }
    }

    /// When it happened, as well as can be told.
    pub(super) fn moment(&self) -> Timestamp {
        self.event_time.unwrap_or(self.receive_time)
    }

    pub(super) fn source(&self) -> Source {
        match self.what {
            What::Fetched => Source::Reconciled,
            _ => Source::Webhook,
        }
    }
}

fn status(seen: CallStatus) -> Option<Status> {
    Some(match seen {
        CallStatus::Queued => Status::Queued,
        CallStatus::Ringing => Status::Ringing,
        CallStatus::InProgress => Status::InProgress,
        CallStatus::Completed => Status::Completed,
        CallStatus::Busy => Status::Busy,
        CallStatus::Failed => Status::Failed,
        CallStatus::NoAnswer => Status::NoAnswer,
        CallStatus::Canceled => Status::Canceled,
        CallStatus::Other => return None,
    })
}

fn direction(seen: CallDirection) -> Option<Direction> {
    match seen {
        CallDirection::Inbound => Some(Direction::Inbound),
        CallDirection::OutboundApi => Some(Direction::OutboundApi),
        CallDirection::OutboundDial => Some(Direction::OutboundDial),
        CallDirection::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        call::merge,
        sample::{at, call, call_sid, new_call},
    };

    #[test]
    fn a_call_whose_last_callback_was_lost_is_closed_by_twilios_records() {
        let seen = CallSeen {
            sid: call_sid(1),
            parent: None,
            account_sid: "AC00000000000000000000000000000001".parse().expect("a SID"),
            from: "+493012345678".into(),
            to: "+15005550006".into(),
            status: CallStatus::Completed,
            direction: CallDirection::Inbound,
            create_time: None,
            start_time: Some(at("2026-08-04T09:00:00Z")),
            end_time: Some(at("2026-08-04T09:00:42Z")),
            duration_seconds: Some(40),
            answered_by: None,
            price: None,
        };
        let fact = Fact::fetched(&seen, at("2026-08-04T09:20:00Z"), false);
        let closed = merge(Some(call()), &fact, &new_call()).call;
        assert_eq!((closed.status, closed.duration), (Status::Completed, Some(Seconds(40))));
        assert_eq!(closed.end_time, Some(at("2026-08-04T09:00:42Z")));
        assert_eq!(closed.answer_time, Some(at("2026-08-04T09:00:02Z")));
        assert_eq!(closed.source, Source::Webhook);
    }

    #[test]
    fn a_word_unknown_to_us_says_nothing() {
        assert_eq!(status(CallStatus::Other), None);
        assert_eq!(direction(CallDirection::Other), None);
    }
}
