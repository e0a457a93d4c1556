//! `callplane simulate call`: sends the edge what Twilio would send, signed, and shows the answer. No telephone rings.

mod form;
mod lookup;
mod signature;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;

use crate::{
    block_on,
    call::Target,
    failure::Failure,
    flags::secret,
    output::{self, View},
    variable::variable_set,
};

const EDGE: &str = "http://127.0.0.1:7430";

pub fn command() -> Command {
    Command::new("simulate")
        .about("Send the edge what Twilio would send")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(call())
}

fn call() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(format!("@{name}")).long(name).value_name(value).help(help)
    };
    Command::new("call")
        .about("Let a call come in: a signed voice webhook, and the TwiML that answers it")
        .long_about("Sends the edge a voice webhook as Twilio would for an incoming call, signed with the account's auth token, and prints\nthe HTTP status and the TwiML. With --status it sends a status callback for the call instead. No telephone rings.")
        .arg(flag("to", "E164", "The number that is called: one of yours").required(true))
        .arg(flag("from", "E164", "The caller").required(true))
        .arg(flag("auth-token-file", "FILE|-|env:NAME", "The auth token of the account that owns the number").required(true))
        .arg(flag("account-sid", "SID", "That account; looked up by the number when not given"))
        .arg(flag("edge-url", "URL", "Where the edge is").default_value(EDGE))
        .arg(flag("public-url", "URL", "What Twilio calls the edge by: the signature is over this URL [env: CALLPLANE_PUBLIC_URL] [default: as the control plane says]"))
        .arg(flag("call-sid", "SID", "The call; a new one when not given"))
        .arg(
            flag("status", "STATUS", "Send a status callback with this status instead")
                .value_parser(["initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"]),
        )
        .arg(flag("sequence", "N", "The status callback's sequence number").default_value("0").value_parser(clap::value_parser!(u32)))
        .arg(flag("duration", "SECONDS", "How long the call lasted, for a final status").default_value("42").value_parser(clap::value_parser!(u32)))
        .arg(flag("path", "PATH", "Another path of the edge than /twilio/voice or /twilio/status"))
        .arg(flag("param", "KEY=VALUE", "One more form parameter, or another value for one").action(ArgAction::Append))
        .after_help("Examples:\n    callplane simulate call --to +15005550006 --from +15005550123 --auth-token-file token.txt\n    callplane simulate call --to +15005550006 --from +15005550123 --auth-token-file token.txt --call-sid CA… --status completed\n\nExits with 1 when the edge refuses, with 7 when it cannot be reached.")
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else { return Err(Failure::usage("simulate: say call")) };
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let token = secret::read("--auth-token-file", &text("@auth-token-file").unwrap_or_default())?;
    let edge = text("@edge-url").unwrap_or_default();
    block_on(async {
        // The control plane is asked only for what was not said, so that an edge can be tried without one.
        let account = match text("@account-sid") {
            Some(sid) => sid,
            None => lookup::account_of(&Target::of(matches)?, &text("@to").unwrap_or_default()).await?,
        };
        let public = match text("@public-url").or_else(|| variable_set("CALLPLANE_PUBLIC_URL")) {
            Some(url) => url,
            None => lookup::public_url(&Target::of(matches)?, &edge).await?,
        };
        let webhook = form::webhook(matches, &account)?;
        let signed = signature::of(
            &format!("{}{}", public.trim_end_matches('/'), webhook.path),
            &webhook.fields,
            token.as_bytes(),
        );
        eprintln!("{} {}", webhook.path, webhook.call_sid);
        let answer = send(&edge, &webhook, &signed).await?;
        show(&View::of(matches), &webhook, &answer)?;
        if answer.status.is_success() { Ok(()) } else { Err(Failure::other(refusal(&answer, &public))) }
    })
}

struct Answer {
    status: http::StatusCode,
    content_type: String,
    body: String,
}

async fn send(edge: &str, webhook: &form::Webhook, signature: &str) -> Result<Answer, Failure> {
    let url = format!("{}{}", edge.trim_end_matches('/'), webhook.path);
    // Twilio hangs up after 15 s; so do we.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none());
    let client = client.build().map_err(|error| Failure::other(error.to_string()))?;
    let request = client
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("user-agent", "TwilioProxy/1.1")
        .header("x-twilio-signature", signature)
        .body(webhook.body());
    let unreachable = |error: reqwest::Error| {
        let why = if error.is_timeout() { "does not answer within 15 s" } else { "cannot be reached" };
        Failure::Unreachable(format!("the edge at {edge} {why}; is `callplane-edge serve` running there?"))
    };
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let content_type =
        answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    Ok(Answer { status, content_type, body: answer.text().await.map_err(unreachable)? })
}

fn show(view: &View, webhook: &form::Webhook, answer: &Answer) -> Result<(), Failure> {
    if view.for_people() {
        let body = answer.body.trim_end();
        let body = if body.is_empty() { String::new() } else { format!("{body}\n") };
        return output::out(&format!("HTTP {}\n{body}", answer.status));
    }
    let answer = json!({
        "call_sid": webhook.call_sid,
        "http_status": answer.status.as_u16(),
        "content_type": answer.content_type,
        "body": answer.body,
    });
    output::document(view, &answer)
}

fn refusal(answer: &Answer, public: &str) -> String {
    match answer.status.as_u16() {
        403 => format!(
            "the edge refused the signature over {public}…: is this the account's auth token, and the edge's CALLPLANE_PUBLIC_URL the same?"
        ),
        503 => "the edge reached no control plane in time".to_owned(),
        _ => format!("the edge answered {}", answer.status),
    }
}
