//! Brings an outcome to its machine: the step and the end of the effect are one transaction, and a lost lease undoes both.

use serde_json::json;

use super::attempt::Performed;
use crate::{
    domain::{
        account::{self, Account},
        attempt::{self as attempts, Attempt},
        calendar_feed::{self, CalendarFeed, Look},
        call::{Call, machine as call},
        error::{Error, Result},
        failover::{Failover, TargetSeen},
        id::{AccountId, AttemptId, CalendarFeedId, CallId, FailoverId, NotificationId, PhoneNumberId},
        machine::Machine,
        monitor::{Findings, Monitor},
        notification::{self, Notification},
        outcome::Outcome,
        phone_number::{self, PhoneNumber},
        reconciliation::{Reconciliation, Tally},
        telephony::{CallSeen, Page},
    },
    flow::{Audited, Context, Journal, again, attempt, failover, monitor, outbound_call, reconciliation},
    store::{
        self, Kept,
        effect::{self, Claim, State},
    },
};

/// An outcome, as the next event of its machine.
#[derive(Clone, Debug)]
pub enum Event {
    /// Of an account.
    Account(AccountId, account::Event),
    /// Of a number.
    PhoneNumber(PhoneNumberId, phone_number::Event),
    /// Of a call.
    Call(CallId, call::Event),
    /// Of a notification.
    Notification(NotificationId, notification::Event),
    /// Of a reconciliation: a page of the account's calls.
    Reconciliation { account_id: AccountId, round: u32, outcome: Outcome<Page<CallSeen>> },
    /// Of a failover: what its target showed.
    Failover { failover_id: FailoverId, round: u32, outcome: Outcome<TargetSeen> },
    /// Of an attempt to reach somebody, with the call that Twilio showed; none when there is nothing left to reach.
    Attempt(Option<Box<(AttemptId, Performed)>>),
    /// Of a watch: what a look found; none when there was nothing left to look at.
    Monitor { account_id: AccountId, round: u32, found: Option<Box<Findings>> },
    /// Of a calendar: what a look brought; none when it is forgotten.
    CalendarFeed { feed_id: CalendarFeedId, round: u32, outcome: Option<Outcome<Look>> },
}

impl Event {
    /// How the vendor call ended; none for what no vendor call brings.
    pub fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Account(_, account::Event::Read { outcome, .. }) => Some(outcome.word()),
            Self::PhoneNumber(_, phone_number::Event::Found { outcome, .. }) => Some(outcome.word()),
            Self::PhoneNumber(_, phone_number::Event::Written { outcome, .. }) => Some(outcome.word()),
            Self::PhoneNumber(_, phone_number::Event::Managed { answer, .. }) => Some(answer.word()),
            Self::Call(_, call::Event::Read(outcome)) => Some(outcome.word()),
            Self::Reconciliation { outcome, .. } => Some(outcome.word()),
            Self::Notification(_, notification::Event::Answered { outcome, .. }) => Some(outcome.word()),
            Self::Failover { outcome, .. } => Some(outcome.word()),
            Self::CalendarFeed { outcome, .. } => outcome.as_ref().map(Outcome::word),
            Self::Attempt(performed) => performed.as_ref().and_then(|performed| performed.1.event.word()),
            Self::Account(..)
            | Self::PhoneNumber(..)
            | Self::Call(..)
            | Self::Notification(..)
            | Self::Monitor { .. } => None,
        }
    }
}

/// Delivers an outcome. `Ok(false)`: the lease was lost, somebody else has the effect now, and nothing was written.
pub async fn deliver(ctx: &Context, claim: &Claim, event: Event) -> Result<bool> {
    match event {
        Event::Account(id, event) => again(|| Box::pin(once::<Account>(ctx, claim, id, event.clone()))).await,
        Event::PhoneNumber(id, event) => again(|| Box::pin(numbered(ctx, claim, id, event.clone()))).await,
        Event::Call(id, event) => again(|| Box::pin(called(ctx, claim, id, event.clone()))).await,
        Event::Notification(id, event) => again(|| Box::pin(once::<Notification>(ctx, claim, id, event.clone()))).await,
        Event::Reconciliation { account_id, round, outcome } => {
            again(|| Box::pin(listed(ctx, claim, account_id, round, outcome.clone()))).await
        }
        Event::Failover { failover_id, round, outcome } => {
            again(|| Box::pin(probed(ctx, claim, failover_id, round, outcome.clone()))).await
        }
        Event::Attempt(performed) => again(|| Box::pin(reached(ctx, claim, performed.clone()))).await,
        Event::Monitor { account_id, round, found } => {
            again(|| Box::pin(looked(ctx, claim, account_id, round, found.clone()))).await
        }
        Event::CalendarFeed { feed_id, round, outcome } => {
            let outcome = outcome.unwrap_or_else(|| Outcome::Unknown(String::new()));
            let event = calendar_feed::Event::Looked { round, outcome };
            again(|| Box::pin(once::<CalendarFeed>(ctx, claim, feed_id, event.clone()))).await
        }
    }
}

