//! Control planes that are gone, silent or slow, and a state that changes under way.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use callplane_proto::edge::v1::{
    Accepted, Hangup, Instructions, Say, StateChange, Verb, WatchStateResponse, reply::Outcome,
    state_change::Kind as Change, verb::Kind,
};
use support::{
    control_plane::{Decision, FakeControlPlane},
    edge::{TestEdge, start},
    twilio::{ACCOUNT, CALL, NEXT_TOKEN, NUMBER, TOKEN, account, form, inbound_call, number, sign, usual_state},
};
use tonic::Status;

/// Short enough that a test may wait for it, in the same proportion as the defaults.
const FAST: &[(&str, &str)] = &[("CALLPLANE_EDGE_ANSWER_DEADLINE_MS", "60"), ("CALLPLANE_EDGE_HEDGE_AFTER_MS", "8")];

fn say(text: &str) -> Instructions {
    Instructions {
        verbs: vec![Verb { kind: Some(Kind::Say(Say { text: text.into(), ..Default::default() })) }],
        ..Default::default()
    }
}

fn state_with_fallback() -> Vec<StateChange> {
    vec![account(ACCOUNT, &[TOKEN]), number(NUMBER, ACCOUNT, Some(say("leave a message")))]
}

fn part(token: &str, changes: Vec<StateChange>) -> WatchStateResponse {
    WatchStateResponse { resume_token: token.into(), changes, ..Default::default() }
}

#[tokio::test]
async fn a_caller_hears_the_numbers_fallback_when_the_control_plane_is_gone() {
    let (edge, control_plane) = start(state_with_fallback()).await;
    drop(control_plane);
    let answer = edge.post("/twilio/voice", &inbound_call()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<Say>leave a message</Say>"), "{}", answer.body);
}

#[tokio::test]
async fn a_caller_hears_the_numbers_fallback_when_the_control_plane_is_silent() {
    let control_plane = FakeControlPlane::start(state_with_fallback()).await;
    control_plane.decide(|_| Decision::Silence);
    let edge = TestEdge::start(&[&control_plane], FAST).await;
    let answer = edge.post("/twilio/voice", &inbound_call()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<Say>leave a message</Say>"), "{}", answer.body);
}

#[tokio::test]
async fn without_a_fallback_twilio_is_sent_to_the_fallback_url() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.decide(|_| Decision::Fail(Status::unavailable("down")));
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 503);
    let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
    assert_eq!(edge.post("/twilio/status", &status).await.status, 503, "not stored is not accepted");
}

#[tokio::test]
async fn a_voicemail_ends_the_call_instead_of_recording_again() {
    let (edge, control_plane) = start(state_with_fallback()).await;
    control_plane.decide(|_| Decision::Fail(Status::unavailable("down")));
    let answer = edge.post("/twilio/voicemail", &inbound_call()).await;
    assert!(answer.body.contains("<Response><Hangup/></Response>"), "{}", answer.body);
}

#[tokio::test]
async fn a_second_control_plane_answers_for_a_silent_one() {
    let silent = FakeControlPlane::start(usual_state()).await;
    let well = FakeControlPlane::start(usual_state()).await;
    silent.decide(|_| Decision::Silence);
    well.answer(Outcome::Instructions(say("hello")));
    let edge = TestEdge::start(&[&silent, &well], &[("CALLPLANE_EDGE_HEDGE_AFTER_MS", "5")]).await;
    for _ in 0..2 {
        let answer = edge.post("/twilio/voice", &inbound_call()).await;
        assert!(answer.body.contains("<Say>hello</Say>"), "{}", answer.body);
    }
    // Each was first in turn once, so the silent one was asked and given up.
    silent.called(1).await;
    let keys: Vec<String> =
        silent.webhooks().into_iter().chain(well.webhooks()).map(|webhook| webhook.delivery_key).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "one call, one key: {keys:?}");
}

#[tokio::test]
async fn a_control_plane_that_refuses_is_passed_over() {
    let refusing = FakeControlPlane::start(usual_state()).await;
    let well = FakeControlPlane::start(usual_state()).await;
    refusing.decide(|_| Decision::Fail(Status::unauthenticated("who?")));
    let edge = TestEdge::start(&[&refusing, &well], &[]).await;
    for _ in 0..4 {
        let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
        assert_eq!(edge.post("/twilio/status", &status).await.status, 204);
    }
}

