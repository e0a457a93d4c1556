//! Asks the guards: reads what they look at, in the transaction that acts on what they say. Counting a ring and taking a
//! place in the account's rate happen here too, so that whoever is let through has both.

use super::{
    limits::{frequency, purse, volume},
    sender::{self, Via},
};
use crate::{
    domain::{
        attempt::{Address, Lane, Route},
        calling_hours::{self, CallingHours},
        consent::ConsentState,
        error::{Error, Kind, Result},
        guard::{Case, Consent, Sender, Verdict, judge},
        id::{AccountId, AttemptId},
        ladder::{Channel, Window},
        money::Money,
        outbound::Limits,
        seconds::Seconds,
        time::Timestamp,
        zone::Zone,
    },
    flow::Journal,
    store::{Scope, consent, dnc, outbound},
};

/// What somebody wants to do.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// How.
    pub channel: Channel,
    /// Where; `None` when there is nobody, or no address of the channel.
    pub to: Option<&'a Address>,
    /// Where the person's clock is.
    pub zone: Option<Zone>,
    /// Between which times it may begin.
    pub window: Option<Window>,
    /// Whether the incident still wants it.
    pub incident_open: Option<bool>,
    /// The event and the person that calls are counted by; empty for neither.
    pub count_by: (&'a str, &'a str),
    /// Calls to one person about one event, at most.
    pub most_calls: u32,
    /// It counts as one more ring.
    pub owes_slot: bool,
    /// It is counted while it waits for the line: whoever asks next is refused at once.
    pub keeps_place: bool,
    /// Nobody is reached who did not agree.
    pub requires_consent: bool,
    /// When people may be called.
    pub hours: Option<&'a CallingHours>,
    /// Who goes first.
    pub lane: Lane,
    /// How long it may last.
    pub time_limit: Seconds,
    /// Our number, if somebody chose it.
    pub from: Option<Via>,
    /// Accounts that refused it.
    pub avoided: &'a [AccountId],
}

/// What the guards say.
#[derive(Clone, Debug)]
pub enum Admission {
    /// It may begin now, this way.
    Go { route: Route, verdict: Verdict, cost_micros: i64 },
    /// It may not.
    No { verdict: Verdict },
    /// It may, but the line is taken until then.
    Later { until: Timestamp },
}

/// Asks the guards and takes what a let-through attempt needs. Somebody faster is an `ABORTED` error: the transaction is
/// tried again.
pub async fn admit(journal: &Journal<'_>, wish: &Wish<'_>, attempt: AttemptId) -> Result<Admission> {
    queue_up(journal, wish).await?;
    let (mut case, seen) = read(&journal.scope(), wish, journal.now).await?;
    let verdict = judge(&case);
    if verdict.refusal().is_some() {
        return Ok(Admission::No { verdict });
    }
    if let (Channel::Voice, Some(account)) = (wish.channel, seen.route.account_id) {
        let pace = (wish.lane, seen.limits.calls_per_second);
        let turn = outbound::take_turn(journal.txn(), account, pace, journal.now).await?;
        if let Some(until) = turn {
            case.free_at = Some(until);
            let verdict = judge(&case);
            if verdict.refusal().is_some() {
                return Ok(Admission::No { verdict });
            }
            if wish.keeps_place {
                count(journal, wish, (&case, attempt)).await?;
            }
            return Ok(Admission::Later { until });
        }
    }
    count(journal, wish, (&case, attempt)).await?;
    Ok(Admission::Go { route: seen.route, verdict, cost_micros: seen.estimate.micros })
}

/// Whoever is held against a count waits until the one before is counted: of two that begin at once, only one is the last.
async fn queue_up(journal: &Journal<'_>, wish: &Wish<'_>) -> Result<()> {
    let is_counted = wish.channel != Channel::Email && outbound::policy(&journal.scope()).await?.limits.are_counted();
    if is_counted {
        outbound::lock(&journal.scope(), journal.now).await?;
    }
    Ok(())
}

