//! The vectors through a running edge: each one whose account can be known and whose URL can be requested.

mod support;

use std::collections::BTreeMap;

use support::{
    control_plane::FakeControlPlane,
    edge::TestEdge,
    http::request,
    twilio::account,
    vectors::{Vector, all},
};

/// Origin and request target; nothing for what no HTTP request or no public URL can say.
fn split(vector: &Vector) -> Option<(String, String)> {
    let url = vector.url.split_once('#').map_or(vector.url.as_str(), |(url, _)| url);
    let (scheme, rest) = url.split_once("://")?;
    let (host, target) = rest.split_once('/')?;
    let possible = scheme != "wss" && !host.contains('@') && !target.contains(' ');
    possible.then(|| (format!("{scheme}://{host}"), format!("/{target}")))
}

/// A route whose form the vector has; the path alone does not say.
fn route(vector: &Vector) -> &'static str {
    let has = |name: &str| vector.params.iter().flatten().any(|(key, _)| key == name);
    match vector.kind.as_deref() {
        Some("recording.status") => "recording",
        Some("voice.status") => "status",
        Some("voice.gather") => "gather",
        Some("voice.dial-action") => "dial",
        Some("voice.record-action") => "voicemail",
        Some("voice.fallback") => "fallback",
        Some("message.inbound") => "message",
        Some("message.fallback") => "message-fallback",
        _ if has("MessageStatus") => "message-status",
        _ => "voice",
    }
}

#[tokio::test]
async fn a_running_edge_gives_the_vectors_verdicts() {
    let mut by_origin: BTreeMap<String, Vec<(Vector, String)>> = BTreeMap::new();
    for vector in all() {
        let possible = vector.account_sid().is_some() && vector.is_form() && vector.settings.is_none();
        if let Some((origin, target)) = split(&vector).filter(|_| possible) {
            by_origin.entry(origin).or_default().push((vector, target));
        }
    }
    let mut checked = 0;
    for (origin, vectors) in by_origin {
        for (vector, target) in vectors {
            let verdict = through_an_edge(&origin, &vector, &target).await;
            let expected = if vector.valid { 200..=204 } else { 403..=403 };
            assert!(expected.contains(&verdict), "{}: {verdict}", vector.id);
            checked += 1;
        }
    }
    assert!(checked >= 40, "only {checked} vectors could be sent");
}

async fn through_an_edge(origin: &str, vector: &Vector, target: &str) -> u16 {
    let control_plane =
        FakeControlPlane::start(vec![account(vector.account_sid().expect("chosen so"), &[&vector.auth_token])]).await;
    let path = target.split('?').next().expect("a path");
    let alias = format!("{path}={}", route(vector));
    let settings =
        [("CALLPLANE_PUBLIC_URL", origin), ("CALLPLANE_EDGE_ALIASES", alias.as_str()), ("CALLPLANE_PROFILE", "dev")];
    let edge = TestEdge::start(&[&control_plane], &settings).await;
    let mut headers = vec![("X-Twilio-Signature", vector.signature.as_str())];
    if let Some(kind) = &vector.content_type {
        headers.push(("Content-Type", kind));
    }
    request(edge.running.address, &vector.method, target, &headers, vector.body.as_bytes()).await.status
}
