//! What Twilio's list of calls changes here: wishes to look, and pages whose calls become rows. A page and the state that
//! asked for it are one transaction, so a crash leaves neither half.

use std::collections::HashMap;

use chrono::Duration;
use serde_json::json;

use super::{Context, Journal, wake::Bell};
use crate::{
    domain::{
        call::{Call, CallEvent, Direction, Fact, NewCall, merge},
        e164::E164,
        effect::Effect,
        error::{Error, Kind, Result},
        id::{AccountId, CallEventId, CallId, PhoneNumberId, WorkspaceId},
        machine::{Machine, Refusal},
        outcome::Outcome,
        reconciliation::{Event, Listed, Look, Reconciliation, Rhythm, Tally, Window},
        sid::AccountSid,
        telephony::{CallSeen, Page},
        time::Timestamp,
    },
    store::{self, reconciliation as rows},
};

/// How many open calls of one account are asked about one by one after a look; the list has shown the others.
const DOUBTED: u64 = 500;
/// How many accounts are given a row at once.
const TOGETHER: u64 = 500;
/// How far apart, so that nothing else of the account waits behind them.
const APART: Duration = Duration::milliseconds(20);

/// Whether there is a list to look through, or why not.
pub fn can_look(ctx: &Context) -> Result<()> {
    match ctx.facts.telephony {
        "mock" => {
            let message = "mock telephony keeps no list of calls; set CALLPLANE_TELEPHONY=twilio";
            Err(Error::new(Kind::FailedPrecondition, "TELEPHONY_MOCK", message))
        }
        _ => Ok(()),
    }
}

/// How often accounts are looked at although nobody asks.
pub fn rhythm(ctx: &Context) -> Rhythm {
    Rhythm { every: ctx.facts.reconcile_every }
}

/// Calls of these accounts were missed. An account that is not known any more has none.
pub async fn want(ctx: &Context, sids: Vec<AccountSid>, window: Window) -> Result<()> {
    let sids: Vec<String> = sids.iter().map(ToString::to_string).collect();
    let found = store::account::signers(ctx.store.read(), sids).await?;
    let accounts: Vec<_> = found.into_iter().map(|(_, account, workspace)| (workspace, account)).collect();
    let now = ctx.clock.now();
    let txn = ctx.store.begin().await?;
    rows::add(&txn, &fresh(ctx, &accounts, now)).await?;
    rows::want(&txn, accounts.into_iter().map(|(_, account)| account).collect(), window, now).await?;
    txn.commit().await.map_err(store::failed)?;
    ctx.wake.ring(Bell::Timers);
    Ok(())
}

/// Somebody wants the calls of an account looked for.
pub async fn ask(journal: &mut Journal<'_>, account: AccountId, window: Window) -> Result<Reconciliation> {
    let found = store::account::by_id(&journal.scope(), account).await?;
    let account = found.ok_or_else(|| Error::not_found("account"))?;
    if !account.credentials.reach_twilio() {
        let message = "the account has no credentials to ask Twilio with; set some first";
        return Err(Error::new(Kind::FailedPrecondition, "ACCOUNT_WITHOUT_CREDENTIALS", message));
    }
    let row = fresh(journal.ctx(), &[(journal.workspace, account.id)], journal.now);
    rows::add(journal.txn(), &row).await?;
    journal.step::<Reconciliation>(account.id, Event::Wanted(window)).await
}

/// Gives every account its reconciliation: new ones, and those from before there were any.
pub async fn enrol(ctx: &Context) -> Result<()> {
    loop {
        let missing = rows::missing(ctx.store.read(), TOGETHER).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let txn = ctx.store.begin().await?;
        rows::add(&txn, &fresh(ctx, &missing, ctx.clock.now())).await?;
        txn.commit().await.map_err(store::failed)?;
    }
}

fn fresh(ctx: &Context, accounts: &[(WorkspaceId, AccountId)], now: Timestamp) -> Vec<Reconciliation> {
    let rhythm = rhythm(ctx);
    accounts.iter().map(|(workspace, account)| Reconciliation::new(*workspace, *account, rhythm, now)).collect()
}

/// What came of a page.
pub struct Learned {
    /// Watchers are told.
    pub is_news: bool,
    /// Calls on it.
    pub tally: Tally,
}

/// Takes in what Twilio answered. A refusal belongs to a look that is over; what the page says is left alone then.
pub async fn learn(
    journal: &mut Journal<'_>,
    held: Reconciliation,
    round: u32,
    outcome: Outcome<Page<CallSeen>>,
) -> Result<std::result::Result<Learned, Refusal>> {
    let rhythm = rhythm(journal.ctx());
    let Some(look) = held.look_of(round).cloned() else {
        return Ok(Err(Refusal::stale("the page belongs to a look that is over")));
    };
    let outcome = match outcome {
        Outcome::Done(page) => Outcome::Done(take_in(journal, &held, &look, page).await?),
        Outcome::Refused(refused) => Outcome::Refused(refused),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    };
    let tally = match &outcome {
        Outcome::Done(listed) => listed.tally,
        Outcome::Refused(_) | Outcome::Unknown(_) => Tally::default(),
    };
    let step = match held.step(Event::Listed { round, outcome, rhythm }, journal.now) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let is_news = !step.news.is_empty();
    let next = journal.take(held.version, held.account_id, step).await?;
    if let Some(heard_before) = next.doubts_after(&look) {
        doubt(journal, &next, heard_before).await?;
    }
    Ok(Ok(Learned { is_news, tally }))
}

