//! Inbound messages: the number's SMS URL is asked, and its answer is performed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sending::{segments, start, webhook};
use crate::call::transcript::Exchange;
use crate::call::walk;
use crate::control::Refusal;
use crate::ledger::Happened;
use crate::state::{AccountStatus, Message, Number};
use crate::twiml::{Element, check, parse};
use crate::webhook::courier::Reply;
use crate::webhook::delivery::Delivery;
use crate::webhook::form::{Form, country, pair};
use crate::webhook::{Kind, Webhook, target};
use crate::world::World;

/// A message somebody sends to one of our numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InboundMessage {
    pub to: String,
    pub from: String,
    pub body: String,
    /// Media as (content type) for each attachment.
    pub media: Vec<String>,
    /// Instead of what the number is configured with.
    pub sms_url: Option<String>,
    pub message_sid: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageTranscript {
    pub message_sid: String,
    pub account_sid: String,
    pub requests: Vec<Exchange>,
    /// Texts the answer sent back.
    pub replies: Vec<String>,
    pub warnings: Vec<String>,
}

pub async fn receive(world: &Arc<World>, inbound: InboundMessage) -> Result<MessageTranscript, Refusal> {
    let _work = world.clock.work();
    let bare = inbound.to.strip_prefix("whatsapp:").unwrap_or(&inbound.to);
    let number = world.state().number(bare).cloned();
    let number = number.ok_or_else(|| Refusal::field("to", "no account owns this number: add it first"))?;
    let message = arrived(world, &inbound, &number);
    let mut transcript = MessageTranscript {
        message_sid: message.sid.clone(),
        account_sid: message.account_sid.clone(),
        ..Default::default()
    };
    if number.dead || world.state().effective_status(&number.account_sid) != Some(AccountStatus::Active) {
        transcript
            .warnings
            .push("30002: the message did not arrive; the account is not active or the number is dead".to_owned());
        return Ok(transcript);
    }
    let configured = inbound.sms_url.clone().or_else(|| number.setting("SmsUrl").map(str::to_owned));
    let Some(url) = configured else {
        transcript.warnings.push("the number has no SMS URL".to_owned());
        return Ok(transcript);
    };
    let form = described(world, &message);
    let reply =
        ask(world, &message, Kind::Message, &url, number.method("SmsMethod"), form.clone(), &mut transcript).await;
    let verbs = match (walk::read(&reply), number.setting("SmsFallbackUrl")) {
        (Err((code, _)), Some(fallback)) => {
            let mut extra =
                vec![pair("ErrorUrl", url.split('#').next().unwrap_or_default()), pair("ErrorCode", code.to_string())];
            extra.extend(form);
            let method = number.method("SmsFallbackMethod");
            let reply = ask(world, &message, Kind::MessageFallback, fallback, method, extra, &mut transcript).await;
            walk::read(&reply)
        }
        (verbs, _) => verbs,
    };
    match verbs {
        Ok(verbs) => answer(world, &message, &url, &verbs, &mut transcript),
        // A status answer without a body is fine for messages.
        Err((11770, _)) => {}
        Err((code, why)) => transcript.warnings.push(format!("{code}: {why}")),
    }
    Ok(transcript)
}

fn arrived(world: &World, inbound: &InboundMessage, number: &Number) -> Message {
    let prefix = if inbound.media.is_empty() { "SM" } else { "MM" };
    let message = Message {
        sid: inbound.message_sid.clone().unwrap_or_else(|| world.ids.sid(prefix)),
        account_sid: number.account_sid.clone(),
        messaging_service_sid: None,
        from: inbound.from.clone(),
        to: inbound.to.clone(),
        body: inbound.body.clone(),
        media: inbound.media.clone(),
        direction: "inbound".to_owned(),
        status: "received".to_owned(),
        error_code: None,
        created: world.clock.now(),
        sent: Some(world.clock.now()),
    };
    world.state().messages.put(&message.sid, message.clone());
    world.note(Happened::MessageReceived {
        message_sid: message.sid.clone(),
        account_sid: message.account_sid.clone(),
        from: message.from.clone(),
        to: message.to.clone(),
        body: message.body.clone(),
    });
    message
}

