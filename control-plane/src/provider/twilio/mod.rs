//! Twilio behind the `Telephony` port. One file for each noun; `client` sends, `refusal` says what errors mean.

mod account;
mod alert;
mod call;
mod client;
mod key;
mod message;
mod money;
mod number;
mod page;
mod refusal;
mod wire;

use async_trait::async_trait;

use self::client::{Ask, Fields, Unreadable};
pub use self::client::{Settings, Twilio};
use super::{Access, Telephony, line::refused};
use crate::domain::{
    e164::E164,
    money::Money,
    outcome::{Cause, Outcome},
    sid::{CallSid, MessageSid, PhoneNumberSid},
    telephony::{
        AccountSeen, AlertSeen, CallFilter, CallOrder, CallSeen, Cursor, EndCall, MessageFilter, MessageOrder,
        MessageSeen, NumberSeen, Page, Webhooks,
    },
    time::Timestamp,
};

#[async_trait]
impl Telephony for Twilio {
    fn is_simulated(&self) -> bool {
        false
    }

    async fn read_account(&self, access: &Access) -> Outcome<AccountSeen> {
        account::read(self, access).await
    }

    async fn list_accounts(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<AccountSeen>> {
        account::list(self, access, after).await
    }

    async fn list_numbers(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<NumberSeen>> {
        number::list(self, access, after).await
    }

    async fn find_number(&self, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>> {
        number::find(self, access, e164).await
    }

    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen> {
        number::read(self, access, sid).await
    }

    async fn write_webhooks(&self, access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen> {
        number::write(self, access, seen, wanted).await
    }

    async fn read_balance(&self, access: &Access) -> Outcome<Money> {
        money::balance(self, access).await
    }

    async fn list_keys(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<String>> {
        key::list(self, access, after).await
    }

    async fn list_alerts(&self, access: &Access, since: Timestamp) -> Outcome<Vec<AlertSeen>> {
        alert::list(self, access, since).await
    }

    async fn read_call(&self, access: &Access, sid: &CallSid) -> Outcome<CallSeen> {
        call::read(self, access, sid).await
    }

    async fn list_calls(
        &self,
        access: &Access,
        filter: &CallFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<CallSeen>> {
        call::list(self, access, filter, after).await
    }

    async fn create_call(&self, access: &Access, order: &CallOrder) -> Outcome<CallSeen> {
        call::create(self, access, order).await
    }

    async fn end_call(&self, access: &Access, sid: &CallSid, how: EndCall) -> Outcome<CallSeen> {
        call::end(self, access, sid, how).await
    }

    async fn send_message(&self, access: &Access, order: &MessageOrder) -> Outcome<MessageSeen> {
        message::send(self, access, order).await
    }

    async fn read_message(&self, access: &Access, sid: &MessageSid) -> Outcome<MessageSeen> {
        message::read(self, access, sid).await
    }

    async fn list_messages(
        &self,
        access: &Access,
        filter: &MessageFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<MessageSeen>> {
        message::list(self, access, filter, after).await
    }
}

impl Twilio {
    /// A page of a list: the first with its filters, or the one at `after`, which carries them itself.
    async fn page<T>(
        &self,
        access: &Access,
        what: &'static str,
        (path, mut fields): (String, Fields),
        after: Option<&Cursor>,
        read: impl FnOnce(&[u8]) -> Result<(Vec<T>, page::Paging), Unreadable>,
    ) -> Outcome<Page<T>> {
        let base = match self.base(access) {
            Ok(base) => base,
            Err(refused) => return Outcome::Refused(refused),
        };
        let ask = match after {
            None => {
                fields.push(("PageSize", page::SIZE.to_owned()));
                Ask::read(what, path, fields)
            }
            Some(cursor) if page::is_of_this_api(cursor) => Ask::read(what, cursor.0.clone(), Fields::new()),
            Some(_) => return Outcome::Refused(refused(Cause::Invalid, "this is not a place in a list of Twilio's")),
        };
        self.ask(access, ask, |body| {
            let (items, paging) = read(body)?;
            Ok(Page { items, next: paging.next(&base, after)? })
        })
        .await
    }
}