/// A number that comes to rest takes the move along that waits for it.
async fn numbered(ctx: &Context, claim: &Claim, id: PhoneNumberId, event: phone_number::Event) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let waiting = failover::ahead(&journal, id).await?;
    let number = PhoneNumber::load(journal.txn(), claim.workspace, id).await?;
    let stepped = number.map(|number| (number.step(event.clone(), journal.now), number));
    let (state, last_error) = match stepped {
        None => (State::Dead, format!("the {} is gone", PhoneNumber::NOUN)),
        // What came too late changes nothing; the effect is over all the same.
        Some((Err(refusal), _)) => (State::Done, refusal.message.to_owned()),
        Some((Ok(step), before)) => {
            // What was written at a vendor is audited whatever came of it; a read only when it brought news.
            let is_audited = !claim.effect.is_read() || !step.news.is_empty();
            let after = journal.take(before.version, id, step).await?;
            if let (Some(waiting), Some(rest)) = (waiting, failover::rest(&before, &after, &event)) {
                Box::pin(failover::settled(&mut journal, waiting, rest)).await?;
            }
            if is_audited {
                journal.audit(&audited(claim), &id);
            }
            (State::Done, String::new())
        }
    };
    ended(journal, claim, state, &last_error).await
}

/// The target of a failover was probed.
async fn probed(
    ctx: &Context,
    claim: &Claim,
    id: FailoverId,
    round: u32,
    outcome: Outcome<TargetSeen>,
) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let (state, last_error) = match Failover::load(journal.txn(), claim.workspace, id).await? {
        None => (State::Dead, format!("the {} is gone", Failover::NOUN)),
        Some(held) => match Box::pin(failover::probed(&mut journal, held, round, outcome)).await? {
            Err(refusal) => (State::Done, refusal.message.to_owned()),
            Ok(()) => {
                journal.audit(&audited(claim), &id);
                (State::Done, String::new())
            }
        },
    };
    ended(journal, claim, state, &last_error).await
}

/// A vendor was asked about an attempt. The row of its call is locked first, as webhooks do.
async fn reached(ctx: &Context, claim: &Claim, performed: Option<Box<(AttemptId, Performed)>>) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let Some(performed) = performed else {
        return ended(journal, claim, State::Dead, &format!("the {} is gone", Attempt::NOUN)).await;
    };
    let (id, Performed { event, seen }) = *performed;
    let call = match &seen {
        Some(seen) => outbound_call(&mut journal, claim, id, seen).await?,
        None => None,
    };
    let mut sick = None;
    let (state, last_error) = match attempt::lock(&journal, id).await? {
        None => (State::Dead, format!("the {} is gone", Attempt::NOUN)),
        Some(mut held) => {
            let feeds_health = attempt::heed(&mut journal, &held.attempt, &event).await?;
            let event = attempt::of_two(&held.attempt, event, claim.effect.account_id());
            if !matches!(event, attempts::Event::Strayed { .. } | attempts::Event::StrayAnswered { .. }) {
                held.attempt.call_id = held.attempt.call_id.or(call);
            }
            sick = held.attempt.account_id.filter(|_| feeds_health);
            match attempt::run(&mut journal, held, event, "effect").await? {
                Err(refusal) => (State::Done, refusal.message.to_owned()),
                Ok(_) => {
                    if !claim.effect.is_read() {
                        journal.audit(&audited(claim), &id);
                    }
                    (State::Done, String::new())
                }
            }
        }
    };
    let is_ours = ended(journal, claim, state, &last_error).await?;
    if let Some(account) = sick.filter(|_| is_ours && monitor::is_on(ctx)) {
        // What came of the attempt is stored; that its account is looked at sooner is a courtesy.
        if let Err(error) = monitor::hint(ctx, claim.workspace, account).await {
            tracing::warn!(%account, reason = error.reason, "the account is looked at when it is its turn: {error}");
        }
    }
    Ok(is_ours)
}

async fn outbound_call(
    journal: &mut Journal<'_>,
    claim: &Claim,
    id: AttemptId,
    seen: &CallSeen,
) -> Result<Option<CallId>> {
    let Some(account) = claim.effect.account_id() else { return Ok(None) };
    let attempt = store::attempt::by_id(&journal.scope(), id).await?;
    let number = attempt.and_then(|attempt| attempt.phone_number_id);
    Ok(Some(outbound_call::taken(journal, seen, (account, number)).await?.id))
}

