//! `PlaceCall` and `SendMessage`: what a service asks for, read, judged and begun in one transaction.

use callplane_proto::v1 as pb;

use super::shape::shown;
use crate::{
    domain::{
        attempt::{Address, Attempt, Content, Lane, Limits, Talk},
        contact::Contact,
        e164::E164,
        error::{Error, Kind, Result},
        guard::Guard,
        id::{ContactId, WorkspaceId},
        ladder::{Channel, MOST_CALLS, Window},
        seconds::Seconds,
        time::Timestamp,
    },
    flow::{
        Audited, Context, Journal, Once, again,
        attempt::{Order, Placed, Via, Wish, look, place},
    },
    rpc::read::{moment, parse_or_none, seconds},
    store::{self, Scope},
};

/// What is asked for, read.
struct Asked {
    channel: Channel,
    to: Option<E164>,
    contact_id: Option<ContactId>,
    from: Option<E164>,
    content: Content,
    limits: Limits,
    /// The event, and the person by whatever name the caller has for them.
    context: (String, String),
    validate_only: bool,
}

/// Places a call.
pub async fn call(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::PlaceCallRequest,
) -> Result<pb::PlaceCallResponse> {
    let key = request.request_id.clone();
    let once = Once::of("PlaceCall", &key, &request);
    let asked = asked_call(request.clone(), ctx.clock.now())?;
    if asked.validate_only {
        let attempt = judged(ctx, workspace, &asked).await?;
        return Ok(pb::PlaceCallResponse { attempt: Some(attempt) });
    }
    again(|| {
        Box::pin(async {
            let mut journal = Journal::begin(ctx, workspace).await?;
            if let Some(answer) = journal.replayed(&once).await? {
                return Ok(answer);
            }
            let attempt = begun(&mut journal, &asked, audited).await?;
            let refusal = refusal(&attempt);
            let answer = pb::PlaceCallResponse { attempt: Some(shown(attempt)) };
            finish(journal, refusal, (&once, answer)).await
        })
    })
    .await
}

/// Sends a message.
pub async fn message(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    request: pb::SendMessageRequest,
) -> Result<pb::SendMessageResponse> {
    let key = request.request_id.clone();
    let once = Once::of("SendMessage", &key, &request);
    let asked = asked_message(request.clone())?;
    if asked.validate_only {
        let attempt = judged(ctx, workspace, &asked).await?;
        return Ok(pb::SendMessageResponse { attempt: Some(attempt) });
    }
    again(|| {
        Box::pin(async {
            let mut journal = Journal::begin(ctx, workspace).await?;
            if let Some(answer) = journal.replayed(&once).await? {
                return Ok(answer);
            }
            let attempt = begun(&mut journal, &asked, audited).await?;
            let refusal = refusal(&attempt);
            let answer = pb::SendMessageResponse { attempt: Some(shown(attempt)) };
            finish(journal, refusal, (&once, answer)).await
        })
    })
    .await
}

fn asked_call(request: pb::PlaceCallRequest, now: Timestamp) -> Result<Asked> {
    let pb::PlaceCallRequest {
        to,
        contact_id,
        from_number,
        text,
        asks_for_key,
        language,
        voice,
        ring_timeout,
        time_limit,
        without_machine_detection,
        context,
        not_after,
        validate_only,
        request_id: _,
    } = request;
    let usual = Limits::default();
    let length = |field, given: Option<prost_types::Duration>, usual: Seconds, most: u32| -> Result<Seconds> {
        let Some(given) = given else { return Ok(usual) };
        let given = seconds(field, given)?;
        let fits = (1..=most).contains(&given.get());
        let wrong = || Error::invalid(field, format!("expected 1 s to {most} s"));
        fits.then_some(given).ok_or_else(wrong)
    };
    let not_after = not_after.map(|time| moment("not_after", time)).transpose()?;
    if not_after.is_some_and(|wall| wall <= now) {
        return Err(Error::invalid("not_after", "expected a time ahead: nothing would be placed"));
    }
    let pb::CallContext { user_id, event_id } = context.unwrap_or_default();
    Ok(Asked {
        channel: Channel::Voice,
        to: parse_or_none("to", &to)?,
        contact_id: parse_or_none("contact_id", &contact_id)?,
        from: parse_or_none("from_number", &from_number)?,
        content: Content::Talk(Talk { text, language, voice, asks: asks_for_key, ..Talk::default() }),
        limits: Limits {
            ring_timeout: length("ring_timeout", ring_timeout, usual.ring_timeout, 600)?,
            time_limit: length("time_limit", time_limit, usual.time_limit, 14_400)?,
            machine_detection: !without_machine_detection,
            not_after,
        },
        context: (event_id, user_id),
        validate_only,
    })
}

