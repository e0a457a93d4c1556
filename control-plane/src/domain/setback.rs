//! What to do when a call or a message did not reach anybody: one table of Twilio's codes, and what a refusal or a final status
//! means without one. Decides nothing about attempts: whether there is one left is the caller's business.

use super::{
    call::Status,
    message::MessageStatus,
    outcome::{Cause, Refused},
    word::words,
};

words! {
    /// How to go on.
    Advice, "advice" {
        /// Nothing happened, and the same can work in a moment.
        Retry = "retry",
        /// This person was not reached this way this time.
        NextRung = "next-rung",
        /// This channel will not reach this address, however often it is tried.
        NextChannel = "next-channel",
        /// They asked for no more messages: remember it, and write to them no more.
        OptedOut = "opted-out",
        /// This account cannot do it; another one can.
        OtherAccount = "other-account",
    }
}

/// A call or a message that reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setback {
    /// How to go on.
    pub advice: Advice,
    /// Somebody should look: it will happen again until something is put right.
    pub alarm: bool,
    /// The account is suspended or its credentials do not work: its monitor wants to know at once.
    pub feeds_health: bool,
    /// Fit to show and to store.
    pub why: &'static str,
}

impl Setback {
    /// What a vendor call that was refused means.
    pub fn of_refusal(refused: &Refused) -> Self {
        // Whatever code comes with it, nothing was done.
        if refused.cause.is_transient() {
            return of_cause(refused.cause);
        }
        of_code(refused.code).unwrap_or_else(|| of_cause(refused.cause))
    }

    /// What the end of a call means; `code` is Twilio's, 0 for none. None for one that was answered or is not over.
    pub fn of_call(status: Status, code: i32) -> Option<Self> {
        match status {
            Status::Busy => Some(next_rung("the line was busy")),
            Status::NoAnswer => Some(next_rung("nobody answered")),
            Status::Canceled => Some(next_rung("the call was taken back before it was answered")),
            Status::Failed => Some(of_code(code).unwrap_or(next_rung("the call could not be put through"))),
            Status::Queued | Status::Initiated | Status::Ringing | Status::InProgress | Status::Completed => None,
        }
    }

    /// What the end of a message means; `code` is Twilio's, 0 for none. None for one that arrived or is on its way.
    pub fn of_message(status: MessageStatus, code: i32) -> Option<Self> {
        use MessageStatus as S;
        match status {
            S::Failed => Some(of_code(code).unwrap_or(next_rung("the message could not be sent"))),
            S::Undelivered => Some(of_code(code).unwrap_or(next_rung("the message was not delivered"))),
            S::Canceled => Some(next_rung("the message was taken back before it was sent")),
            S::Accepted | S::Scheduled | S::Queued | S::Sending | S::Receiving | S::Sent => None,
            S::PartiallyDelivered | S::Delivered | S::Received | S::Read => None,
        }
    }

    const fn new(advice: Advice, why: &'static str) -> Self {
        Self { advice, alarm: false, feeds_health: false, why }
    }

    const fn alarmed(self) -> Self {
        Self { alarm: true, ..self }
    }

    const fn unhealthy(self) -> Self {
        Self { alarm: true, feeds_health: true, ..self }
    }
}

const fn retry(why: &'static str) -> Setback {
    Setback::new(Advice::Retry, why)
}

const fn next_rung(why: &'static str) -> Setback {
    Setback::new(Advice::NextRung, why)
}

const fn next_channel(why: &'static str) -> Setback {
    Setback::new(Advice::NextChannel, why)
}

const fn other_account(why: &'static str) -> Setback {
    Setback::new(Advice::OtherAccount, why)
}