#[tokio::test]
async fn webhooks_that_wait_for_a_slow_control_plane_are_each_sent_once() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.open(false);
    let edge = Arc::new(edge);
    let status = |sequence: usize| {
        let edge = edge.clone();
        tokio::spawn(async move {
            let sequence = sequence.to_string();
            let form = form(&[("CallSid", CALL), ("CallStatus", "ringing"), ("SequenceNumber", &sequence)]);
            edge.post("/twilio/status", &form).await.status
        })
    };
    let asked: Vec<_> = (0..40).map(status).collect();
    // Calls that take long leave their places to others, so all of them get there although none is answered.
    while control_plane.webhooks().len() < 40 {
        tokio::task::yield_now().await;
    }
    control_plane.open(true);
    for answer in asked {
        assert_eq!(answer.await.expect("no panic"), 204);
    }
    let mut keys: Vec<String> = control_plane.webhooks().into_iter().map(|webhook| webhook.delivery_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), control_plane.webhooks().len()), (40, 40));
}

#[tokio::test]
async fn a_rotated_token_is_in_force_with_the_change() {
    let (edge, control_plane) = start(usual_state()).await;
    let url = format!("{}/twilio/voice", edge.public_url);
    let (old, new) = (sign(TOKEN, &url, &inbound_call()), sign(NEXT_TOKEN, &url, &inbound_call()));
    let statuses = async || {
        let old = edge.post_signed("/twilio/voice", &inbound_call(), &old).await.status;
        (old, edge.post_signed("/twilio/voice", &inbound_call(), &new).await.status)
    };
    assert_eq!(statuses().await, (200, 403));
    let mut heard = edge.running.directory().subscribe();
    heard.mark_unchanged();
    control_plane.push(part("t2", vec![account(ACCOUNT, &[TOKEN, NEXT_TOKEN])])).await;
    heard.changed().await.expect("the edge lives");
    assert_eq!(statuses().await, (200, 200), "both tokens while the rotation is young");
    heard.mark_unchanged();
    control_plane.push(part("t3", vec![account(ACCOUNT, &[NEXT_TOKEN])])).await;
    heard.changed().await.expect("the edge lives");
    assert_eq!(statuses().await, (403, 200));
}

/// Posts one webhook after another, callers and callbacks in turn, and gives every status, until told to stop.
fn keep_posting(edge: &Arc<TestEdge>, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<Vec<u16>> {
    let (edge, stop) = (edge.clone(), stop.clone());
    tokio::spawn(async move {
        let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
        let mut seen = Vec::new();
        while !stop.load(Ordering::Acquire) {
            seen.push(edge.post("/twilio/voice", &inbound_call()).await.status);
            seen.push(edge.post("/twilio/status", &status).await.status);
        }
        seen
    })
}

#[tokio::test]
async fn a_control_plane_that_drains_costs_no_webhook() {
    let first = FakeControlPlane::start(usual_state()).await;
    let second = FakeControlPlane::start(usual_state()).await;
    let edge = Arc::new(TestEdge::start(&[&first, &second], &[]).await);
    let stop = Arc::new(AtomicBool::new(false));
    let posting: Vec<_> = (0..8).map(|_| keep_posting(&edge, &stop)).collect();
    first.called(20).await;
    first.drain();
    let before = second.calls().len();
    second.called(before + 100).await;
    stop.store(true, Ordering::Release);
    for seen in posting {
        let seen = seen.await.expect("no panic");
        assert!(seen.iter().all(|status| matches!(status, 200 | 204)), "{seen:?}");
    }
}

#[tokio::test]
async fn the_only_control_plane_may_restart_under_its_webhooks() {
    let (edge, first) = start(usual_state()).await;
    let (edge, address) = (Arc::new(edge), first.address);
    let stop = Arc::new(AtomicBool::new(false));
    let posting: Vec<_> = (0..8).map(|_| keep_posting(&edge, &stop)).collect();
    first.called(20).await;
    first.drain();
    drop(first);
    let second = FakeControlPlane::start_at(address, usual_state()).await;
    second.called(50).await;
    stop.store(true, Ordering::Release);
    for seen in posting {
        let seen = seen.await.expect("no panic");
        assert!(seen.iter().all(|status| matches!(status, 200 | 204)), "{seen:?}");
    }
}

#[tokio::test]
async fn what_nobody_took_is_told_to_the_control_plane_that_returns() {
    let control_plane = FakeControlPlane::start(state_with_fallback()).await;
    let address = control_plane.address;
    let edge = TestEdge::start(&[&control_plane], FAST).await;
    drop(control_plane);
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 200, "the number's fallback");
    let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
    assert_eq!(edge.post("/twilio/status", &status).await.status, 503);
    let returned = FakeControlPlane::start_at(address, state_with_fallback()).await;
    let told = returned.called_with(|call| !call.missed.is_empty()).await;
    assert!(told.webhooks.is_empty(), "no webhook waits for it");
    let [missed] = told.missed.as_slice() else { panic!("one account, got {:?}", told.missed) };
    assert_eq!(missed.account_sid, ACCOUNT);
    let (since, until) = (missed.since.expect("a time"), missed.until.expect("a time"));
    assert!((since.seconds, since.nanos) < (until.seconds, until.nanos), "{since:?} {until:?}");
    // It answers webhooks again, and was told once.
    while edge.post("/twilio/status", &status).await.status != 204 {}
    assert_eq!(returned.calls().iter().filter(|call| !call.missed.is_empty()).count(), 1);
}