fn asked_message(request: pb::SendMessageRequest) -> Result<Asked> {
    let pb::SendMessageRequest { to, contact_id, from_number, text, whatsapp, validate_only, request_id: _ } = request;
    Ok(Asked {
        channel: if whatsapp { Channel::Whatsapp } else { Channel::Sms },
        to: parse_or_none("to", &to)?,
        contact_id: parse_or_none("contact_id", &contact_id)?,
        from: parse_or_none("from_number", &from_number)?,
        content: Content::Text(text),
        limits: Limits::default(),
        context: (String::new(), String::new()),
        validate_only,
    })
}

/// Who is meant, where, and from which number of ours.
struct Meant {
    to: Address,
    contact: Option<Contact>,
    via: Option<Via>,
    person: String,
}

async fn meant<C: sea_orm::ConnectionTrait>(scope: &Scope<'_, C>, asked: &Asked) -> Result<Meant> {
    let contact = match asked.contact_id {
        None => None,
        Some(id) => {
            let found = store::contact::by_id(scope, id).await?;
            Some(found.ok_or_else(|| Error::invalid("contact_id", "there is no such contact"))?)
        }
    };
    let known = contact.as_ref().and_then(|contact| contact.profile.phone_number.clone());
    let to = asked.to.clone().or(known);
    let to = to.ok_or_else(|| Error::invalid("to", "expected a number, or a contact that has one"))?;
    let via = match &asked.from {
        None => None,
        Some(from) => {
            let number = store::phone_number::by_e164(scope, from).await?;
            let number = number.ok_or_else(|| {
                Error::invalid(
                    "from_number",
                    "it is none of our numbers; Twilio refuses calls from numbers it does not know",
                )
            })?;
            Some(Via::from(&number))
        }
    };
    let named = Some(asked.context.1.clone()).filter(|name| !name.is_empty());
    let of_contact = contact.as_ref().map(|contact| contact.id.to_string());
    let person = named.or(of_contact).unwrap_or_else(|| to.as_str().to_owned());
    Ok(Meant { to: Address::from(&to), contact, via, person })
}

fn wish<'a>(asked: &'a Asked, meant: &'a Meant, now: Timestamp) -> Wish<'a> {
    let window = asked.limits.not_after.map(|until| Window { from: now, until });
    Wish {
        channel: asked.channel,
        to: Some(&meant.to),
        zone: meant.contact.as_ref().and_then(|contact| contact.profile.time_zone),
        window,
        incident_open: None,
        count_by: (&asked.context.0, &meant.person),
        most_calls: MOST_CALLS,
        owes_slot: true,
        keeps_place: true,
        requires_consent: false,
        hours: None,
        lane: Lane::Normal,
        time_limit: asked.limits.time_limit,
        from: meant.via.clone(),
        avoided: &[],
    }
}

