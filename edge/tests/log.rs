//! What the log says of a refusal: one line that explains, without numbers and secrets.

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
};

use support::{
    edge::start,
    twilio::{
        ACCOUNT, CALL, NEXT_TOKEN, NUMBER, OTHER_NUMBER, TOKEN, form, form_of, inbound_call, sign, sign_get,
        usual_state,
    },
};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps every line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// What was written since the last time.
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("unpoisoned"))).expect("UTF-8")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refusal_is_explained_in_one_line_without_numbers_or_secrets() {
    let lines = Lines::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(everything);
    let (edge, control_plane) = start(usual_state()).await;
    let url = format!("{}/twilio/voice", edge.public_url);
    let good = inbound_call();
    let stranger = form_of("AC0000000000000000000000000000000f", &[("CallSid", CALL)]);
    let foreign = form(&[("CallSid", CALL), ("From", "+18185550100"), ("To", OTHER_NUMBER)]);
    let cases = [
        (good.clone(), String::new(), "header is missing"),
        (
            good.clone(),
            sign(NEXT_TOKEN, &url, &good),
            "wrong auth token, URL mismatch or changed body; URLs tried: https://hooks.example.net/twilio/voice https://hooks.example.net:443/twilio/voice",
        ),
        (
            good.clone(),
            sign(TOKEN, "http://hooks.example.net/twilio/voice", &good),
            "the scheme differs; signed was http://hooks.example.net/twilio/voice",
        ),
        (good.clone(), sign(TOKEN, &url, &good.replace("&ToZip=", "")), "without its empty fields"),
        (stranger.clone(), sign(TOKEN, &url, &stranger), "unknown account"),
        (foreign.clone(), sign(TOKEN, &url, &foreign), "belongs to another account"),
    ];
    let mut everything = String::new();
    lines.take();
    for (form, signature, explained) in cases {
        edge.post_signed("/twilio/voice", &form, &signature).await;
        let written = lines.take();
        let warnings: Vec<&str> = written.lines().filter(|line| line.contains(" WARN ")).collect();
        let [warning] = warnings.as_slice() else { panic!("one line, got {warnings:?}") };
        assert!(warning.contains(explained), "{explained}: {warning}");
        everything.push_str(&written);
    }
    let target = format!("/twilio/voice?{good}&CallerName=Ann+Smith");
    let get = support::http::request(
        edge.running.address,
        "GET",
        &target,
        &[("X-Twilio-Signature", &sign_get(NEXT_TOKEN, &target))],
        b"",
    )
    .await;
    assert_eq!(get.status, 403);
    edge.post("/twilio/voice", &good).await;
    control_plane.decide(|_| support::control_plane::Decision::Fail(tonic::Status::unavailable("down")));
    edge.post("/twilio/voice", &good).await;
    everything.push_str(&lines.take());
    for secret in [TOKEN, NEXT_TOKEN, "edge-token", &NUMBER[1..], &OTHER_NUMBER[1..], "8185550100", "Ann"] {
        assert!(!everything.contains(secret), "{secret} is in the log:\n{everything}");
    }
    assert!(everything.contains(ACCOUNT), "the account is named");
    assert!(everything.contains("answered with 503"), "{everything}");
}
