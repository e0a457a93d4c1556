//! Reaches somebody: one vendor call, made only while it is still wanted, and what the vendor showed of it.

use super::{Crew, checking, perform::Way};
use crate::{
    domain::{
        attempt::{Address, Attempt, Content, Event, Heard, Price, Taken, Work, of_call, of_message},
        call::{self, Fact},
        effect::Effect,
        error::Result,
        id::AttemptId,
        ladder::Channel,
        outcome::{Cause, Outcome, Refused},
        party::Party,
        seconds::Seconds,
        telephony::{CallFilter, CallOrder, CallSeen, EndCall, MessageFilter, MessageOrder, MessageSeen},
        time::Timestamp,
    },
    provider::mail::Mail,
    store::{self, Scope, effect::Claim},
};

/// The next event of an attempt, and the call that Twilio showed on the way.
#[derive(Clone, Debug)]
pub struct Performed {
    /// What it heard.
    pub event: Event,
    /// The call; none for a message, a mail, and what never reached a telephone.
    pub seen: Option<CallSeen>,
}

impl From<Event> for Performed {
    fn from(event: Event) -> Self {
        Self { event, seen: None }
    }
}

/// A message that waits longer than this at Twilio says nothing new any more.
const VALIDITY: Seconds = Seconds(600);
/// Twilio's clock may be this far from ours, and its times are whole seconds.
const SKEW: chrono::Duration = chrono::Duration::seconds(5);

/// Performs an effect about an attempt.
pub(super) async fn perform(crew: &Crew, claim: &Claim, way: Way) -> Result<Option<(AttemptId, Performed)>> {
    let (id, round) = match &claim.effect {
        Effect::MakeAttempt { attempt_id, round, .. }
        | Effect::FindAttempt { attempt_id, round, .. }
        | Effect::ReadAttempt { attempt_id, round, .. }
        | Effect::EndAttempt { attempt_id, round, .. } => (*attempt_id, *round),
        Effect::EndStray { attempt_id, .. } => (*attempt_id, 0),
        Effect::PriceAttempt { attempt_id, looks, .. } => (*attempt_id, *looks),
        _ => return Ok(None),
    };
    let scope = Scope::new(crew.ctx.store.read(), claim.workspace);
    let Some(attempt) = store::attempt::by_id(&scope, id).await? else { return Ok(None) };
    let performed = match &claim.effect {
        Effect::MakeAttempt { .. } => make(crew, claim, way, (&attempt, round)).await?,
        Effect::FindAttempt { .. } => find(crew, way, &scope, (&attempt, round)).await?,
        Effect::EndAttempt { .. } => end(crew, way, (&attempt, round)).await,
        Effect::EndStray { call_sid, .. } => end_stray(crew, way, call_sid).await,
        Effect::PriceAttempt { .. } => Event::Priced { looks: round, outcome: price(crew, way, &attempt).await }.into(),
        _ => read(crew, way, (&attempt, round)).await,
    };
    Ok(Some((id, performed)))
}

/// The last look before somebody's phone rings: what was asked for a moment ago may not be wanted any more.
pub(super) async fn unwanted(crew: &Crew, claim: &Claim, (attempt, round): (&Attempt, u32)) -> Result<Option<Event>> {
    let scope = Scope::new(crew.ctx.store.read(), claim.workspace);
    let policy = store::outbound::policy(&scope).await?;
    let stop = |reason, error: String| Some(Event::Stopped { round, reason, error });
    let is_late = attempt.limits.not_after.is_some_and(|wall| crew.ctx.clock.now() >= wall);
    Ok(match () {
        () if attempt.round != round || attempt.work != Work::Creating => stop("withdrawn", String::new()),
        () if !attempt.withdrawn.is_empty() => stop("withdrawn", String::new()),
        () if policy.stopped => stop("outbound_stopped", policy.stop_reason),
        () if is_late => stop("outside_critical_window", "its time was over before it began".to_owned()),
        () => None,
    })
}

async fn make(crew: &Crew, claim: &Claim, way: Way, (attempt, round): (&Attempt, u32)) -> Result<Performed> {
    // What somebody began and did not tell the end of may have happened: it is looked up, never left out.
    if let Way::Closed(closed) = way {
        let is_mail_to_send = attempt.channel == Channel::Email && claim.attempt == 1;
        if !is_mail_to_send {
            return Ok(Event::Created { round, outcome: closed.outcome() }.into());
        }
        return mail(crew, claim, (attempt, round)).await;
    }
    let held_back = match unwanted(crew, claim, (attempt, round)).await? {
        None => checking::held_back(crew, claim, (attempt, round)).await?,
        stopped => stopped,
    };
    match held_back {
        Some(event) => Ok(event.into()),
        None => Ok(order(crew, way, (attempt, round)).await),
    }
}