async fn judged(ctx: &Context, workspace: WorkspaceId, asked: &Asked) -> Result<pb::Attempt> {
    let scope = Scope::new(ctx.store.read(), workspace);
    let meant = meant(&scope, asked).await?;
    let now = ctx.clock.now();
    let verdict = look(&scope, &wish(asked, &meant, now), now).await?;
    let refusal = verdict.refusal();
    Ok(pb::Attempt {
        channel: super::shape::shown_channel(asked.channel).into(),
        to: meant.to.as_str().to_owned(),
        contact_id: crate::rpc::show::id_or_empty(asked.contact_id),
        reason: refusal.map(|check| check.guard.reason().to_owned()).unwrap_or_default(),
        error: refusal.map(|check| check.saw.clone()).unwrap_or_default(),
        checks: super::shape::shown_verdict(&verdict),
        simulated: true,
        ..pb::Attempt::default()
    })
}

async fn begun(journal: &mut Journal<'_>, asked: &Asked, audited: &Audited) -> Result<Attempt> {
    let meant = meant(&journal.scope(), asked).await?;
    let content = match (&asked.content, &meant.contact) {
        (Content::Talk(talk), Some(contact)) if talk.language.is_empty() => {
            Content::Talk(Talk { language: contact.profile.language.as_str().to_owned(), ..talk.clone() })
        }
        (content, _) => content.clone(),
    };
    let order = Order {
        channel: asked.channel,
        to: meant.to.clone(),
        contact_id: asked.contact_id,
        step: None,
        count_by: (asked.context.0.clone(), meant.person.clone()),
        lane: Lane::Normal,
        content,
        limits: asked.limits,
    };
    let wish = wish(asked, &meant, journal.now);
    let Placed::Attempt(attempt) = place(journal, order, &wish).await? else {
        return Err(Error::internal("what may wait was not stored"));
    };
    journal.audit(audited, &attempt.id);
    Ok(*attempt)
}

/// What was refused is stored with the verdict, and is an error for who asked.
async fn finish<R: prost::Message + Default>(
    journal: Journal<'_>,
    refusal: Option<Error>,
    (once, answer): (&Once<'_>, R),
) -> Result<R> {
    if refusal.is_none() {
        journal.remember(once, &answer).await?;
    }
    journal.commit().await?;
    refusal.map_or(Ok(answer), Err)
}

fn refusal(attempt: &Attempt) -> Option<Error> {
    let check = attempt.verdict.refusal()?;
    let message = format!("{} (see attempt {})", check.saw, attempt.id);
    Some(Error::new(kind_of(check.guard), reason_of(check.guard), message))
}

/// What was refused because of too much may be asked for again; what is forbidden may not.
fn kind_of(guard: Guard) -> Kind {
    match guard {
        Guard::CallLimit | Guard::Frequency | Guard::Volume | Guard::Budget | Guard::Rate => Kind::ResourceExhausted,
        Guard::Incident
        | Guard::Address
        | Guard::EmergencyStop
        | Guard::Window
        | Guard::DoNotCall
        | Guard::DncChecker
        | Guard::Destination
        | Guard::Consent
        | Guard::CallingHours
        | Guard::Sender => Kind::FailedPrecondition,
    }
}

fn reason_of(guard: Guard) -> &'static str {
    match guard {
        Guard::Incident => "INCIDENT_NOT_OPEN",
        Guard::Address => "NO_ADDRESS",
        Guard::EmergencyStop => "OUTBOUND_STOPPED",
        Guard::Window => "OUTSIDE_WINDOW",
        Guard::CallLimit => "CALL_LIMIT_REACHED",
        Guard::DoNotCall | Guard::DncChecker => "DO_NOT_CALL",
        Guard::Destination => "DESTINATION_NOT_ALLOWED",
        Guard::Consent => "NO_CONSENT",
        Guard::CallingHours => "OUTSIDE_CALLING_HOURS",
        Guard::Frequency => "REACHED_TOO_OFTEN",
        Guard::Volume => "TOO_MANY_PER_MINUTE",
        Guard::Budget => "OVER_BUDGET",
        Guard::Sender => "NO_SENDER",
        Guard::Rate => "RATE_LIMITED",
    }
}
