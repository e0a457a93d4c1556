//! Mail vendors: SendGrid's `POST /v3/mail/send` and Resend's `POST /emails`. Whatever they take is a `mail` in the ledger.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::exchange::{Answer, Deed, Request};
use crate::ledger::Happened;
use crate::world::World;

type Result<T> = std::result::Result<T, Answer>;

/// A mail as it was handed over.
struct Mail {
    id: String,
    from: String,
    to: Vec<String>,
    subject: String,
    text: String,
}

/// SendGrid's shape; Resend's client reads the status only.
pub fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "errors": [{ "field": null, "message": message }] }))
}

pub fn answer(world: &Arc<World>, request: &Request) -> (Answer, Deed) {
    let deed = Deed { resource: "mail".to_owned(), credential: "bearer".to_owned(), ..Deed::default() };
    (route(world, request).unwrap_or_else(|refused| refused), deed)
}

fn route(world: &World, request: &Request) -> Result<Answer> {
    let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if key.is_empty() {
        return Err(error(401, "The provided authorization grant is invalid, expired, or revoked"));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| error(400, "Bad Request"))?;
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v3/mail/send") => {
            deliver(world, "sendgrid", sendgrid(&body)?);
            Ok(Answer::empty(202))
        }
        ("POST", "/emails") => {
            let mail = resend(&body, request.header("idempotency-key").unwrap_or_default())?;
            let id = mail.id.clone();
            // The vendor remembers keys for a day; a simulator does not live longer.
            let is_known = !id.is_empty() && known(world, &id);
            if !is_known {
                deliver(world, "resend", mail);
            }
            Ok(Answer::json(200, &json!({ "id": format!("sim-{id}") })))
        }
        _ => Err(error(404, "not found")),
    }
}

fn known(world: &World, id: &str) -> bool {
    let taken = |what: &Happened| matches!(what, Happened::Mail { id: taken, .. } if taken == id);
    world.ledger.read(&crate::ledger::LedgerFilter::kind("mail")).iter().any(|entry| taken(&entry.what))
}

fn deliver(world: &World, vendor: &str, mail: Mail) {
    let Mail { id, from, to, subject, text } = mail;
    world.note(Happened::Mail { vendor: vendor.to_owned(), id, from, to, subject, text });
}

fn sendgrid(body: &Value) -> Result<Mail> {
    let personalization = body.pointer("/personalizations/0").ok_or_else(|| lacking("personalizations"))?;
    let to = addresses(personalization.get("to"), "email")?;
    Ok(Mail {
        id: text(personalization, "/custom_args/callplane_id").unwrap_or_default(),
        from: text(body, "/from/email").ok_or_else(|| lacking("from.email"))?,
        to,
        subject: text(body, "/subject").ok_or_else(|| lacking("subject"))?,
        text: text(body, "/content/0/value").ok_or_else(|| lacking("content"))?,
    })
}

fn resend(body: &Value, key: &str) -> Result<Mail> {
    let to = body.get("to").and_then(Value::as_array).ok_or_else(|| lacking("to"))?;
    let to: Vec<String> = to.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Mail {
        id: key.to_owned(),
        from: text(body, "/from").ok_or_else(|| lacking("from"))?,
        to,
        subject: text(body, "/subject").ok_or_else(|| lacking("subject"))?,
        text: text(body, "/text").ok_or_else(|| lacking("text"))?,
    })
}

fn addresses(list: Option<&Value>, field: &str) -> Result<Vec<String>> {
    let list = list.and_then(Value::as_array).filter(|list| !list.is_empty()).ok_or_else(|| lacking("to"))?;
    list.iter().map(|one| text(one, &format!("/{field}")).ok_or_else(|| lacking("to.email"))).collect()
}

fn text(body: &Value, place: &str) -> Option<String> {
    body.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn lacking(field: &str) -> Answer {
    error(400, &format!("The {field} object is required"))
}