/// The table. None for a code that is not in it.
fn of_code(code: i32) -> Option<Setback> {
    Some(match code {
        // The account.
        10001 => other_account("the account is not active").unhealthy(),
        10002 => other_account("a trial account cannot do this").alarmed(),
        10004 => retry("the account has as many calls as it may have at once").alarmed(),
        20003 => other_account("Twilio refuses the credentials, or has suspended the account").unhealthy(),
        20005 => other_account("the account is not active").unhealthy(),
        20006 => other_account("the credentials do not allow this").alarmed(),
        20403 => other_account("the account lacks permission, as one that is suspended or closed").unhealthy(),
        20404 => other_account("Twilio does not know the account at this address").alarmed(),
        20429 => retry("too many requests at once"),
        30002 => other_account("the account was suspended before the message was sent").unhealthy(),
        // What we ask with: it fails for everybody until it is put right.
        21205 => next_rung("Twilio does not accept our webhook address").alarmed(),
        21402 => next_rung("Twilio does not accept our webhook address").alarmed(),
        21405 => next_rung("Twilio does not accept our fallback address").alarmed(),
        21406 => next_rung("Twilio does not accept our fallback address").alarmed(),
        21502 => next_rung("Twilio does not accept our status callback address").alarmed(),
        21626 => next_rung("Twilio does not accept our status callback events").alarmed(),
        // The sender.
        21210 => other_account("the sender is not a number of this account").alarmed(),
        21212 => other_account("the sender is not a number that can call").alarmed(),
        21601 => other_account("the sender cannot send messages").alarmed(),
        21603 => other_account("there is no sender").alarmed(),
        21606 => other_account("the sender is not a number of this account that can send messages").alarmed(),
        21611 => retry("the sender's queue is full"),
        30001 => retry("the sender's queue was full"),
        // Where the account may call and write.
        21215 => other_account("the account may not call this country").alarmed(),
        21219 => other_account("a trial account calls verified numbers only").alarmed(),
        21408 => other_account("the account may not write to this country").alarmed(),
        21608 => other_account("a trial account writes to verified numbers only").alarmed(),
        // The address.
        21201 => next_channel("there is no number to call"),
        21211 => next_channel("the number is not valid"),
        21214 => next_channel("the number cannot be called"),
        21216 => next_channel("Twilio blocks calls to this number"),
        21217 => next_channel("the number does not appear to be valid"),
        21604 => next_channel("there is no number to write to"),
        21610 => Setback::new(Advice::OptedOut, "they have asked for no more messages"),
        21612 => next_channel("no message gets from this sender to this number"),
        21614 => next_channel("the number is not a mobile"),
        30003 => next_rung("the phone could not be reached"),
        30004 => next_channel("the phone or its carrier blocks our messages"),
        30005 => next_channel("the number is unknown or out of service"),
        30006 => next_channel("the number is a landline or its carrier takes no messages"),
        30008 => next_rung("the carrier did not deliver and did not say why"),
        63016 => next_channel("WhatsApp takes no free text so long after their last message"),
        63018 => retry("too many WhatsApp messages at once"),
        63024 => next_channel("the number has no WhatsApp"),
        // The text, and the right to send it.
        21602 => next_channel("the message is empty").alarmed(),
        21617 => next_channel("the message is too long").alarmed(),
        30007 => next_channel("the carrier took the message for spam").alarmed(),
        30032 => next_channel("the toll-free sender is not verified").alarmed(),
        30034 => next_channel("the sender is not registered for messages to the United States").alarmed(),
        _ => return None,
    })
}

