//! What becomes of outbound messages: sent or not, and reported. Inbound ones are in `receiving`.

use std::sync::Arc;

use crate::ledger::Happened;
use crate::script::MessageFate;
use crate::state::Message;
use crate::webhook::delivery::Delivery;
use crate::webhook::form::{Form, pair};
use crate::webhook::{Kind, Webhook};
use crate::world::World;

pub fn segments(body: &str) -> usize {
    let length = body.chars().count();
    if length <= 160 { 1 } else { length.div_ceil(153) }
}

/// Sends an outbound message on its own; the creating request is answered meanwhile.
pub fn start(world: &Arc<World>, message: &Message, callback: Option<String>) {
    let (world, message, work) = (world.clone(), message.clone(), world.clock.work());
    tokio::spawn(async move {
        let _work = work;
        carry(&world, message, callback).await;
    });
}

async fn carry(world: &World, mut message: Message, callback: Option<String>) {
    let fate = world.state().message_fate(message.to.trim_start_matches("whatsapp:"));
    let mut steps = vec![];
    if message.messaging_service_sid.is_some() {
        steps.push(("queued", None));
    }
    match fate {
        MessageFate::Delivered => steps.extend([("sent", None), ("delivered", None)]),
        MessageFate::SentOnly => steps.push(("sent", None)),
        MessageFate::Undelivered(code) => steps.extend([("sent", None), ("undelivered", Some(code))]),
        MessageFate::Failed(code) | MessageFate::Refused(code) => steps.push(("failed", Some(code))),
    }
    let mut late = Vec::new();
    for (status, code) in steps {
        status.clone_into(&mut message.status);
        message.error_code = code;
        message.sent = message.sent.or((status == "sent").then(|| world.clock.now()));
        world.state().messages.put(&message.sid.clone(), message.clone());
        if let Some(url) = &callback {
            report(world, &message, url, &mut late).await;
        }
    }
    for webhook in late {
        world.send(&webhook, Delivery::Late).await;
    }
    world.note(Happened::MessageSent {
        message_sid: message.sid,
        account_sid: message.account_sid,
        from: message.from,
        to: message.to,
        body: message.body,
        status: message.status,
    });
}

async fn report(world: &World, message: &Message, url: &str, late: &mut Vec<Webhook>) {
    let mut form = vec![
        pair("SmsSid", &message.sid),
        pair("SmsStatus", &message.status),
        pair("MessageStatus", &message.status),
        pair("To", &message.to),
        pair("MessageSid", &message.sid),
        pair("AccountSid", &message.account_sid),
        pair("From", &message.from),
        pair("ApiVersion", "2010-04-01"),
    ];
    form.extend(message.messaging_service_sid.iter().map(|sid| pair("MessagingServiceSid", sid)));
    form.extend(message.error_code.map(|code| pair("ErrorCode", code.to_string())));
    if matches!(message.status.as_str(), "delivered" | "undelivered") {
        form.push(pair("RawDlrDoneDate", world.clock.now().format("%y%m%d%H%M").to_string()));
    }
    let webhook = webhook(world, message, Kind::MessageStatus, url, "POST", form);
    match world.deliveries.decide(&webhook).unwrap_or_default() {
        Delivery::Twice => {
            world.send(&webhook, Delivery::Twice).await;
            world.send(&webhook, Delivery::Twice).await;
        }
        // With at most four reports, after the next one and after all of them are both "late".
        Delivery::Late | Delivery::OutOfOrder => late.push(webhook),
        Delivery::Held => world.hold(webhook),
        Delivery::Dropped => {}
        Delivery::OnTime => {
            world.send(&webhook, Delivery::OnTime).await;
        }
    }
}

pub fn webhook(world: &World, message: &Message, kind: Kind, url: &str, method: &str, parameters: Form) -> Webhook {
    Webhook {
        kind,
        account_sid: message.account_sid.clone(),
        sid: message.sid.clone(),
        method: method.to_owned(),
        url: url.to_owned(),
        parameters,
        idempotency_token: Some(world.ids.uuid()),
    }
}
