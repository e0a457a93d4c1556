//! An incident whose time has come: each step that is due passes the guards and begins, or is skipped for a reason that is
//! kept.

use super::{Journal, TIMER, run};
use crate::{
    domain::{
        attempt::{Address, Attempt, Content, Lane, Limits, Talk},
        contact::Contact,
        error::{Error, Result},
        guard::Guard,
        id::{IncidentId, WorkspaceId},
        incident::{Denial, Event, Incident, Step},
        ladder::{Channel, LONGEST_SPOKEN, Occasion, Rung, Script},
        talk::texts,
        time::Timestamp,
        zone::Zone,
    },
    flow::{
        Context,
        attempt::{Order, Placed, Wish, place},
    },
    store::{self, Kept},
};

/// A subject line longer than this is cut by mail programs.
const LONGEST_SUBJECT: usize = 200;

/// Wakes one: all steps that are due, each in its turn, or the end of its patience.
pub async fn tick(ctx: &Context, workspace: WorkspaceId, id: IncidentId) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let mut held =
        Incident::load(journal.txn(), workspace, id).await?.ok_or_else(|| Error::not_found(Incident::NOUN))?;
    let mut has_begun = false;
    while let Some(step) = held.due_step(journal.now).cloned() {
        let lateness = journal.now - step.due_time;
        let event = Box::pin(begin(&mut journal, &held, &step)).await?;
        let channel = step.channel;
        if !matches!(event, Event::Held { .. }) && step.held_until.is_none() {
            journal.count(move |metrics| metrics.escalation.due(channel, lateness));
        }
        held = run(&mut journal, held, event, TIMER).await??;
        has_begun = true;
    }
    if !has_begun {
        run(&mut journal, held, Event::Tick, TIMER).await??;
    }
    journal.commit().await
}

/// Makes the try of a step, if the guards let it through.
async fn begin(journal: &mut Journal<'_>, held: &Incident, step: &Step) -> Result<Event> {
    let number = step.number;
    let contact = match step.contact_id {
        Some(id) => store::contact::by_id(&journal.scope(), id).await?,
        None => None,
    };
    let to = contact.as_ref().and_then(|contact| address(contact, step.channel));
    let (Some(contact), Some(to)) = (contact, to) else {
        let error = "the step is for nobody, or they have no address of the channel".to_owned();
        let why = Denial { attempt_id: None, reason: Guard::Address.reason(), error };
        return Ok(Event::Denied { number, why });
    };
    let rung = held.ladder.rungs.get(step.rung as usize).ok_or_else(|| Error::internal("a step without a rung"))?;
    let person = contact.id.to_string();
    let order = order(journal, (held, step), (&contact, &to), rung);
    let limits = order.limits;
    let wish = wish(held, step, rung, (&contact, &to, &person), limits);
    Ok(match place(journal, order, &wish).await? {
        Placed::Later(until) => Event::Held { number, until },
        Placed::Attempt(attempt) => began(number, &attempt),
    })
}

fn began(number: u32, attempt: &Attempt) -> Event {
    match attempt.verdict.refusal() {
        None => Event::Began { number, attempt_id: attempt.id },
        Some(check) => {
            let why = Denial { attempt_id: Some(attempt.id), reason: check.guard.reason(), error: check.saw.clone() };
            Event::Denied { number, why }
        }
    }
}

/// What the guards are asked about a step.
pub(super) fn wish<'a>(
    held: &'a Incident,
    step: &Step,
    rung: &Rung,
    (contact, to, person): (&Contact, &'a Address, &'a str),
    limits: Limits,
) -> Wish<'a> {
    Wish {
        channel: step.channel,
        to: Some(to),
        zone: contact.profile.time_zone,
        window: Some(step.window),
        incident_open: Some(held.is_alerting()),
        count_by: (&held.event_key, person),
        most_calls: held.ladder.most_calls,
        owes_slot: true,
        keeps_place: false,
        requires_consent: held.ladder.requires_consent,
        hours: held.ladder.calling_hours.as_ref().filter(|_| !rung.at_any_hour),
        lane: Lane::Escalation,
        time_limit: limits.time_limit,
        from: None,
        avoided: &[],
    }
}

fn order(
    journal: &Journal<'_>,
    (held, step): (&Incident, &Step),
    (contact, to): (&Contact, &Address),
    rung: &Rung,
) -> Order {
    let is_call = step.channel == Channel::Voice;
    let not_after = is_call.then_some(step.window.until);
    Order {
        channel: step.channel,
        to: to.clone(),
        contact_id: Some(contact.id),
        step: Some((held.id, step.number)),
        count_by: (held.event_key.clone(), contact.id.to_string()),
        lane: Lane::Escalation,
        content: content(&rung.script, step.channel, (held, contact), journal.now),
        limits: Limits { not_after, ..Limits::default() },
    }
}

/// Where somebody is reached on a channel.
pub(super) fn address(contact: &Contact, channel: Channel) -> Option<Address> {
    match channel {
        Channel::Voice | Channel::Sms | Channel::Whatsapp => contact.profile.phone_number.as_ref().map(Address::from),
        Channel::Email => contact.profile.email.as_ref().map(|email| Address(email.as_str().to_owned())),
    }
}

/// What is said or written to somebody.
pub(super) fn content(
    script: &Script,
    channel: Channel,
    (held, contact): (&Incident, &Contact),
    now: Timestamp,
) -> Content {
    let language = if script.language.is_empty() { contact.profile.language.as_str() } else { &script.language };
    let occasion = Occasion {
        title: &held.title,
        name: &contact.profile.display_name,
        start: held.start_time,
        zone: contact.profile.time_zone.unwrap_or(Zone::UTC),
        now,
    };
    let usual = texts(language).reminder;
    let text = occasion.fill(if script.text.is_empty() { usual } else { &script.text }, LONGEST_SPOKEN);
    match channel {
        Channel::Voice => Content::Talk(Talk {
            text,
            menu: occasion.fill(&script.menu, LONGEST_SPOKEN),
            language: language.to_owned(),
            voice: script.voice.clone(),
            asks: true,
            offers_opt_out: script.offers_opt_out,
        }),
        Channel::Sms | Channel::Whatsapp => Content::Text(occasion.fill(&text, LONGEST_TEXT)),
        Channel::Email => {
            let subject = if script.subject.is_empty() { "{title}" } else { &script.subject };
            let subject = occasion.fill(subject, LONGEST_SUBJECT).replace(['\n', '\t'], " ");
            Content::Mail { subject, text }
        }
    }
}

/// Twilio takes no more in one message.
pub(super) const LONGEST_TEXT: usize = 1_600;
