//! `CALLPLANE_TEST_MODE`: reads are real, writes are not. What was written here reads back as written, so that whatever
//! follows a write goes the way it would.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    Access, AgentKey, AgentSeen, RegisterCall, Telephony, VoiceAgents,
    mock::{SIMULATED_AGENT, Written},
};
use crate::domain::{
    e164::E164,
    outcome::Outcome,
    sid::{CallSid, PhoneNumberSid},
    telephony::{AccountSeen, CallFilter, CallSeen, Cursor, NumberSeen, Page, Webhooks},
};

/// A vendor whose writes are left out.
pub struct TestMode<T> {
    real: T,
    written: Written,
}

impl<T> TestMode<T> {
    /// Leaves out the writes of `real`.
    pub fn new(real: T) -> Self {
        Self { real, written: Written::default() }
    }

    fn overlaid(&self, seen: NumberSeen) -> NumberSeen {
        match self.written.get(&seen.sid) {
            Some(written) => NumberSeen { webhooks: written.webhooks, all_post: written.all_post, ..seen },
            None => seen,
        }
    }
}

fn map<A, B>(outcome: Outcome<A>, with: impl FnOnce(A) -> B) -> Outcome<B> {
    match outcome {
        Outcome::Done(value) => Outcome::Done(with(value)),
        Outcome::Refused(refused) => Outcome::Refused(refused),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    }
}

#[async_trait]
impl<T: Telephony> Telephony for TestMode<T> {
    fn is_simulated(&self) -> bool {
        true
    }

    async fn read_account(&self, access: &Access) -> Outcome<AccountSeen> {
        self.real.read_account(access).await
    }

    async fn list_accounts(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<AccountSeen>> {
        self.real.list_accounts(access, after).await
    }

    async fn list_numbers(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<NumberSeen>> {
        map(self.real.list_numbers(access, after).await, |Page { items, next }| Page {
            items: items.into_iter().map(|seen| self.overlaid(seen)).collect(),
            next,
        })
    }

    async fn find_number(&self, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>> {
        map(self.real.find_number(access, e164).await, |found| found.map(|seen| self.overlaid(seen)))
    }

    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
        map(self.real.read_number(access, sid).await, |seen| self.overlaid(seen))
    }

    async fn write_webhooks(&self, _access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen> {
        Outcome::Done(self.written.write(seen, wanted))
    }

    async fn read_call(&self, access: &Access, sid: &CallSid) -> Outcome<CallSeen> {
        self.real.read_call(access, sid).await
    }

    async fn list_calls(
        &self,
        access: &Access,
        filter: &CallFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<CallSeen>> {
        self.real.list_calls(access, filter, after).await
    }
}

#[async_trait]
impl<T: VoiceAgents> VoiceAgents for TestMode<T> {
    fn is_simulated(&self) -> bool {
        true
    }

    /// A registered call starts a conversation that is paid for.
    async fn register_call(&self, _key: &AgentKey, _call: &RegisterCall, _deadline: Duration) -> Outcome<String> {
        Outcome::Done(SIMULATED_AGENT.to_owned())
    }

    async fn get_agent(&self, key: &AgentKey, agent_id: &str) -> Outcome<AgentSeen> {
        self.real.get_agent(key, agent_id).await
    }
}