/// Asks the vendor to make it.
async fn order(crew: &Crew, way: Way, (attempt, round): (&Attempt, u32)) -> Performed {
    let public_url = crew.ctx.public_url().map(|url| url.trim_end_matches('/').to_owned());
    let (Ok(public_url), Some(from), Some(to)) = (public_url, attempt.from.clone(), attempt.to.e164()) else {
        let outcome = Outcome::Refused(invalid("there is no public URL, no number of ours or no number to reach"));
        return Event::Created { round, outcome }.into();
    };
    let at = |path: &str| format!("{public_url}/twilio/{path}/{}{RETRY}", attempt.id);
    if let Content::Text(body) = &attempt.content {
        let party = |number: &str| match attempt.channel {
            Channel::Whatsapp => Party(format!("whatsapp:{number}")),
            _ => Party(number.to_owned()),
        };
        let (to, from, body) = (party(to.as_str()), party(from.as_str()), body.clone());
        let order = MessageOrder { to, from, body, status_callback: at("message/status"), validity: VALIDITY };
        let outcome = way.ask(async |access| crew.telephony.send_message(access, &order).await).await;
        return Event::Created { round, outcome: outcome.map(|seen| written(crew, &seen)) }.into();
    }
    let order = CallOrder {
        to,
        from,
        url: at("voice"),
        fallback_url: at("fallback"),
        status_callback: at("status"),
        ring_timeout: attempt.limits.ring_timeout,
        time_limit: attempt.limits.time_limit,
        machine_detection: attempt.limits.machine_detection,
    };
    let outcome = way.ask(async |access| crew.telephony.create_call(access, &order).await).await;
    let seen = shown(crew, &outcome);
    Performed { event: Event::Created { round, outcome: outcome.map(|seen| placed(crew, &seen)) }, seen }
}

/// Twilio by itself retries only a failed connection.
const RETRY: &str = "#rc=2&rp=5xx,ct,rt";

async fn mail(crew: &Crew, claim: &Claim, (attempt, round): (&Attempt, u32)) -> Result<Performed> {
    if let Some(event) = unwanted(crew, claim, (attempt, round)).await? {
        return Ok(event.into());
    }
    let outcome = match (&attempt.content, &crew.mailer, attempt.to.as_str().parse()) {
        (Content::Mail { subject, text }, Some(mailer), Ok(to)) => {
            let mail = Mail { id: attempt.id.to_string(), to: vec![to], subject: subject.clone(), text: text.clone() };
            let taken = mailer.send(&mail).await;
            taken.map(|taken| Taken { sid: taken.message_id, heard: Heard::default(), simulated: taken.simulated })
        }
        (_, None, _) => Outcome::Refused(invalid("the server has no mail vendor; set CALLPLANE_MAIL")),
        (_, Some(_), _) => Outcome::Refused(invalid("there is no mail to send, or no address to send it to")),
    };
    Ok(Event::Created { round, outcome }.into())
}

/// Looks for a call or message that Twilio may have taken: to the same number, from the same number, begun no earlier, and
/// not that of another attempt.
async fn find<C: sea_orm::ConnectionTrait>(
    crew: &Crew,
    way: Way,
    scope: &Scope<'_, C>,
    (attempt, round): (&Attempt, u32),
) -> Result<Performed> {
    let since = attempt.begin_time.map_or(Timestamp::MIN_UTC, |begun| begun - SKEW);
    let is_ours = |created: Option<Timestamp>| created.is_none_or(|created| created >= since);
    if let Content::Text(body) = &attempt.content {
        let filter = MessageFilter { to: Some(party(attempt, &attempt.to)), from: None, since: None };
        let outcome = way.ask(async |access| crew.telephony.list_messages(access, &filter, None).await).await;
        let outcome = match outcome {
            Outcome::Done(page) => {
                let mut fitting = page.items;
                fitting.retain(|seen| is_ours(seen.create_time) && seen.body == *body);
                let mut free = None;
                for seen in fitting {
                    if is_free(scope, attempt, seen.sid.as_str()).await? {
                        free = Some(written(crew, &seen));
                    }
                }
                Outcome::Done(free)
            }
            other => other.map(|_| None),
        };
        return Ok(Event::Found { round, outcome }.into());
    }
    let filter = CallFilter { to: attempt.to.e164(), from: attempt.from.clone(), ..CallFilter::default() };
    let outcome = way.ask(async |access| crew.telephony.list_calls(access, &filter, None).await).await;
    let mut found = None;
    let outcome = match outcome {
        Outcome::Done(page) => {
            for seen in page.items {
                if is_ours(seen.create_time) && is_free(scope, attempt, seen.sid.as_str()).await? {
                    found = Some(seen);
                }
            }
            Outcome::Done(found.as_ref().map(|seen| placed(crew, seen)))
        }
        other => other.map(|_| None),
    };
    Ok(Performed { event: Event::Found { round, outcome }, seen: found.filter(|_| !crew.telephony.is_simulated()) })
}

