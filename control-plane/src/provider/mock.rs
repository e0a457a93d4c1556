//! `CALLPLANE_TELEPHONY=mock`: vendors that open no socket. Every account is active and owns every number one looks
//! for; what was written reads back the same, and so do calls and messages, which stay in the queue. Whatever it says is
//! simulated.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    Access, AgentKey, AgentListed, AgentSeen, RegisterCall, Telephony, VoiceAgents, line::refused, written::Written,
};
use crate::domain::{
    e164::E164,
    money::{Currency, Money},
    outcome::{Cause, Outcome},
    phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    sid::{CallSid, MessageSid, PhoneNumberSid},
    telephony::{
        AccountSeen, AccountStatus, AlertSeen, CallFilter, CallOrder, CallSeen, Capabilities, Cursor, EndCall,
        MessageFilter, MessageOrder, MessageSeen, NumberSeen, Page, Webhooks,
    },
    time::Timestamp,
};

/// Vendors that open no socket. A copy remembers the same.
#[derive(Clone, Default)]
pub struct Mock {
    written: Arc<Written>,
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
    Outcome::Refused(refused(Cause::NotFound, "the mock knows no such thing"))
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
        Outcome::Done(Some(self.written.shown(number(access, sid, e164.clone()))))
    }

    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
        let found = number_of(sid).map(|e164| self.written.shown(number(access, sid.clone(), e164)));
        found.map_or_else(unknown, Outcome::Done)
    }

    async fn write_webhooks(&self, _access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen> {
        Outcome::Done(self.written.write(seen, wanted))
    }

    async fn read_balance(&self, _access: &Access) -> Outcome<Money> {
        Outcome::Done(Money::whole(Currency::USD, 100))
    }

    async fn list_keys(&self, _access: &Access, _after: Option<&Cursor>) -> Outcome<Page<String>> {
        Outcome::Done(Page { items: Vec::new(), next: None })
    }

    async fn list_alerts(&self, _access: &Access, _since: Timestamp) -> Outcome<Vec<AlertSeen>> {
        Outcome::Done(Vec::new())
    }

    async fn read_call(&self, _access: &Access, sid: &CallSid) -> Outcome<CallSeen> {
        self.written.sent.call_of(sid).map_or_else(unknown, Outcome::Done)
    }

    async fn list_calls(
        &self,
        access: &Access,
        filter: &CallFilter,
        _after: Option<&Cursor>,
    ) -> Outcome<Page<CallSeen>> {
        Outcome::Done(Page { items: self.written.sent.calls(&access.account_sid, filter), next: None })
    }

    async fn create_call(&self, access: &Access, order: &CallOrder) -> Outcome<CallSeen> {
        Outcome::Done(self.written.sent.call(&access.account_sid, order))
    }

    async fn end_call(&self, _access: &Access, sid: &CallSid, _how: EndCall) -> Outcome<CallSeen> {
        self.written.sent.end(sid).map_or_else(unknown, Outcome::Done)
    }

    async fn send_message(&self, access: &Access, order: &MessageOrder) -> Outcome<MessageSeen> {
        Outcome::Done(self.written.sent.message(&access.account_sid, order))
    }

    async fn read_message(&self, _access: &Access, sid: &MessageSid) -> Outcome<MessageSeen> {
        self.written.sent.message_of(sid).map_or_else(unknown, Outcome::Done)
    }

    async fn list_messages(
        &self,
        access: &Access,
        filter: &MessageFilter,
        _after: Option<&Cursor>,
    ) -> Outcome<Page<MessageSeen>> {
        Outcome::Done(Page { items: self.written.sent.messages(&access.account_sid, filter), next: None })
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
        let held = |import: &ImportSeen| import.vendor_agent_id.as_deref() == Some(agent_id);
        let imports = self.written.imports(Vec::new()).into_iter().filter(held).collect();
        let (agent_id, archived) = (agent_id.to_owned(), false);
        Outcome::Done(AgentSeen { agent_id, name, telephone_audio: true, archived, imports })
    }

    async fn list_imports(&self, _key: &AgentKey) -> Outcome<Vec<ImportSeen>> {
        Outcome::Done(self.written.imports(Vec::new()))
    }

    async fn read_import(&self, _key: &AgentKey, id: &ImportId) -> Outcome<ImportSeen> {
        self.written.import_of(id).flatten().map_or_else(unknown, Outcome::Done)
    }

    async fn import_number(&self, _key: &AgentKey, _access: &Access, order: &ImportOrder) -> Outcome<ImportId> {
        Outcome::Done(self.written.import(order))
    }

    async fn assign_import(&self, _key: &AgentKey, id: &ImportId, agent_id: Option<&str>) -> Outcome<ImportSeen> {
        let Some(seen) = self.written.import_of(id).flatten() else { return unknown() };
        let assigned = ImportSeen { vendor_agent_id: agent_id.map(str::to_owned), ..seen };
        self.written.put_import(assigned.clone());
        Outcome::Done(assigned)
    }

    async fn delete_import(&self, _key: &AgentKey, id: &ImportId) -> Outcome<()> {
        self.written.delete_import(id);
        Outcome::Done(())
    }

    async fn list_agents(&self, _key: &AgentKey, _after: Option<&Cursor>) -> Outcome<Page<AgentListed>> {
        unknown()
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
    async fn an_imported_number_is_taken_over_until_its_webhooks_are_written_again() {
        let (mock, other) = (Mock::default(), Mock::default());
        let agents = mock.clone();
        let key = AgentKey { api_key: "key".to_owned().into(), api_base_url: None };
        let e164: E164 = "+14155550123".parse().expect("a number");
        let (label, vendor_agent_id) = ("ours".to_owned(), "agent_01".to_owned());
        let order = ImportOrder { e164: e164.clone(), label, vendor_agent_id };
        let Outcome::Done(id) = agents.import_number(&key, &access(), &order).await else { panic!("it takes any") };
        let Outcome::Done(Some(seen)) = mock.find_number(&access(), &e164).await else {
            panic!("it owns every number")
        };
        assert!(seen.webhooks.voice_url.as_deref().is_some_and(|url| url.contains("elevenlabs.io")));
        let Outcome::Done(gone) = agents.assign_import(&key, &id, None).await else { panic!("it is there") };
        assert_eq!((gone.vendor_agent_id, gone.label.as_str()), (None, "ours"));
        mock.write_webhooks(&access(), &seen, &Webhooks::default()).await;
        let Outcome::Done(Some(now)) = mock.find_number(&access(), &e164).await else { panic!("it owns every number") };
        assert!(now.is_configured_as(&Webhooks::default()));
        agents.delete_import(&key, &id).await;
        assert_eq!(agents.list_imports(&key).await, Outcome::Done(Vec::new()));
        assert!(matches!(agents.read_import(&key, &id).await, Outcome::Refused(_)));
        assert_eq!(other.list_imports(&key).await, Outcome::Done(Vec::new()));
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