fn described(world: &World, message: &Message) -> Form {
    let mut form = vec![
        pair("SmsMessageSid", &message.sid),
        pair("NumMedia", message.media.len().to_string()),
        pair("SmsSid", &message.sid),
        pair("SmsStatus", "received"),
        pair("Body", &message.body),
        pair("To", &message.to),
        pair("NumSegments", segments(&message.body).to_string()),
        pair("MessageSid", &message.sid),
        pair("AccountSid", &message.account_sid),
        pair("From", &message.from),
        pair("ApiVersion", "2010-04-01"),
    ];
    if let Some(digits) = message.from.strip_prefix("whatsapp:+") {
        form.push(pair("WaId", digits));
        form.push(pair("ProfileName", "Simulated Person"));
    } else {
        for (side, number) in [("From", &message.from), ("To", &message.to)] {
            form.push(pair(&format!("{side}Country"), country(number)));
            form.extend(["City", "State", "Zip"].map(|part| pair(&format!("{side}{part}"), "")));
        }
    }
    for (place, content_type) in message.media.iter().enumerate() {
        let path = format!("/2010-04-01/Accounts/{}/Messages/{}/Media", message.account_sid, message.sid);
        form.push(pair(&format!("MediaContentType{place}"), content_type));
        form.push(pair(&format!("MediaUrl{place}"), format!("{}{path}/{}", world.base_url, world.ids.sid("ME"))));
    }
    form
}

async fn ask(
    world: &World,
    message: &Message,
    kind: Kind,
    url: &str,
    method: &str,
    form: Form,
    transcript: &mut MessageTranscript,
) -> Reply {
    let webhook = webhook(world, message, kind, url, method, form);
    let delivery = world.deliveries.decide(&webhook).unwrap_or_default();
    if delivery == Delivery::Twice {
        let first = world.send(&webhook, delivery).await;
        transcript.requests.push(exchange(&webhook, delivery, &first));
    }
    let reply = world.send(&webhook, delivery).await;
    transcript.requests.push(exchange(&webhook, delivery, &reply));
    reply
}

fn exchange(webhook: &Webhook, delivery: Delivery, reply: &Reply) -> Exchange {
    let verbs = parse::verbs(&reply.body).unwrap_or_default();
    Exchange {
        kind: webhook.kind,
        method: webhook.method.clone(),
        url: webhook.url.clone(),
        parameters: webhook.parameters.clone(),
        status: reply.status,
        error_code: reply.error_code,
        at_ms: 0,
        verbs: verbs.into_iter().map(|verb| verb.name).collect(),
        answer: Some(reply.body.clone()).filter(|body| !body.is_empty()),
        delivery: delivery.name().to_owned(),
    }
}

/// Performs messaging TwiML: every `<Message>` becomes a message of ours.
fn answer(world: &Arc<World>, to: &Message, base: &str, verbs: &[Element], transcript: &mut MessageTranscript) {
    transcript.warnings.extend(check::messaging(verbs));
    for verb in verbs.iter().filter(|verb| verb.name == "Message") {
        let nested = verb.children.iter().find(|child| child.name == "Body");
        let body = nested.unwrap_or(verb).text().to_owned();
        transcript.replies.push(body.clone());
        let media =
            verb.children.iter().filter(|child| child.name == "Media").map(|child| child.text().to_owned()).collect();
        let reply = Message {
            sid: world.ids.sid("SM"),
            from: verb.attribute("from").unwrap_or(&to.to).to_owned(),
            to: verb.attribute("to").unwrap_or(&to.from).to_owned(),
            body,
            media,
            direction: "outbound-reply".to_owned(),
            status: "queued".to_owned(),
            sent: None,
            ..to.clone()
        };
        world.state().messages.put(&reply.sid, reply.clone());
        let callback = verb.attribute("statusCallback").and_then(|url| target::resolve(Some(base), url));
        start(world, &reply, callback);
    }
}