/// It belongs to no other attempt.
async fn is_free<C: sea_orm::ConnectionTrait>(scope: &Scope<'_, C>, attempt: &Attempt, sid: &str) -> Result<bool> {
    let holder = store::attempt::by_sid(scope, sid).await?;
    Ok(holder.is_none_or(|holder| holder.id == attempt.id))
}

async fn end(crew: &Crew, way: Way, (attempt, round): (&Attempt, u32)) -> Performed {
    let Ok(sid) = attempt.vendor_sid.parse() else {
        let outcome = Outcome::Refused(invalid("it has no call to end"));
        return Event::Answered { round, outcome }.into();
    };
    let outcome = way.ask(async |access| crew.telephony.end_call(access, &sid, EndCall::Cancel).await).await;
    let seen = shown(crew, &outcome);
    Performed { event: Event::Answered { round, outcome: outcome.map(|seen| heard(&seen)) }, seen }
}

async fn end_stray(crew: &Crew, way: Way, sid: &str) -> Performed {
    let outcome = match sid.parse() {
        Ok(sid) => way.ask(async |access| crew.telephony.end_call(access, &sid, EndCall::Cancel).await).await,
        Err(_) => Outcome::Refused(invalid("it has no call to end")),
    };
    let seen = shown(crew, &outcome);
    Performed { event: Event::StrayAnswered { sid: sid.to_owned(), outcome: outcome.map(|seen| heard(&seen)) }, seen }
}

async fn read(crew: &Crew, way: Way, (attempt, round): (&Attempt, u32)) -> Performed {
    if let (Content::Text(_), Ok(sid)) = (&attempt.content, attempt.vendor_sid.parse()) {
        let outcome = way.ask(async |access| crew.telephony.read_message(access, &sid).await).await;
        let outcome = outcome.map(|seen| of_message(seen.status, seen.error_code));
        return Event::Answered { round, outcome }.into();
    }
    let Ok(sid) = attempt.vendor_sid.parse() else {
        let outcome = Outcome::Refused(invalid("it has no call to read"));
        return Event::Answered { round, outcome }.into();
    };
    let outcome = way.ask(async |access| crew.telephony.read_call(access, &sid).await).await;
    let seen = shown(crew, &outcome);
    Performed { event: Event::Answered { round, outcome: outcome.map(|seen| heard(&seen)) }, seen }
}

/// What it cost. A call that nobody answered is over without ever having a price.
async fn price(crew: &Crew, way: Way, attempt: &Attempt) -> Outcome<Price> {
    if let (Content::Text(_), Ok(sid)) = (&attempt.content, attempt.vendor_sid.parse()) {
        let outcome = way.ask(async |access| crew.telephony.read_message(access, &sid).await).await;
        return outcome.map(|seen| seen.price.map_or(Price::Unrated, Price::Rated));
    }
    let Ok(sid) = attempt.vendor_sid.parse() else {
        return Outcome::Refused(invalid("it has no call to read"));
    };
    let outcome = way.ask(async |access| crew.telephony.read_call(access, &sid).await).await;
    outcome.map(|seen| match (seen.price, heard(&seen).call) {
        (Some(price), _) => Price::Rated(price),
        (None, Some(status)) if status.is_final() && status != call::Status::Completed => Price::Free,
        (None, _) => Price::Unrated,
    })
}

fn shown(crew: &Crew, outcome: &Outcome<CallSeen>) -> Option<CallSeen> {
    match outcome {
        Outcome::Done(seen) if !crew.telephony.is_simulated() => Some(seen.clone()),
        _ => None,
    }
}

fn heard(seen: &CallSeen) -> Heard {
    let fact = Fact::fetched(seen, Timestamp::UNIX_EPOCH, false);
    of_call(fact.status, &fact.answered_by)
}

fn placed(crew: &Crew, seen: &CallSeen) -> Taken {
    Taken { sid: seen.sid.to_string(), heard: heard(seen), simulated: crew.telephony.is_simulated() }
}

fn written(crew: &Crew, seen: &MessageSeen) -> Taken {
    let heard = of_message(seen.status, seen.error_code);
    Taken { sid: seen.sid.to_string(), heard, simulated: crew.telephony.is_simulated() }
}

fn party(attempt: &Attempt, address: &Address) -> Party {
    match attempt.channel {
        Channel::Whatsapp => Party(format!("whatsapp:{}", address.as_str())),
        _ => Party(address.as_str().to_owned()),
    }
}

fn invalid(why: &str) -> Refused {
    Refused { cause: Cause::Invalid, code: 0, http_status: 0, message: why.to_owned() }
}