/// Merges a page into the rows of its calls.
async fn take_in(
    journal: &mut Journal<'_>,
    held: &Reconciliation,
    look: &Look,
    page: Page<CallSeen>,
) -> Result<Listed> {
    let Page { items, next } = page;
    let began = |seen: &CallSeen| seen.start_time.max(seen.create_time);
    let is_past = !items.is_empty() && items.iter().all(|seen| began(seen).is_some_and(|at| at < look.window.since));
    let mut shelf = Shelf::of(journal, held, &items).await?;
    for seen in &items {
        shelf.merge(journal, held, seen);
    }
    let tally = shelf.tally;
    shelf.put(journal).await?;
    Ok(Listed { tally, next, is_past })
}

/// The rows that a page is about.
struct Shelf {
    calls: HashMap<String, Call>,
    numbers: HashMap<E164, PhoneNumberId>,
    changed: HashMap<String, Call>,
    events: Vec<(CallEvent, String)>,
    tally: Tally,
}

impl Shelf {
    async fn of(journal: &Journal<'_>, held: &Reconciliation, items: &[CallSeen]) -> Result<Self> {
        let mut sids: Vec<String> = items.iter().map(|seen| seen.sid.to_string()).collect();
        sids.sort_unstable();
        sids.dedup();
        let known = if sids.is_empty() { Vec::new() } else { store::call::among(journal.txn(), sids).await? };
        let calls: HashMap<String, Call> = known.into_iter().map(|call| (call.call_sid.to_string(), call)).collect();
        let new = items.iter().filter(|seen| !calls.contains_key(seen.sid.as_str()));
        let mut parties: Vec<String> =
            new.flat_map(|seen| [seen.to.e164(), seen.from.e164()]).flatten().map(String::from).collect();
        parties.sort_unstable();
        parties.dedup();
        let numbers = store::phone_number::among(journal.txn(), parties).await?;
        let ours = numbers.into_iter().filter(|number| number.workspace_id == held.workspace_id);
        let numbers = ours.map(|number| (number.e164, number.id)).collect();
        Ok(Self { calls, numbers, changed: HashMap::new(), events: Vec::new(), tally: Tally::default() })
    }

    fn merge(&mut self, journal: &mut Journal<'_>, held: &Reconciliation, seen: &CallSeen) {
        self.tally.listed += 1;
        let known = self.calls.get(seen.sid.as_str()).cloned();
        if known.as_ref().is_some_and(|call| call.account_id != held.account_id) {
            tracing::warn!(account = %held.account_id, "Twilio lists a call that we know from another account");
            return;
        }
        if known.as_ref().is_some_and(Call::is_told) {
            return;
        }
        let is_new = known.is_none();
        // No webhook tells of a leg that a call dialled: it is a part of that call, not one that was missed.
        if is_new && seen.parent.is_some() {
            return;
        }
        let fact = Fact::fetched(seen, journal.now, false);
        let merged = merge(known, &fact, &self.new_call(journal, held, &fact));
        let (id, status) = (merged.call.id, merged.call.status.as_str());
        if merged.changed {
            let event = CallEvent::of(CallEventId::fresh(&*journal.ctx().ids), id, &fact, true);
            // A call is found in a status once, however often it is listed.
            self.events.push((event, format!("list/{status}")));
            let kind = if is_new { "call.created" } else { "call.reconciled" };
            journal.tell(kind, &id, json!({ "status": status, "source": merged.call.source.as_str() }));
            if is_new { self.tally.found += 1 } else { self.tally.repaired += 1 }
        }
        self.calls.insert(seen.sid.to_string(), merged.call.clone());
        self.changed.insert(seen.sid.to_string(), merged.call);
    }

    fn new_call(&self, journal: &Journal<'_>, held: &Reconciliation, fact: &Fact) -> NewCall {
        let ours = match fact.direction {
            Some(Direction::Inbound) => fact.to.e164(),
            Some(Direction::OutboundApi | Direction::OutboundDial) => fact.from.e164(),
            None => None,
        };
        NewCall {
            id: CallId::fresh(&*journal.ctx().ids),
            workspace_id: held.workspace_id,
            account_id: held.account_id,
            phone_number_id: ours.and_then(|number| self.numbers.get(&number).copied()),
        }
    }

    async fn put(self, journal: &Journal<'_>) -> Result<()> {
        let mut calls: Vec<Call> = self.changed.into_values().collect();
        calls.sort_unstable_by(|one, other| one.call_sid.cmp(&other.call_sid));
        calls.iter_mut().for_each(|call| call.version += 1);
        if !store::call::put(journal.txn(), &calls.iter().collect::<Vec<_>>()).await? {
            return Err(Error::new(
                Kind::Aborted,
                "CONFLICT",
                "a webhook changed one of the calls meanwhile; try again",
            ));
        }
        store::call_event::add(journal.txn(), &self.events).await
    }
}

/// Asks about the open calls that nobody has told of since the look began, the latest first.
async fn doubt(journal: &mut Journal<'_>, held: &Reconciliation, heard_before: Timestamp) -> Result<()> {
    let open = store::call::unheard(journal.txn(), held.account_id, heard_before, DOUBTED).await?;
    if open.len() as u64 == DOUBTED {
        tracing::warn!(account = %held.account_id, "more than {DOUBTED} calls are open; the oldest wait for their own look");
    }
    let mut run_time = journal.now;
    let effects = open.into_iter().map(|call| {
        let effect = Effect::ReadCall { account_id: call.account_id, call_id: call.id, call_sid: call.call_sid };
        run_time += APART;
        (call.id.uuid(), effect, run_time - APART)
    });
    let effects = effects.collect();
    journal.enqueue::<Call>(effects).await
}
