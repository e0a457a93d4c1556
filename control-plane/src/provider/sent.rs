//! Calls and messages that were asked for without a vendor. Each reads back as a vendor would show it; nobody is rung and nothing
//! is written to anybody. In memory: a process that starts again knows none of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::domain::{
    message::MessageStatus,
    party::Party,
    sid::{AccountSid, CallSid, MessageSid, Sid, SidKind},
    telephony::{CallDirection, CallFilter, CallOrder, CallSeen, CallStatus, MessageFilter, MessageOrder, MessageSeen},
};

/// What was asked for.
#[derive(Default)]
pub struct Sent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    calls: BTreeMap<CallSid, CallSeen>,
    messages: BTreeMap<MessageSid, (AccountSid, MessageSeen)>,
}

impl Sent {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call that waits to be dialled. The same order is the same call.
    pub fn call(&self, account: &AccountSid, order: &CallOrder) -> CallSeen {
        let CallOrder { to, from, url, status_callback, .. } = order;
        let sid: CallSid = sid(&[account.as_str(), to.as_str(), from.as_str(), url, status_callback]);
        let seen = CallSeen {
            sid: sid.clone(),
            parent: None,
            account_sid: account.clone(),
            from: from.into(),
            to: to.into(),
            status: CallStatus::Queued,
            direction: CallDirection::OutboundApi,
            create_time: None,
            start_time: None,
            end_time: None,
            duration_seconds: None,
            answered_by: None,
            price: None,
        };
        self.kept().calls.entry(sid).or_insert(seen).clone()
    }

    /// A call as it is now.
    pub fn call_of(&self, sid: &CallSid) -> Option<CallSeen> {
        self.kept().calls.get(sid).cloned()
    }

    /// Ends a call. Nobody answers one, so whichever way it is ended it was taken back.
    pub fn end(&self, sid: &CallSid) -> Option<CallSeen> {
        let mut kept = self.kept();
        let call = kept.calls.get_mut(sid)?;
        call.status = CallStatus::Canceled;
        Some(call.clone())
    }

    /// The account's calls that fit. None has begun.
    pub fn calls(&self, account: &AccountSid, filter: &CallFilter) -> Vec<CallSeen> {
        let CallFilter { since, until, to, from } = filter;
        let fits = |call: &&CallSeen| {
            call.account_sid == *account
                && to.as_ref().is_none_or(|to| call.to == Party::from(to))
                && from.as_ref().is_none_or(|from| call.from == Party::from(from))
                && since.is_none()
                && until.is_none()
        };
        self.kept().calls.values().filter(fits).cloned().collect()
    }

    /// A message that waits to be sent. The same order is the same message.
    pub fn message(&self, account: &AccountSid, order: &MessageOrder) -> MessageSeen {
        let MessageOrder { to, from, body, status_callback, .. } = order;
        let sid: MessageSid = sid(&[account.as_str(), to.as_str(), from.as_str(), body, status_callback]);
        let seen = MessageSeen {
            sid: sid.clone(),
            to: to.clone(),
            from: from.clone(),
            body: body.clone(),
            status: Some(MessageStatus::Queued),
            error_code: 0,
            create_time: None,
            sent_time: None,
            price: None,
            segments: Some(1),
        };
        self.kept().messages.entry(sid).or_insert((account.clone(), seen)).1.clone()
    }

    /// A message as it is now.
    pub fn message_of(&self, sid: &MessageSid) -> Option<MessageSeen> {
        self.kept().messages.get(sid).map(|(_, message)| message.clone())
    }

    /// The account's messages that fit. None has been sent.
    pub fn messages(&self, account: &AccountSid, filter: &MessageFilter) -> Vec<MessageSeen> {
        let MessageFilter { to, from, since } = filter;
        let fits = |(owner, message): &&(AccountSid, MessageSeen)| {
            owner == account
                && to.as_ref().is_none_or(|to| message.to == *to)
                && from.as_ref().is_none_or(|from| message.from == *from)
                && since.is_none()
        };
        self.kept().messages.values().filter(fits).map(|(_, message)| message.clone()).collect()
    }
}

/// A SID made of what was ordered, so that an order that is repeated names the same thing.
fn sid<K: SidKind>(ordered: &[&str]) -> Sid<K> {
    let mut hash = Sha256::new();
    for part in ordered {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let text = format!("{}{}", K::PREFIXES[0], hex::encode(&hash.finalize()[..16]));
    text.parse().expect("the letters of its kind and 32 hex digits are a SID")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seconds::Seconds;

    fn account() -> AccountSid {
        "AC00000000000000000000000000000001".parse().expect("a SID")
    }

    fn order(tag: &str) -> CallOrder {
        CallOrder {
            to: "+14155550123".parse().expect("a number"),
            from: "+14155550199".parse().expect("a number"),
            url: format!("https://edge.example/twilio/voice/{tag}"),
            fallback_url: String::new(),
            status_callback: format!("https://edge.example/twilio/status/{tag}"),
            ring_timeout: CallOrder::RING_TIMEOUT,
            time_limit: Seconds(600),
            machine_detection: true,
        }
    }

    #[test]
    fn the_same_order_is_the_same_call_and_another_tag_is_another() {
        let sent = Sent::default();
        let (first, again) = (sent.call(&account(), &order("one")), sent.call(&account(), &order("one")));
        assert_eq!((first.status, &first), (CallStatus::Queued, &again));
        assert_ne!(sent.call(&account(), &order("two")).sid, first.sid);
        assert_eq!(Sent::default().call(&account(), &order("one")).sid, first.sid, "after a restart too");
    }

    #[test]
    fn a_call_that_was_taken_back_stays_so() {
        let sent = Sent::default();
        let sid = sent.call(&account(), &order("one")).sid;
        assert_eq!(sent.end(&sid).map(|call| call.status), Some(CallStatus::Canceled));
        assert_eq!(sent.call(&account(), &order("one")).status, CallStatus::Canceled);
        let filter = CallFilter { to: Some(order("one").to), ..CallFilter::default() };
        assert_eq!(sent.calls(&account(), &filter).len(), 1);
        let nobody = CallFilter { to: Some(order("one").from), ..CallFilter::default() };
        assert_eq!(sent.calls(&account(), &nobody), []);
    }
}
