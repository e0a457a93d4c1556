//! What an edge says to requests that are wrong: each has its status, none reaches a control plane, none stops the next one.

mod support;

use support::{
    edge::{TestEdge, start},
    http::{raw, request},
    twilio::{
        ACCOUNT, CALL, NEXT_TOKEN, NUMBER, OTHER_ACCOUNT, OTHER_NUMBER, TOKEN, account, change, form, form_of,
        inbound_call, number, sign, usual_state,
    },
};

use callplane_proto::edge::v1::{AccountState, VerifierKind, state_change::Kind};
use support::{control_plane::FakeControlPlane, twilio::verifier};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
/// Looks like a signature: without one, no body is read.
const SIGNATURE: (&str, &str) = ("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");

async fn assert_serves(edge: &TestEdge) {
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 200, "the edge still serves");
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_allow() {
    let (edge, control_plane) = start(usual_state()).await;
    let address = edge.running.address;
    assert_eq!(request(address, "POST", "/nowhere", &[FORM], b"").await.status, 404);
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
        let answer = request(address, method, "/twilio/voice", &[FORM], b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")), "{method}");
    }
    let answer = request(address, "GET", "/twilio/message/status", &[], b"").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert!(control_plane.calls().is_empty());
    assert_serves(&edge).await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413_by_its_length_and_while_reading() {
    let (edge, control_plane) = start(usual_state()).await;
    let address = edge.running.address;
    let long = vec![b'a'; 70_000];
    assert_eq!(request(address, "POST", "/twilio/voice", &[FORM], &long).await.status, 413);
    assert_eq!(
        request(address, "POST", "/twilio/voice", &[FORM, ("Content-Length", "99999999999")], b"").await.status,
        413
    );
    let chunk = [b"11170\r\n", long.as_slice(), b"\r\n0\r\n\r\n"].concat();
    let headers = [FORM, SIGNATURE, ("Transfer-Encoding", "chunked")];
    let answer = request(address, "POST", "/twilio/voice", &headers, &chunk).await;
    assert_eq!(answer.status, 413);
    assert!(control_plane.calls().is_empty());
    assert_serves(&edge).await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_431() {
    let (edge, _control_plane) = start(usual_state()).await;
    let address = edge.running.address;
    let names: Vec<String> = (0..70).map(|index| format!("X-{index}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(request(address, "POST", "/twilio/voice", &many, b"").await.status, 431);
    let long = "a".repeat(20_000);
    assert_eq!(request(address, "POST", "/twilio/voice", &[("X-Long", &long)], b"").await.status, 431);
    assert_serves(&edge).await;
}

#[tokio::test]
async fn anything_but_a_plain_form_is_415() {
    let (edge, _control_plane) = start(usual_state()).await;
    let address = edge.running.address;
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        let answer = request(address, "POST", "/twilio/voice", &[("Content-Type", kind)], b"{}").await;
        assert_eq!(answer.status, 415, "{kind}");
    }
    assert_eq!(request(address, "POST", "/twilio/voice", &[], b"a=1").await.status, 415);
    let answer = request(address, "POST", "/twilio/voice", &[FORM, ("Content-Encoding", "gzip")], b"a=1").await;
    assert_eq!(answer.status, 415);
    assert_serves(&edge).await;
}

#[tokio::test]
async fn too_many_fields_are_400() {
    let (edge, control_plane) = start(usual_state()).await;
    let many = "a=1&".repeat(201);
    assert_eq!(edge.post("/twilio/voice", &many).await.status, 400);
    assert_eq!(edge.get(&format!("/twilio/voice?{many}")).await.status, 400);
    assert!(control_plane.calls().is_empty());
    assert_serves(&edge).await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::start(&[&control_plane], &[("CALLPLANE_EDGE_BODY_TIMEOUT_MS", "1")]).await;
    let headers = [FORM, SIGNATURE, ("Content-Length", "10")];
    let answer = request(edge.running.address, "POST", "/twilio/voice", &headers, b"a").await;
    assert_eq!(answer.status, 408);
}

#[tokio::test]
async fn what_cannot_be_signed_is_refused_before_its_body_arrives() {
    let (edge, _control_plane) = start(usual_state()).await;
    let shapes = ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAA*="];
    let wrong = shapes.map(|signature| vec![FORM, ("Content-Length", "10"), ("X-Twilio-Signature", signature)]);
    let none = vec![FORM, ("Content-Length", "10")];
    for headers in wrong.into_iter().chain([none]) {
        // The ten bytes never come; without waiting for them the answer is there.
        let answer = request(edge.running.address, "POST", "/twilio/voice", &headers, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{headers:?}");
    }
    assert_serves(&edge).await;
}

#[tokio::test]
async fn a_body_that_was_not_read_is_never_taken_for_the_next_request() {
    let (edge, control_plane) = start(usual_state()).await;
    let next = "PUT /twilio/voice HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for body in ["a=1".repeat(10), "a=1".repeat(20_000), "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n".into()] {
        let head =
            format!("Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}", body.len());
        let refused = format!("POST /twilio/voice HTTP/1.1\r\n{head}\r\n\r\n{body}");
        let answer = raw(edge.running.address, format!("{refused}{next}").as_bytes()).await;
        assert_eq!(answer.status, 403);
        // The next one is answered on its own, or the connection is closed before it.
        assert!(answer.body.is_empty() || answer.body.starts_with("HTTP/1.1 405 "), "{answer:?}");
    }
    assert!(control_plane.calls().is_empty());
    assert_serves(&edge).await;
}

#[tokio::test]
async fn headers_that_do_not_arrive_close_the_connection() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::start(&[&control_plane], &[("CALLPLANE_EDGE_HEADER_TIMEOUT_MS", "1")]).await;
    let answer = raw(edge.running.address, b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\n").await;
    assert!([0, 408].contains(&answer.status), "{answer:?}");
}

#[tokio::test]
async fn what_is_not_http_is_turned_away() {
    let (edge, _control_plane) = start(usual_state()).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /a b HTTP/1.1\r\n\r\n",
    ] {
        let answer = raw(edge.running.address, bytes).await;
        assert!(answer.status == 0 || (400..600).contains(&answer.status), "{answer:?}");
    }
    assert_serves(&edge).await;
}

#[tokio::test]
async fn every_reason_not_to_believe_looks_the_same_and_asks_nobody() {
    let mut state = usual_state();
    state.push(account("AC00000000000000000000000000000003", &[]));
    let inactive = "AC00000000000000000000000000000004";
    let verifiers = vec![verifier(TOKEN, VerifierKind::Primary)];
    state.push(change(Kind::Account(AccountState { account_sid: inactive.into(), verifiers, active: false })));
    let (edge, control_plane) = start(state).await;
    let url = format!("{}/twilio/voice", edge.public_url);
    let good = inbound_call();
    let of = |account: &str, to: &str| form_of(account, &[("CallSid", CALL), ("To", to)]);
    let cases = [
        ("wrong token", good.clone(), sign(NEXT_TOKEN, &url, &good)),
        ("other body", format!("{good}&x=1"), sign(TOKEN, &url, &good)),
        ("other URL", good.clone(), sign(TOKEN, "https://hooks.example.net/twilio/status", &good)),
        ("not base64", good.clone(), "!!!".to_owned()),
        ("too short", good.clone(), "AAAA".to_owned()),
        ("empty", good.clone(), String::new()),
        ("unknown account", of("AC0000000000000000000000000000000f", NUMBER), String::new()),
        (
            "unknown account, signed",
            of("AC0000000000000000000000000000000f", NUMBER),
            sign(TOKEN, &url, &of("AC0000000000000000000000000000000f", NUMBER)),
        ),
        ("no account", "CallSid=CA1".to_owned(), sign(TOKEN, &url, "CallSid=CA1")),
        (
            "no auth token",
            of("AC00000000000000000000000000000003", NUMBER),
            sign(TOKEN, &url, &of("AC00000000000000000000000000000003", NUMBER)),
        ),
        ("not in use", of(inactive, ""), sign(TOKEN, &url, &of(inactive, ""))),
        ("number of another account", of(ACCOUNT, OTHER_NUMBER), sign(TOKEN, &url, &of(ACCOUNT, OTHER_NUMBER))),
        (
            "number of another account by SIP",
            of(ACCOUNT, "sip:+15005550007@acme.sip.twilio.com"),
            sign(TOKEN, &url, &of(ACCOUNT, "sip:+15005550007@acme.sip.twilio.com")),
        ),
        ("parent's token", of(OTHER_ACCOUNT, OTHER_NUMBER), sign(TOKEN, &url, &of(OTHER_ACCOUNT, OTHER_NUMBER))),
        ("broken UTF-8, unsigned", "AccountSid=%ff%fe".to_owned(), String::new()),
    ];
    for (what, form, signature) in cases {
        let answer = edge.post_signed("/twilio/voice", &form, &signature).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{what}");
        assert_eq!(answer.header("content-length"), Some("0"), "{what}");
    }
    assert_eq!(edge.post_with("/twilio/voice", &good, &[]).await.status, 403, "no header");
    let signature = sign(TOKEN, &url, &good);
    let twice = [("X-Twilio-Signature", signature.as_str()), ("X-Twilio-Signature", signature.as_str())];
    assert_eq!(edge.post_with("/twilio/voice", &good, &twice).await.status, 403, "two headers");
    let shared = [
        ("X-Twilio-Signature", signature.as_str()),
        ("X-Twilio-Webhooks-Signature-Settings", "key=k,algorithm=HMAC_SHA1"),
    ];
    assert_eq!(edge.post_with("/twilio/voice", &good, &shared).await.status, 403, "shared key");
    assert!(control_plane.calls().is_empty());
    assert_serves(&edge).await;
}

#[tokio::test]
async fn a_number_nobody_registered_is_the_control_planes_to_answer() {
    let (edge, control_plane) = start(usual_state()).await;
    let unknown = form(&[("CallSid", CALL), ("From", "anonymous"), ("To", "+15005559999")]);
    assert_eq!(edge.post("/twilio/voice", &unknown).await.status, 200);
    assert_eq!(control_plane.webhooks().len(), 1);
}

#[tokio::test]
async fn a_signed_form_that_makes_no_sense_is_400_with_a_reason() {
    let (edge, control_plane) = start(usual_state()).await;
    let twice = form(&[("CallSid", CALL), ("To", NUMBER), ("To", OTHER_NUMBER)]);
    let cases = [
        ("/twilio/voice", form(&[("To", NUMBER), ("From", "")]), "CallSid is missing\n"),
        ("/twilio/voice", form(&[("CallSid", ""), ("To", NUMBER), ("From", "")]), "CallSid is no SID\n"),
        ("/twilio/voice", twice, "To comes twice with different values\n"),
        ("/twilio/voice", form(&[("CallSid", CALL), ("To", NUMBER)]), "From is missing\n"),
        (
            "/twilio/voice",
            form(&[("CallSid", CALL), ("To", NUMBER), ("From", ""), ("CallStatus", "ringingCalled+1500")]),
            "CallStatus is not a word of Twilio's\n",
        ),
        ("/twilio/message", form(&[("To", NUMBER), ("From", "")]), "MessageSid is missing\n"),
        ("/twilio/recording", form(&[("CallSid", CALL)]), "RecordingSid is missing\n"),
    ];
    for (path, form, reason) in cases {
        let answer = edge.post(path, &form).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, reason), "{path}");
    }
    assert!(control_plane.calls().is_empty());
}

