//! The form that Twilio sends for a call, and for a change of its status.

use clap::ArgMatches;

use crate::{clock, failure::Failure};

/// What Twilio sends.
pub struct Webhook {
    pub path: String,
    pub call_sid: String,
    pub fields: Vec<(String, String)>,
}

impl Webhook {
    pub fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// The webhook that the flags describe.
pub fn webhook(matches: &ArgMatches, account_sid: &str) -> Result<Webhook, Failure> {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let call_sid = text("@call-sid").unwrap_or_else(|| format!("CA{}", clock::fresh_id().simple()));
    let status = text("@status");
    let mut fields = call(&call_sid, account_sid, &text("@from").unwrap_or_default(), &text("@to").unwrap_or_default());
    set(&mut fields, "CallStatus", status.as_deref().unwrap_or("ringing"));
    if let Some(status) = &status {
        progress(&mut fields, matches, status);
    }
    for pair in matches.get_many::<String>("@param").into_iter().flatten() {
        let (name, value) = pair.split_once('=').ok_or_else(|| Failure::usage("--param: expected KEY=VALUE"))?;
        set(&mut fields, name, value);
    }
    let path =
        text("@path").unwrap_or_else(|| if status.is_some() { "/twilio/status" } else { "/twilio/voice" }.to_owned());
    if !path.starts_with('/') {
        return Err(Failure::usage("--path: expected a path such as /twilio/voice"));
    }
    Ok(Webhook { path, call_sid, fields })
}

fn call(call_sid: &str, account_sid: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let facts = [
        ("AccountSid", account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call_sid),
        ("Called", to),
        ("Caller", from),
        ("Direction", "inbound"),
        ("From", from),
        ("To", to),
    ];
    facts.into_iter().for_each(|(name, value)| set(&mut fields, name, value));
    // Twilio sends unknown geography as empty parameters, and they count in the signature.
    for side in ["Called", "Caller", "From", "To"] {
        for part in ["City", "Country", "State", "Zip"] {
            set(&mut fields, &format!("{side}{part}"), "");
        }
    }
    fields
}

fn progress(fields: &mut Vec<(String, String)>, matches: &ArgMatches, status: &str) {
    let number = |id: &str| matches.get_one::<u32>(id).copied().unwrap_or_default();
    set(fields, "CallbackSource", "call-progress-events");
    set(fields, "SequenceNumber", &number("@sequence").to_string());
    set(fields, "Timestamp", &clock::now().format("%a, %d %b %Y %H:%M:%S +0000").to_string());
    if matches!(status, "completed" | "busy" | "no-answer" | "failed" | "canceled") {
        let seconds = if status == "completed" { number("@duration") } else { 0 };
        set(fields, "CallDuration", &seconds.to_string());
        // Minutes, begun ones counted: what Twilio bills.
        set(fields, "Duration", &seconds.div_ceil(60).to_string());
    }
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, kept)) => *kept = value.to_owned(),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}