/// Without a code that says more. What nobody knows is no reason to wait or to wake anybody: the ladder goes on.
fn of_cause(cause: Cause) -> Setback {
    match cause {
        Cause::Credentials => other_account("Twilio does not accept the account's credentials").unhealthy(),
        Cause::WrongRegion => other_account("the account's credentials belong to another region").unhealthy(),
        Cause::Suspended => other_account("the account is suspended").unhealthy(),
        Cause::Closed => other_account("the account is closed").unhealthy(),
        Cause::Permission => other_account("the credentials do not allow this").alarmed(),
        Cause::NotFound => other_account("Twilio does not know the account at this address").alarmed(),
        Cause::RateLimited => retry("too many requests at once"),
        Cause::Unreachable => retry("no connection to Twilio came about"),
        Cause::NoAddress => retry("Twilio's name has no address"),
        Cause::Insecure => retry("no encrypted connection to Twilio came about"),
        Cause::NotTried => retry("Twilio was not asked: it did not answer lately, or asked us to wait"),
        Cause::Invalid => next_rung("Twilio refused it for a reason we do not know"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(cause: Cause, code: i32) -> Setback {
        Setback::of_refusal(&Refused { cause, code, http_status: 400, message: String::new() })
    }

    /// Each code of the table: what it advises, whether it alarms, whether it feeds health.
    const EXPECTED: &[(Advice, bool, bool, &[i32])] = &[
        (Advice::Retry, false, false, &[20429, 21611, 30001, 63018]),
        (Advice::Retry, true, false, &[10004]),
        (Advice::NextRung, false, false, &[30003, 30008]),
        (Advice::NextRung, true, false, &[21205, 21402, 21405, 21406, 21502, 21626]),
        (
            Advice::NextChannel,
            false,
            false,
            &[21201, 21211, 21214, 21216, 21217, 21604, 21612, 21614, 30004, 30005, 30006, 63016, 63024],
        ),
        (Advice::NextChannel, true, false, &[21602, 21617, 30007, 30032, 30034]),
        (Advice::OptedOut, false, false, &[21610]),
        (
            Advice::OtherAccount,
            true,
            false,
            &[10002, 20006, 20404, 21210, 21212, 21215, 21219, 21408, 21601, 21603, 21606, 21608],
        ),
        (Advice::OtherAccount, true, true, &[10001, 20003, 20005, 20403, 30002]),
    ];

    #[test]
    fn every_code_of_the_table_says_how_to_go_on() {
        let mut known = 0;
        for (advice, alarm, feeds_health, codes) in EXPECTED {
            for code in *codes {
                let setback = of_code(*code).unwrap_or_else(|| panic!("{code}"));
                let told = (setback.advice, setback.alarm, setback.feeds_health);
                assert_eq!(told, (*advice, *alarm, *feeds_health), "{code}");
                assert_eq!(refused(Cause::Invalid, *code), setback, "{code} as a refusal");
                assert_eq!(Setback::of_message(MessageStatus::Failed, *code), Some(setback), "{code} as a message");
                assert_eq!(Setback::of_call(Status::Failed, *code), Some(setback), "{code} as a call");
                known += 1;
            }
        }
        let all = (0..100_000).filter(|code| of_code(*code).is_some()).count();
        assert_eq!(known, all, "a code of the table that is not expected here");
    }

    #[test]
    fn what_certainly_did_not_happen_is_tried_again_whatever_came_with_it() {
        for cause in [Cause::RateLimited, Cause::Unreachable, Cause::NoAddress, Cause::Insecure, Cause::NotTried] {
            for code in [0, 20429, 21211] {
                let setback = refused(cause, code);
                assert_eq!((setback.advice, setback.alarm), (Advice::Retry, false), "{cause:?} {code}");
            }
        }
    }

    #[test]
    fn an_account_that_cannot_work_feeds_its_health_with_and_without_a_code() {
        for cause in [Cause::Credentials, Cause::WrongRegion, Cause::Suspended, Cause::Closed] {
            let setback = refused(cause, 0);
            assert_eq!((setback.advice, setback.alarm, setback.feeds_health), (Advice::OtherAccount, true, true));
        }
        for cause in [Cause::Permission, Cause::NotFound] {
            let setback = refused(cause, 0);
            assert_eq!((setback.advice, setback.alarm, setback.feeds_health), (Advice::OtherAccount, true, false));
        }
        assert!(refused(Cause::Permission, 20003).feeds_health, "403 may hide a suspension");
    }

    #[test]
    fn a_code_nobody_knows_moves_the_ladder_on_and_wakes_nobody() {
        for code in [0, -1, 1, 21999, i32::MAX, i32::MIN] {
            let quiet = |setback: Option<Setback>| {
                setback.map(|setback| (setback.advice, setback.alarm, setback.feeds_health))
                    == Some((Advice::NextRung, false, false))
            };
            assert!(quiet(Some(refused(Cause::Invalid, code))), "{code}");
            assert!(quiet(Setback::of_call(Status::Failed, code)), "{code}");
            assert!(quiet(Setback::of_message(MessageStatus::Undelivered, code)), "{code}");
        }
    }

    #[test]
    fn only_an_end_that_reached_nobody_is_a_setback() {
        use MessageStatus as M;
        let calls: Vec<_> =
            Status::ALL.iter().copied().filter(|status| Setback::of_call(*status, 0).is_some()).collect();
        assert_eq!(calls, [Status::Canceled, Status::Failed, Status::NoAnswer, Status::Busy]);
        let messages: Vec<_> =
            M::ALL.iter().copied().filter(|status| Setback::of_message(*status, 0).is_some()).collect();
        assert_eq!(messages, [M::Canceled, M::Failed, M::Undelivered]);
        // Busy is busy, whatever code a carrier adds.
        assert_eq!(Setback::of_call(Status::Busy, 21211).map(|setback| setback.advice), Some(Advice::NextRung));
    }
}
