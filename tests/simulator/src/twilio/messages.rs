//! The Messages resource. What becomes of a message is in `sending`.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::numbers::is_e164;
use super::paging::page;
use super::{Context, Result, sending};
use crate::clock::rfc2822;
use crate::exchange::{Answer, Deed, all};
use crate::script::MessageFate;
use crate::state::{Message, State};
use crate::webhook::target;

fn view(context: &Context<'_>, state: &State, message: &Message) -> Value {
    let pricing = state.accounts.get(&message.account_sid).map(|account| account.pricing.clone()).unwrap_or_default();
    let price = pricing.due(message.sent, context.world.clock.now()).map(|()| pricing.message);
    let path = format!("/2010-04-01/Accounts/{}/Messages/{}", message.account_sid, message.sid);
    json!({
        "account_sid": message.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": message.sent.map(rfc2822),
        "date_updated": rfc2822(message.sent.unwrap_or(message.created)),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": Value::Null,
        "from": message.from,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": message.media.len().to_string(),
        "num_segments": sending::segments(&message.body).to_string(),
        "price": price,
        "price_unit": pricing.unit,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": { "media": format!("{path}/Media.json") },
        "to": message.to,
        "uri": format!("{path}.json"),
    })
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let wanted = |message: &&Message| {
        message.account_sid == context.account_sid
            && context.query("To").is_none_or(|to| message.to == to)
            && context.query("From").is_none_or(|from| message.from == from)
            && super::calls::in_window(context, "DateSent", message.sent)
    };
    let rows = state.messages.newest_first().filter(wanted);
    page(context, "messages", rows, |message| view(context, &state, message))
}

pub fn get(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let state = context.world.state();
    let found = state.messages.get(sid).filter(|message| message.account_sid == context.account_sid);
    let message = found.ok_or_else(|| TwilioError::not_found(&context.request.path))?;
    Ok(Answer::json(200, &view(context, &state, message)))
}

pub fn create(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let to = context.given("To").ok_or_else(|| TwilioError::bad(21604, "A 'To' phone number is required"))?;
    let service = context.given("MessagingServiceSid");
    let from = context.given("From").or(service.map(|_| ""));
    let from = from.ok_or_else(|| TwilioError::bad(21603, "A 'From' phone number is required"))?;
    let body = context.given("Body").unwrap_or_default();
    let media: Vec<String> = all(&context.form, "MediaUrl").into_iter().map(str::to_owned).collect();
    if body.is_empty() && media.is_empty() && context.given("ContentSid").is_none() {
        return Err(TwilioError::bad(21602, "Message body is required"));
    }
    if body.chars().count() > 1600 {
        return Err(TwilioError::bad(21617, "The message body exceeds the 1600 character limit"));
    }
    let callback = context.given("StatusCallback").map(str::to_owned);
    if let Some(why) = callback.as_deref().and_then(target::refusal) {
        return Err(TwilioError::bad(21502, format!("StatusCallback {why}")));
    }
    let world = context.world;
    let mut state = world.state();
    let from = sender(context, &state, from)?;
    check_recipient(context, &state, to)?;
    let message = Message {
        sid: world.ids.sid(if media.is_empty() { "SM" } else { "MM" }),
        account_sid: context.account_sid.clone(),
        messaging_service_sid: service.map(str::to_owned),
        from,
        to: to.to_owned(),
        body: body.to_owned(),
        media,
        direction: "outbound-api".to_owned(),
        status: if service.is_some() { "accepted" } else { "queued" }.to_owned(),
        error_code: None,
        created: world.clock.now(),
        sent: None,
    };
    deed.sid = message.sid.clone();
    state.messages.put(&message.sid, message.clone());
    drop(state);
    sending::start(world, &message, callback);
    Ok(Answer::json(201, &view(context, &world.state(), &message)))
}

fn sender(context: &Context<'_>, state: &State, from: &str) -> Result<String> {
    if from.is_empty() {
        // A messaging service picks from its pool; here the pool is the account's numbers.
        let mut numbers = state.numbers.oldest_first().filter(|number| number.account_sid == context.account_sid);
        let first = numbers.next().map(|number| number.phone_number.clone());
        return first.ok_or_else(|| TwilioError::bad(21703, "The messaging service has no sender"));
    }
    let bare = from.strip_prefix("whatsapp:").unwrap_or(from);
    let Some(number) = state.number(bare).filter(|number| number.account_sid == context.account_sid) else {
        return Err(TwilioError::bad(21606, "The 'From' phone number is not a valid sender of this account"));
    };
    if !number.capabilities.sms {
        return Err(TwilioError::bad(21601, "The 'From' phone number is not SMS-capable"));
    }
    Ok(from.to_owned())
}

fn check_recipient(context: &Context<'_>, state: &State, to: &str) -> Result<()> {
    let bare = to.strip_prefix("whatsapp:").unwrap_or(to);
    if !is_e164(bare) {
        return Err(TwilioError::bad(21211, "Invalid 'To' Phone Number"));
    }
    let account = state.accounts.get(&context.account_sid);
    if account.is_some_and(|account| account.trial && !account.verified_numbers.iter().any(|known| known == bare)) {
        return Err(TwilioError::bad(21608, "Trial accounts may only send messages to verified numbers"));
    }
    match state.message_fate(bare) {
        MessageFate::Refused(code) => Err(TwilioError::bad(code, "The message was refused by script")),
        _ => Ok(()),
    }
}
