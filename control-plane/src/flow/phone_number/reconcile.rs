//! Puts numbers right that are not as they should be, all at once. The plan comes from what was last seen; each correction
//! reads the vendors before it writes.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        machine::Machine,
        phone_number::{Correction, Need, PhoneNumber, State},
        webhooks,
    },
    flow::Journal,
    store::{self, Kept, Scope, number_look::Looked, page::Ask, phone_number},
};

/// Corrections that are begun at once; what is left over is the next plan's.
const TOGETHER: usize = 1000;

/// Which numbers are put right.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which {
    /// Only those of this account.
    pub account_id: Option<AccountId>,
    /// Those as well whose webhooks were never ours, if somebody answers them.
    pub unmanaged: bool,
}

/// What is to be put right, and what cannot be.
#[derive(Debug, Default)]
pub struct Plan {
    /// The numbers as they are, and what they need.
    pub corrections: Vec<(PhoneNumber, Correction)>,
    /// Numbers that their accounts do not own any more.
    pub released: Vec<PhoneNumber>,
    /// How many were compared.
    pub compared: u64,
    /// How many are being worked on.
    pub under_way: u64,
    /// There are more to be corrected than one plan holds.
    pub more: bool,
    /// When the accounts were last looked at.
    pub looks: Vec<Looked>,
}

/// What would be done.
pub async fn plan(journal: &Journal<'_>, which: Which) -> Result<Plan> {
    let desired = webhooks::desired(journal.ctx().public_url()?);
    let scope = journal.scope();
    let looks = store::number_look::list(&scope, which.account_id).await?;
    let mut plan = Plan { looks, ..Plan::default() };
    let mut reached = HashMap::new();
    let state = Some(State::Active);
    let filter = phone_number::Filter { account_id: which.account_id, state, ..phone_number::Filter::default() };
    let mut after = None;
    loop {
        let page = phone_number::list(&scope, &filter, &Ask { size: store::page::MAX, after }).await?;
        for number in page.rows {
            if is_reached(&scope, &mut reached, number.account_id).await? {
                plan.add(number.need(&desired, which.unmanaged), number);
            }
        }
        if page.next.is_none() || plan.more {
            return Ok(plan);
        }
        after = page.next;
    }
}

/// Without credentials of its account nothing can be written to a number.
async fn is_reached<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    known: &mut HashMap<AccountId, bool>,
    account: AccountId,
) -> Result<bool> {
    if let Some(is_reached) = known.get(&account) {
        return Ok(*is_reached);
    }
    let found = store::account::by_id(scope, account).await?;
    let is_reached = found.is_some_and(|account| account.credentials.reach_twilio());
    known.insert(account, is_reached);
    Ok(is_reached)
}

impl Plan {
    fn add(&mut self, need: Need, number: PhoneNumber) {
        self.compared += 1;
        match need {
            Need::Nothing => {}
            Need::UnderWay => self.under_way += 1,
            Need::Released => self.released.push(number),
            Need::Correction(_) if self.corrections.len() == TOGETHER => self.more = true,
            Need::Correction(correction) => self.corrections.push((number, *correction)),
        }
    }
}

/// Begins what the plan says. Who has changed a number meanwhile has changed what it needs, so it waits for the next plan.
pub async fn apply(journal: &mut Journal<'_>, plan: &Plan) -> Result<()> {
    for (planned, correction) in &plan.corrections {
        let Some(number) = PhoneNumber::load(journal.txn(), journal.workspace, planned.id).await? else { continue };
        if number.version != planned.version {
            continue;
        }
        if let Ok(step) = number.step(correction.event.clone(), journal.now) {
            journal.take(number.version, number.id, step).await?;
        }
    }
    Ok(())
}
