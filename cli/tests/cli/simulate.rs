//! `callplane simulate call`: signed for the public address, sent to the edge.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;

use crate::{
    bench::Bench,
    edge::{Edge, Sent},
    plane::Plane,
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const TWIML: &str = "<Response><Say>Hello</Say></Response>";
const CALL: [&str; 6] = ["simulate", "call", "--to", "+15005550006", "--from", "+15005550123"];

fn signed(url: &str, sent: &Sent) -> String {
    let mut fields = sent.form.clone();
    fields.sort();
    let text = fields.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn field<'a>(sent: &'a Sent, name: &str) -> &'a str {
    sent.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[test]
fn a_call_is_signed_for_the_public_address_and_the_twiml_is_shown() {
    let edge = Edge::start(200, TWIML);
    let bench = Bench::alone();
    let token = bench.file("token", TOKEN);
    let more = [
        "--auth-token-file",
        &token,
        "--account-sid",
        "AC1",
        "--edge-url",
        &edge.address,
        "--public-url",
        "https://calls.example.com",
    ];
    let shown = bench.run(&[&CALL[..], &more[..]].concat()).good();
    assert_eq!(shown, format!("HTTP 200 OK\n{TWIML}\n"));
    let sent = &edge.sent()[0];
    assert_eq!(sent.path, "/twilio/voice");
    assert_eq!(sent.headers["x-twilio-signature"], signed("https://calls.example.com/twilio/voice", sent));
    assert_eq!(
        (field(sent, "AccountSid"), field(sent, "CallStatus"), field(sent, "Direction")),
        ("AC1", "ringing", "inbound")
    );
}

#[test]
fn a_status_goes_to_the_status_route_with_the_facts_of_the_end() {
    let edge = Edge::start(204, "");
    let bench = Bench::alone().set("CALLPLANE_PUBLIC_URL", "https://calls.example.com/");
    let token = bench.file("token", TOKEN);
    let more = [
        "--auth-token-file",
        &token,
        "--account-sid",
        "AC1",
        "--edge-url",
        &edge.address,
        "--call-sid",
        "CA1",
        "--status",
        "completed",
    ];
    assert_eq!(bench.run(&[&CALL[..], &more[..]].concat()).good(), "HTTP 204 No Content\n");
    let sent = &edge.sent()[0];
    assert_eq!(sent.path, "/twilio/status");
    assert_eq!((field(sent, "CallSid"), field(sent, "CallDuration"), field(sent, "Duration")), ("CA1", "42", "1"));
    assert_eq!(sent.headers["x-twilio-signature"], signed("https://calls.example.com/twilio/status", sent));
}

#[test]
fn what_is_not_said_is_looked_up_at_the_control_plane() {
    let edge = Edge::start(200, TWIML);
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let token = bench.file("token", TOKEN);
    plane.answer([json!({"phone_number": {"account_id": "acc_1"}})], None);
    plane.answer([json!({"account": {"account_sid": "AC2"}})], None);
    plane.answer([json!({"public_url": "https://plane.example.com"})], None);
    let more = ["--auth-token-file", &token, "--edge-url", &edge.address, "-o", "json"];
    let shown = bench.run(&[&CALL[..], &more[..]].concat()).json();
    assert_eq!(shown["body"], TWIML);
    let sent = &edge.sent()[0];
    assert_eq!(field(sent, "AccountSid"), "AC2");
    assert_eq!(sent.headers["x-twilio-signature"], signed("https://plane.example.com/twilio/voice", sent));
}

#[test]
fn a_refusal_exits_with_1_and_says_what_to_look_at() {
    let edge = Edge::start(403, "forbidden");
    let bench = Bench::alone();
    let token = bench.file("token", TOKEN);
    let more = [
        "--auth-token-file",
        &token,
        "--account-sid",
        "AC1",
        "--edge-url",
        &edge.address,
        "--public-url",
        "https://x.example.com",
    ];
    let run = bench.run(&[&CALL[..], &more[..]].concat());
    assert_eq!(run.code, 1);
    assert!(run.out.starts_with("HTTP 403") && run.err.contains("CALLPLANE_PUBLIC_URL"), "{}{}", run.out, run.err);
    assert!(!run.err.contains(TOKEN));
}

#[test]
fn an_edge_that_is_not_there_exits_with_7() {
    let bench = Bench::alone();
    let token = bench.file("token", TOKEN);
    let more = [
        "--auth-token-file",
        &token,
        "--account-sid",
        "AC1",
        "--edge-url",
        "http://127.0.0.1:1",
        "--public-url",
        "https://x.example.com",
    ];
    assert!(bench.run(&[&CALL[..], &more[..]].concat()).bad(7).contains("callplane-edge serve"));
}