#[tokio::test]
async fn signed_text_with_nul_or_broken_utf8_reaches_the_control_plane_clean() {
    let (edge, control_plane) = start(usual_state()).await;
    let form = format!("AccountSid={ACCOUNT}&MessageSid=SM1&From=&To=%2B15005550006&Body=a%00b%ffc");
    assert_eq!(edge.post("/twilio/message", &form).await.status, 200);
    let webhooks = control_plane.webhooks();
    let Some(callplane_proto::edge::v1::webhook::Event::MessageReceived(message)) = &webhooks[0].event else {
        panic!("a message")
    };
    assert_eq!(message.body, "ab\u{fffd}c");
}

#[tokio::test]
async fn before_the_first_snapshot_everything_is_503() {
    let control_plane = FakeControlPlane::start(vec![]).await;
    control_plane.snapshot(vec![]);
    let edge = TestEdge::start_unloaded(&[&control_plane], &[]).await;
    control_plane.watched(1).await;
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 503);
    assert_eq!(edge.admin("/ready").await.status, 503);
    assert_eq!(edge.admin("/health").await.status, 200);
}

#[tokio::test]
async fn one_address_cannot_hold_every_connection() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::start(&[&control_plane], &[("CALLPLANE_EDGE_MAX_CONNECTIONS_PER_ADDRESS", "1")]).await;
    let mut held = tokio::net::TcpStream::connect(edge.running.address).await.expect("connected");
    // An answer on the held connection proves that it has its place.
    tokio::io::AsyncWriteExt::write_all(&mut held, b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await
        .expect("sent");
    let mut first = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut held, &mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 404");
    assert_eq!(
        raw(edge.running.address, b"POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.status,
        0
    );
}

#[tokio::test]
async fn callers_over_the_rate_hear_a_busy_signal() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::start(&[&control_plane], &[("CALLPLANE_EDGE_CALLS_PER_SECOND_PER_CALLER", "1")]).await;
    let mut busy = 0;
    for _ in 0..12 {
        let answer = edge.post("/twilio/voice", &inbound_call()).await;
        assert_eq!(answer.status, 200);
        busy += usize::from(answer.body.contains("<Reject reason=\"busy\"/>"));
    }
    assert!(busy > 0);
    let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
    assert_eq!(edge.post("/twilio/status", &status).await.status, 204, "callbacks have no rate");
}

#[tokio::test]
async fn a_fallback_belongs_to_its_account_alone() {
    let state = vec![
        account(ACCOUNT, &[TOKEN]),
        account(OTHER_ACCOUNT, &[NEXT_TOKEN]),
        number(OTHER_NUMBER, OTHER_ACCOUNT, Some(Default::default())),
    ];
    let (edge, control_plane) = start(state).await;
    control_plane.decide(|_| support::control_plane::Decision::Fail(tonic::Status::unavailable("down")));
    let gathered = form(&[("CallSid", CALL), ("To", OTHER_NUMBER), ("Digits", "1")]);
    assert_eq!(edge.post("/twilio/gather", &gathered).await.status, 503);
}
