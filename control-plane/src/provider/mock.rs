//! `CALLPLANE_TELEPHONY=mock`: vendors that open no socket. Every account is active and owns every number one looks
//! for; webhooks that were written read back the same. Whatever it says is simulated.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Access, AgentKey, AgentSeen, RegisterCall, Telephony, VoiceAgents, line::refused};
use crate::domain::{
    e164::E164,
    outcome::{Cause, Outcome},
    sid::{AccountSid, CallSid, PhoneNumberSid},
    telephony::{AccountSeen, AccountStatus, CallFilter, CallSeen, Capabilities, Cursor, NumberSeen, Page, Webhooks},
};

/// Vendors that open no socket.
#[derive(Default)]
pub struct Mock {
    written: Written,
}

/// Webhooks that were written without a vendor.
#[derive(Default)]
pub(super) struct Written(Mutex<HashMap<PhoneNumberSid, NumberSeen>>);

impl Written {
    /// Writes, and answers as a vendor would.
    pub fn write(&self, seen: &NumberSeen, wanted: &Webhooks) -> NumberSeen {
        let now = NumberSeen { webhooks: wanted.clone(), all_post: true, ..seen.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(now.sid.clone(), now.clone());
        now
    }

    /// The number as it was written.
    pub fn get(&self, sid: &PhoneNumberSid) -> Option<NumberSeen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(sid).cloned()
    }

    fn of(&self, account: &AccountSid) -> Vec<NumberSeen> {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut numbers: Vec<_> = written.values().filter(|number| number.account_sid == *account).cloned().collect();
        numbers.sort_by(|one, other| one.sid.cmp(&other.sid));
        numbers
    }
}

fn account(access: &Access) -> AccountSeen {
    AccountSeen {
        sid: access.account_sid.clone(),
        status: AccountStatus::Active,
        owner_account_sid: access.parent.as_ref().map_or(&access.account_sid, |parent| &parent.account_sid).clone(),
        trial: false,
    }
}

fn number(access: &Access, sid: PhoneNumberSid, e164: E164) -> NumberSeen {
    NumberSeen {
        sid,
        e164,
        account_sid: access.account_sid.clone(),
        capabilities: Capabilities { voice: true, sms: true, mms: true, fax: false },
        webhooks: Webhooks::default(),
        all_post: true,
    }
}

/// The SID says which number it is, so that it is known after a restart, and does not show it. Multiplying by an odd
/// number can be undone.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;
const MARK: &str = "PN00000000ca11b1a4";

fn sid_of(e164: &E164) -> Option<PhoneNumberSid> {
    let digits: u64 = e164.as_str().trim_start_matches('+').parse().ok()?;
    format!("{MARK}{:016x}", digits.wrapping_mul(SCATTER)).parse().ok()
}

fn number_of(sid: &PhoneNumberSid) -> Option<E164> {
    let scattered = u64::from_str_radix(sid.as_str().strip_prefix(MARK)?, 16).ok()?;
    format!("+{}", scattered.wrapping_mul(inverse(SCATTER))).parse().ok()
}

/// Newton's iteration: each step doubles the bits that are right, and an odd number is its own inverse in three.
fn inverse(odd: u64) -> u64 {
    (0..5).fold(odd, |guess, _| guess.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(guess))))
}

fn unknown<T>() -> Outcome<T> {
    Outcome::Refused(refused(Cause::NotFound, "the mock knows no such thing; only the simulator keeps calls"))
}

#[async_trait]
impl Telephony for Mock {
    fn is_simulated(&self) -> bool {
        true
    }

    async fn read_account(&self, access: &Access) -> Outcome<AccountSeen> {
        Outcome::Done(account(access))
    }

    async fn list_accounts(&self, access: &Access, _after: Option<&Cursor>) -> Outcome<Page<AccountSeen>> {
        Outcome::Done(Page { items: vec![account(access)], next: None })
    }

    async fn list_numbers(&self, access: &Access, _after: Option<&Cursor>) -> Outcome<Page<NumberSeen>> {
        Outcome::Done(Page { items: self.written.of(&access.account_sid), next: None })
    }

    async fn find_number(&self, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>> {
        let Some(sid) = sid_of(e164) else { return Outcome::Done(None) };
        Outcome::Done(Some(self.written.get(&sid).unwrap_or_else(|| number(access, sid, e164.clone()))))
    }

    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
        let stateless = || Some(number(access, sid.clone(), number_of(sid)?));
        self.written.get(sid).or_else(stateless).map_or_else(unknown, Outcome::Done)
    }

    async fn write_webhooks(&self, _access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen> {
        Outcome::Done(self.written.write(seen, wanted))
    }

    async fn read_call(&self, _access: &Access, _sid: &CallSid) -> Outcome<CallSeen> {
        unknown()
    }

    async fn list_calls(
        &self,
        _access: &Access,
        _filter: &CallFilter,
        _after: Option<&Cursor>,
    ) -> Outcome<Page<CallSeen>> {
        Outcome::Done(Page { items: Vec::new(), next: None })
    }
}

/// What a caller hears instead of an agent.
pub(super) const SIMULATED_AGENT: &str =
    r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say>This is a simulated agent.</Say><Hangup/></Response>"#;

#[async_trait]
impl VoiceAgents for Mock {
    fn is_simulated(&self) -> bool {
        true
    }

    async fn register_call(&self, _key: &AgentKey, _call: &RegisterCall, _deadline: Duration) -> Outcome<String> {
        Outcome::Done(SIMULATED_AGENT.to_owned())
    }

    async fn get_agent(&self, _key: &AgentKey, agent_id: &str) -> Outcome<AgentSeen> {
        let name = "Simulated agent".to_owned();
        Outcome::Done(AgentSeen { agent_id: agent_id.to_owned(), name, telephone_audio: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Credential;

    fn access() -> Access {
        let sid = "AC00000000000000000000000000000001".parse().expect("a SID");
        Access::new(sid, Credential::AuthToken("token".to_owned().into()))
    }

    #[tokio::test]
    async fn what_was_written_reads_back_the_same() {
        let mock = Mock::default();
        let e164: E164 = "+14155550123".parse().expect("a number");
        let Outcome::Done(Some(seen)) = mock.find_number(&access(), &e164).await else {
            panic!("it owns every number")
        };
        let wanted = Webhooks { voice_url: Some("https://a.example/v".to_owned()), ..Webhooks::default() };
        assert!(!seen.is_configured_as(&wanted));
        mock.write_webhooks(&access(), &seen, &wanted).await;
        let Outcome::Done(now) = mock.read_number(&access(), &seen.sid).await else { panic!("it was just written") };
        assert!(now.is_configured_as(&wanted));
        assert_eq!(mock.find_number(&access(), &e164).await, Outcome::Done(Some(now)));
    }

    #[tokio::test]
    async fn a_number_is_known_by_its_sid_after_a_restart_and_not_shown_by_it() {
        for number in ["+14155550123", "+4930123456", "+1234567", "+999999999999999"] {
            let e164: E164 = number.parse().expect("a number");
            let sid = sid_of(&e164).expect("digits");
            assert!(!sid.as_str().contains(&number[1..]), "{sid}");
            let Outcome::Done(seen) = Mock::default().read_number(&access(), &sid).await else { panic!("{number}") };
            assert_eq!(seen.e164, e164);
        }
        let foreign = "PN00000000000000000000000000000001".parse().expect("a SID");
        assert!(matches!(Mock::default().read_number(&access(), &foreign).await, Outcome::Refused(_)));
    }
}