/// A look at a call tells the attempt that it is, whose webhooks may be lost.
async fn called(ctx: &Context, claim: &Claim, id: CallId, event: call::Event) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let (state, last_error) = match Call::load(journal.txn(), claim.workspace, id).await? {
        None => (State::Dead, format!("the {} is gone", Call::NOUN)),
        // What came too late changes nothing; the effect is over all the same.
        Some(call) => match call.step(event, journal.now) {
            Err(refusal) => (State::Done, refusal.message.to_owned()),
            Ok(step) => {
                let is_news = !step.news.is_empty();
                let after = journal.take(call.version, id, step).await?;
                attempt::call_heard(&mut journal, None, &after).await?;
                if is_news {
                    journal.audit(&audited(claim), &id);
                }
                (State::Done, String::new())
            }
        },
    };
    ended(journal, claim, state, &last_error).await
}

/// Ends the effect and commits, unless somebody else has it now.
async fn ended(journal: Journal<'_>, claim: &Claim, state: State, last_error: &str) -> Result<bool> {
    if !effect::end(journal.txn(), claim, state, last_error, journal.now).await? {
        return Ok(false);
    }
    journal.commit().await?;
    Ok(true)
}

/// The calls of a page come into their rows in the transaction that takes in the page.
async fn listed(
    ctx: &Context,
    claim: &Claim,
    id: AccountId,
    round: u32,
    outcome: Outcome<Page<CallSeen>>,
) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let mut tally = Tally::default();
    let (state, last_error) = match Reconciliation::load(journal.txn(), claim.workspace, id).await? {
        None => (State::Dead, format!("the {} is gone", Reconciliation::NOUN)),
        Some(held) => match reconciliation::learn(&mut journal, held, round, outcome).await? {
            Err(refusal) => (State::Done, refusal.message.to_owned()),
            Ok(learned) => {
                tally = learned.tally;
                if learned.is_news {
                    journal.audit(&audited(claim), &id);
                }
                (State::Done, String::new())
            }
        },
    };
    if !effect::end(journal.txn(), claim, state, &last_error, journal.now).await? {
        return Ok(false);
    }
    journal.commit().await?;
    ctx.metrics.reconciled.taken_in(tally);
    Ok(true)
}

async fn looked(ctx: &Context, claim: &Claim, id: AccountId, round: u32, found: Option<Box<Findings>>) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let mut learned = None;
    let (state, last_error) = match (Monitor::load(journal.txn(), claim.workspace, id).await?, found) {
        (None, _) | (_, None) => (State::Dead, format!("the {} is gone", Monitor::NOUN)),
        (Some(held), Some(found)) => match monitor::learn(&mut journal, held, round, *found).await? {
            Err(refusal) => (State::Done, refusal.message.to_owned()),
            Ok(told) => {
                if told.is_news {
                    journal.audit(&audited(claim), &id);
                }
                learned = Some(told);
                (State::Done, String::new())
            }
        },
    };
    if !effect::end(journal.txn(), claim, state, &last_error, journal.now).await? {
        return Ok(false);
    }
    journal.commit().await?;
    if let Some(learned) = learned.filter(|learned| learned.monitor.doubts_others()) {
        // What was found is stored; that others are looked at sooner is a courtesy.
        if let Err(error) = monitor::look_around(ctx, &learned.monitor).await {
            tracing::warn!(account = %id, reason = error.reason, "other accounts are looked at when it is their turn: {error}");
        }
    }
    Ok(true)
}

async fn once<M: Kept>(ctx: &Context, claim: &Claim, id: M::Id, event: M::Event) -> Result<bool> {
    let mut journal = Journal::begin(ctx, claim.workspace).await?;
    let machine = M::load(journal.txn(), claim.workspace, id).await?;
    let (state, last_error) = match machine.map(|machine| (machine.version(), machine.step(event, journal.now))) {
        None => (State::Dead, format!("the {} is gone", M::NOUN)),
        // What came too late changes nothing; the effect is over all the same.
        Some((_, Err(refusal))) => (State::Done, refusal.message.to_owned()),
        Some((seen, Ok(step))) => {
            // What was written at a vendor is audited whatever came of it; a read only when it brought news.
            let is_audited = !claim.effect.is_read() || !step.news.is_empty();
            journal.take(seen, id, step).await?;
            if is_audited {
                journal.audit(&audited(claim), &id);
            }
            (State::Done, String::new())
        }
    };
    ended(journal, claim, state, &last_error).await
}

fn audited(claim: &Claim) -> Audited {
    let method = format!("effect/{}", claim.effect.kind());
    let request = json!({ "effect_id": claim.id.to_string(), "attempt": claim.attempt });
    Audited { actor: "effect".to_owned(), method, request }
}

/// What to do when an outcome could not be delivered: the lease ends by itself, and the effect is claimed again.
pub fn log_undelivered(claim: &Claim, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::error!(effect = %claim.id, kind = claim.effect.kind(), %cause, "an outcome could not be stored: {error}");
}