#[tokio::test]
async fn a_broken_watch_goes_on_where_it_was() {
    let (edge, control_plane) = start(usual_state()).await;
    let mut heard = edge.running.directory().subscribe();
    heard.mark_unchanged();
    control_plane
        .push(part("t7", vec![StateChange { kind: Some(Change::NumberRemoved("+15005550007".into())) }]))
        .await;
    heard.changed().await.expect("the edge lives");

    control_plane.snapshot(vec![part("t8", vec![account("AC9", &[TOKEN])])]);
    heard.mark_unchanged();
    control_plane.cut_watches();
    let watches = control_plane.watched(2).await;
    assert_eq!((watches[0].0.resume_token.as_str(), watches[1].0.resume_token.as_str()), ("", "t7"));
    heard.changed().await.expect("the edge lives");
    // Old and new are there: nothing was lost and nothing had to come again.
    assert!(edge.running.directory().account(ACCOUNT).is_some());
    assert!(edge.running.directory().account("AC9").is_some());
    assert!(edge.running.directory().owner("+15005550007").is_none());
}

#[tokio::test]
async fn the_watch_moves_to_another_control_plane() {
    let first = FakeControlPlane::start(usual_state()).await;
    let second = FakeControlPlane::start(usual_state()).await;
    let edge = TestEdge::start(&[&first, &second], &[]).await;
    drop(first);
    assert_eq!(second.watched(1).await[0].0.resume_token, "snapshot");
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 200);
}

#[tokio::test]
async fn an_open_request_is_answered_before_the_edge_stops() {
    let (mut edge, control_plane) = start(usual_state()).await;
    control_plane.answer(Outcome::Instructions(Instructions {
        verbs: vec![Verb { kind: Some(Kind::Hangup(Hangup {})) }],
        ..Default::default()
    }));
    control_plane.open(false);
    let (address, url) = (edge.running.address, format!("{}/twilio/voice", edge.public_url));
    let signature = sign(TOKEN, &url, &inbound_call());
    let asked = tokio::spawn(async move {
        let headers =
            [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature.as_str())];
        support::http::request(address, "POST", "/twilio/voice", &headers, inbound_call().as_bytes()).await
    });
    control_plane.called(1).await;
    edge.begin_stop();
    control_plane.open(true);
    assert_eq!(asked.await.expect("no panic").status, 200);
    edge.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn metrics_count_by_route_and_reason_and_name_nobody() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.answer(Outcome::Accepted(Accepted {}));
    edge.post("/twilio/voice", &inbound_call()).await;
    edge.post_signed("/twilio/voice", &inbound_call(), "AAAA").await;
    let metrics = edge.admin("/metrics").await.body;
    for line in [
        "callplane_edge_requests_total{route=\"voice\",outcome=\"answered\"} 1",
        "callplane_edge_refusals_total{reason=\"signature\"} 1",
        "callplane_edge_answer_seconds_count{route=\"voice\",class=\"ok\"} 1",
        "callplane_edge_answer_seconds_count{route=\"voice\",class=\"refused\"} 1",
        "callplane_edge_accounts 2",
        "callplane_edge_numbers 2",
        "callplane_edge_queue_depth{control_plane=\"127.0.0.1:",
        "callplane_edge_batch_size_sum 1.0",
        "callplane_edge_control_plane_up{control_plane=\"127.0.0.1:",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    for secret in [ACCOUNT, CALL, "5005550006", "8185550100", TOKEN] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_crowd_of_callers_is_answered_to_the_last() {
    let (edge, control_plane) = start(usual_state()).await;
    let edge = Arc::new(edge);
    control_plane.open(false);
    let asked: Vec<_> = (0..300)
        .map(|index| {
            let edge = edge.clone();
            let call = format!("CA{index:032}");
            let form = form(&[("CallSid", &call), ("From", "anonymous"), ("To", NUMBER), ("CallStatus", "ringing")]);
            tokio::spawn(async move { edge.post("/twilio/voice", &form).await.status })
        })
        .collect();
    while !edge.admin("/metrics").await.body.contains("callplane_edge_connections 300\n") {
        tokio::task::yield_now().await;
    }
    control_plane.open(true);
    for answer in asked {
        assert_eq!(answer.await.expect("no panic"), 200);
    }
    let mut calls: Vec<String> = control_plane.webhooks().into_iter().map(|webhook| webhook.delivery_key).collect();
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), 300);
}
