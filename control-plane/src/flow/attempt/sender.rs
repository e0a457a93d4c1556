//! Who calls: an account that works, and a number of it that the person knows or that is of their country. After a
//! failover the backup account calls.

use sea_orm::ConnectionTrait;

use crate::{
    domain::{
        account::{Account, Status},
        attempt::Route,
        country::Country,
        e164::E164,
        error::Result,
        failover::{Kind, State as FailoverState},
        id::{AccountId, PhoneNumberId},
        ladder::Channel,
        monitor::Verdict,
        phone_number::{PhoneNumber, State},
    },
    store::{self, Scope},
};

/// A number of ours to call or write from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Its account.
    pub account_id: AccountId,
    /// The number.
    pub phone_number_id: PhoneNumberId,
    /// Its digits.
    pub e164: E164,
    /// It is registered as a WhatsApp sender.
    pub has_whatsapp: bool,
}

impl Via {
    /// As an attempt keeps it.
    pub fn into_route(self) -> Route {
        Route { account_id: Some(self.account_id), phone_number_id: Some(self.phone_number_id), from: Some(self.e164) }
    }
}

impl From<&PhoneNumber> for Via {
    fn from(number: &PhoneNumber) -> Self {
        Self {
            account_id: number.account_id,
            phone_number_id: number.id,
            e164: number.e164.clone(),
            has_whatsapp: number.whatsapp_sender,
        }
    }
}

/// The best number to reach `to` from; `None` when there is none.
pub async fn via<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    channel: Channel,
    to: &str,
    avoided: &[AccountId],
) -> Result<Option<Via>> {
    let known = store::attempt::last_number(scope, to, channel).await?;
    let country = to.parse::<E164>().ok().and_then(|number| Country::of(&number));
    for account in accounts(scope, avoided).await? {
        let mut able = store::phone_number::of_account(scope, account).await?;
        able.retain(|number| number.state == State::Active && can(number, channel));
        let like = |number: &PhoneNumber| {
            let is_known = known == Some(number.id);
            let is_near = country.is_some() && country == Country::of(&number.e164);
            // A spare number is left to whom it is kept for, unless there is no other.
            (!is_known, !is_near, number.is_free_backup(), number.id)
        };
        if let Some(best) = able.iter().min_by_key(|number| like(number)) {
            return Ok(Some(best.into()));
        }
    }
    Ok(None)
}

fn can(number: &PhoneNumber, channel: Channel) -> bool {
    match channel {
        Channel::Voice => number.capabilities.voice,
        Channel::Sms => number.capabilities.sms,
        // Registered apart: a number may write by WhatsApp that can send no SMS.
        Channel::Whatsapp => number.whatsapp_sender,
        Channel::Email => false,
    }
}

/// The accounts that may be used, the best first: where the primary's agents are now, then the primary, then the backups in
/// their order. One that is known not to work comes last, because "known" may be old.
async fn accounts<C: ConnectionTrait>(scope: &Scope<'_, C>, avoided: &[AccountId]) -> Result<Vec<AccountId>> {
    let primary = store::account::primary(scope).await?;
    let moved_to = match &primary {
        Some(primary) => moved_to(scope, primary.id).await?,
        None => None,
    };
    let backups = store::account::backups(scope).await?;
    let mut all: Vec<Account> = primary.into_iter().chain(backups).collect();
    all.retain(|account| !avoided.contains(&account.id));
    let monitors = store::monitor::by_accounts(scope, all.iter().map(|account| account.id).collect()).await?;
    let is_broken = |account: &Account| {
        let verdict = monitors.iter().find(|monitor| monitor.account_id == account.id).map(|monitor| monitor.verdict);
        verdict == Some(Verdict::Critical)
            || matches!(account.status, Status::Suspended | Status::Closed | Status::Refused)
    };
    let mut ranked: Vec<(bool, bool, usize, AccountId)> = all
        .iter()
        .enumerate()
        .map(|(place, account)| (is_broken(account), moved_to != Some(account.id), place, account.id))
        .collect();
    ranked.sort_unstable();
    Ok(ranked.into_iter().map(|(_, _, _, id)| id).collect())
}

/// Where the agents of an account were moved to and still are.
async fn moved_to<C: ConnectionTrait>(scope: &Scope<'_, C>, primary: AccountId) -> Result<Option<AccountId>> {
    let latest = store::failover::latest_of(scope, primary).await?;
    let has_moved = latest.filter(|latest| {
        let state = latest.state();
        let is_done = matches!(state, FailoverState::Completed | FailoverState::PartiallyCompleted);
        latest.kind == Kind::Failover && (is_done || state == FailoverState::Moving)
    });
    Ok(has_moved.and_then(|failover| failover.target_id))
}