/// Counts one more ring, if it is one.
async fn count(journal: &Journal<'_>, wish: &Wish<'_>, (case, attempt): (&Case, AttemptId)) -> Result<()> {
    let Some((made, _)) = case.calls.filter(|_| wish.owes_slot) else { return Ok(()) };
    let (event, person) = wish.count_by;
    let id = journal.ctx().ids.next();
    match outbound::take_slot(&journal.scope(), id, (event, person, made), attempt).await? {
        true => Ok(()),
        false => Err(Error::new(Kind::Aborted, "CONFLICT", "somebody else is calling the same person; try again")),
    }
}

/// What the guards would say, without taking anything: for a dry run.
pub async fn look<C: sea_orm::ConnectionTrait>(
    scope: &Scope<'_, C>,
    wish: &Wish<'_>,
    now: Timestamp,
) -> Result<Verdict> {
    Ok(judge(&read(scope, wish, now).await?.0))
}

/// What was found on the way.
struct Seen {
    route: Route,
    limits: Limits,
    estimate: Money,
}

async fn read<C: sea_orm::ConnectionTrait>(
    scope: &Scope<'_, C>,
    wish: &Wish<'_>,
    now: Timestamp,
) -> Result<(Case, Seen)> {
    let policy = outbound::policy(scope).await?;
    let to = wish.to.map_or("", Address::as_str);
    let number = wish.to.and_then(Address::e164);
    let is_phone = wish.channel != Channel::Email;
    let sender = match (&wish.from, is_phone) {
        // Who chooses a number knows what it can do, but WhatsApp has to be said.
        (Some(via), true) => Some(via.clone()).filter(|via| wish.channel != Channel::Whatsapp || via.has_whatsapp),
        (None, true) => sender::via(scope, wish.channel, to, wish.avoided).await?,
        (_, false) => None,
    };
    let estimate = policy.limits.estimate(wish.channel, to, wish.time_limit);
    let (event, person) = wish.count_by;
    let is_counted = wish.channel == Channel::Voice && !event.is_empty() && !person.is_empty();
    let calls = match is_counted {
        true => Some((outbound::calls_made(scope, event, person).await?, wish.most_calls)),
        false => None,
    };
    let do_not_call = match &number {
        Some(number) => Some(dnc::find(scope, number).await?.map(|entry| entry.create_time)),
        None => None,
    };
    let hours = match (wish.hours, &number) {
        (Some(hours), Some(number)) if is_phone => Some(calling_hours::judge(hours, now, wish.zone, number)),
        _ => None,
    };
    let purse = purse(scope, (&policy.limits, estimate), now).await?;
    // One that is made again was counted when it began.
    let is_new = is_phone && wish.owes_slot;
    let case = Case {
        now,
        incident_open: wish.incident_open,
        has_address: wish.to.is_some(),
        stopped: policy.stopped.then(|| policy.stop_reason.clone()),
        window: wish.window,
        // A ring that is counted already is not counted once more.
        calls: calls.filter(|_| wish.owes_slot),
        do_not_call,
        destination: is_phone.then(|| policy.limits.destination(to)).flatten(),
        frequency: if is_new { frequency(scope, &policy.limits, to, now).await? } else { None },
        volume: if is_new { volume(scope, &policy.limits, now).await? } else { None },
        consent: (said(scope, wish).await?, wish.requires_consent),
        hours,
        purse,
        sender: is_phone.then_some(found(wish.channel, sender.is_some())),
        free_at: None,
    };
    let route = sender.map_or(Route { account_id: None, phone_number_id: None, from: None }, Via::into_route);
    Ok((case, Seen { route, limits: policy.limits, estimate }))
}

fn found(channel: Channel, is_found: bool) -> Sender {
    match (is_found, channel) {
        (true, _) => Sender::Found,
        (false, Channel::Whatsapp) => Sender::NotOnWhatsapp,
        (false, Channel::Voice | Channel::Sms | Channel::Email) => Sender::None,
    }
}

async fn said<C: sea_orm::ConnectionTrait>(scope: &Scope<'_, C>, wish: &Wish<'_>) -> Result<Consent> {
    let Some(to) = wish.to else { return Ok(Consent::Unsaid) };
    let latest = consent::latest(scope, to.as_str(), wish.channel).await?;
    Ok(latest.map_or(Consent::Unsaid, |consent| match consent.state {
        ConsentState::Granted => Consent::Granted(consent.consent_time),
        ConsentState::Revoked => Consent::Revoked(consent.consent_time),
    }))
}
