//! `CALLPLANE_TEST_MODE`: reads are real, writes are not. What was written here reads back as written, so that whatever
//! follows a write goes the way it would.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    Access, AgentKey, AgentListed, AgentSeen, RegisterCall, Telephony, VoiceAgents, line::refused,
    mock::SIMULATED_AGENT, written::Written,
};
use crate::domain::{
    e164::E164,
    money::Money,
    outcome::{Cause, Outcome},
    phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    sid::{CallSid, MessageSid, PhoneNumberSid},
    telephony::{
        AccountSeen, AlertSeen, CallFilter, CallOrder, CallSeen, Cursor, EndCall, MessageFilter, MessageOrder,
        MessageSeen, NumberSeen, Page, Webhooks,
    },
    time::Timestamp,
};

/// A vendor whose writes are left out.
pub struct TestMode<T> {
    real: T,
    written: Arc<Written>,
}

impl<T> TestMode<T> {
    /// Leaves out the writes of `real` and keeps them in `written`, which the vendors share.
    pub fn new(real: T, written: Arc<Written>) -> Self {
        Self { real, written }
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
        self.real.list_numbers(access, after).await.map(|Page { items, next }| Page {
            items: items.into_iter().map(|seen| self.written.shown(seen)).collect(),
            next,
        })
    }

    async fn find_number(&self, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>> {
        self.real.find_number(access, e164).await.map(|found| found.map(|seen| self.written.shown(seen)))
    }

    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
        self.real.read_number(access, sid).await.map(|seen| self.written.shown(seen))
    }

    async fn write_webhooks(&self, _access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen> {
        Outcome::Done(self.written.write(seen, wanted))
    }

    async fn read_balance(&self, access: &Access) -> Outcome<Money> {
        self.real.read_balance(access).await
    }

    async fn list_keys(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<String>> {
        self.real.list_keys(access, after).await
    }

    async fn list_alerts(&self, access: &Access, since: Timestamp) -> Outcome<Vec<AlertSeen>> {
        self.real.list_alerts(access, since).await
    }

    async fn read_call(&self, access: &Access, sid: &CallSid) -> Outcome<CallSeen> {
        match self.written.sent.call_of(sid) {
            Some(seen) => Outcome::Done(seen),
            None => self.real.read_call(access, sid).await,
        }
    }

    async fn list_calls(
        &self,
        access: &Access,
        filter: &CallFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<CallSeen>> {
        let ours = || self.written.sent.calls(&access.account_sid, filter);
        self.real.list_calls(access, filter, after).await.map(|theirs| with(ours, after, theirs))
    }

    async fn create_call(&self, access: &Access, order: &CallOrder) -> Outcome<CallSeen> {
        Outcome::Done(self.written.sent.call(&access.account_sid, order))
    }

    async fn end_call(&self, access: &Access, sid: &CallSid, _how: EndCall) -> Outcome<CallSeen> {
        match self.written.sent.end(sid) {
            Some(seen) => Outcome::Done(seen),
            // A real call is left alone, and shown as it is.
            None => self.real.read_call(access, sid).await,
        }
    }

    async fn send_message(&self, access: &Access, order: &MessageOrder) -> Outcome<MessageSeen> {
        Outcome::Done(self.written.sent.message(&access.account_sid, order))
    }

    async fn read_message(&self, access: &Access, sid: &MessageSid) -> Outcome<MessageSeen> {
        match self.written.sent.message_of(sid) {
            Some(seen) => Outcome::Done(seen),
            None => self.real.read_message(access, sid).await,
        }
    }

    async fn list_messages(
        &self,
        access: &Access,
        filter: &MessageFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<MessageSeen>> {
        let ours = || self.written.sent.messages(&access.account_sid, filter);
        self.real.list_messages(access, filter, after).await.map(|theirs| with(ours, after, theirs))
    }
}

/// Ours are the newest: they stand in front, on the first page.
fn with<S>(ours: impl FnOnce() -> Vec<S>, after: Option<&Cursor>, theirs: Page<S>) -> Page<S> {
    let mut items = if after.is_none() { ours() } else { Vec::new() };
    items.extend(theirs.items);
    Page { items, ..theirs }
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
        let held = |import: &ImportSeen| import.vendor_agent_id.as_deref() == Some(agent_id);
        self.real.get_agent(key, agent_id).await.map(|seen| {
            let imports = self.written.imports(seen.imports).into_iter().filter(held).collect();
            AgentSeen { imports, ..seen }
        })
    }

    async fn list_imports(&self, key: &AgentKey) -> Outcome<Vec<ImportSeen>> {
        self.real.list_imports(key).await.map(|theirs| self.written.imports(theirs))
    }

    async fn read_import(&self, key: &AgentKey, id: &ImportId) -> Outcome<ImportSeen> {
        match self.written.import_of(id) {
            Some(Some(seen)) => Outcome::Done(seen),
            Some(None) => Outcome::Refused(refused(Cause::NotFound, "the number was deleted in test mode")),
            None => self.real.read_import(key, id).await,
        }
    }

    async fn import_number(&self, _key: &AgentKey, _access: &Access, order: &ImportOrder) -> Outcome<ImportId> {
        Outcome::Done(self.written.import(order))
    }

    async fn assign_import(&self, key: &AgentKey, id: &ImportId, agent_id: Option<&str>) -> Outcome<ImportSeen> {
        self.read_import(key, id).await.map(|seen| {
            let assigned = ImportSeen { vendor_agent_id: agent_id.map(str::to_owned), ..seen };
            self.written.put_import(assigned.clone());
            assigned
        })
    }

    async fn delete_import(&self, _key: &AgentKey, id: &ImportId) -> Outcome<()> {
        self.written.delete_import(id);
        Outcome::Done(())
    }

    async fn list_agents(&self, key: &AgentKey, after: Option<&Cursor>) -> Outcome<Page<AgentListed>> {
        self.real.list_agents(key, after).await
    }
}
