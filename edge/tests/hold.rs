//! A key is pressed, or somebody whom we called answers, while the control plane is away: they are held, and nothing is lost.

mod support;

use callplane_proto::edge::v1::{
    CallAnswered, DigitsGathered, Failure, FailureReason, Instructions, Say, Verb, Webhook, reply::Outcome, verb::Kind,
    webhook::Event,
};
use support::{
    control_plane::{Decision, FakeControlPlane},
    edge::{PUBLIC_URL, TestEdge, start},
    twilio::{ACCOUNT, CALL, NUMBER, TOKEN, account, form, number, sign, usual_state},
};

/// Short enough that a test may wait for it, in the same proportion as the defaults.
const FAST: &[(&str, &str)] = &[("CALLPLANE_EDGE_ANSWER_DEADLINE_MS", "60"), ("CALLPLANE_EDGE_HEDGE_AFTER_MS", "8")];
const GATHER: &str = "/twilio/gather/t1";

fn say(text: &str) -> Instructions {
    let say = Say { text: text.into(), ..Default::default() };
    Instructions { verbs: vec![Verb { kind: Some(Kind::Say(say)) }], ..Default::default() }
}

/// Alive, but without its database.
fn cannot_store() -> Decision {
    let reason = FailureReason::Unavailable.into();
    Decision::Reply(Outcome::Failure(Failure { reason, message: "no database".into() }))
}

/// A request about a call of ours to somebody.
fn of_our_call(fields: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("CallSid", CALL),
        ("From", NUMBER),
        ("To", "+18185550100"),
        ("CallStatus", "in-progress"),
        ("Direction", "outbound-api"),
    ];
    all.extend_from_slice(fields);
    form(&all)
}

/// Where a caller who is held goes on, as Twilio requests it.
fn next(body: &str) -> String {
    let (_, rest) = body.split_once("<Redirect>").unwrap_or_else(|| panic!("nobody is held: {body}"));
    let (url, _) = rest.split_once("</Redirect>").expect("well-formed");
    url.replace("&amp;", "&").strip_prefix(PUBLIC_URL).expect("an address of ours").to_owned()
}

fn gathered(webhooks: &[Webhook]) -> Vec<&DigitsGathered> {
    webhooks
        .iter()
        .map(|webhook| match &webhook.event {
            Some(Event::DigitsGathered(gathered)) => gathered,
            other => panic!("expected digits: {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_key_pressed_while_the_control_plane_is_away_reaches_it_when_it_is_back() {
    let control_plane = FakeControlPlane::start(usual_state()).await;
    let address = control_plane.address;
    let edge = TestEdge::start(&[&control_plane], FAST).await;
    drop(control_plane);

    let first = edge.post(GATHER, &of_our_call(&[("Digits", "1")])).await;
    assert_eq!(first.status, 200);
    assert!(first.body.contains("<Say>One moment please.</Say><Pause length=\"3\"/><Redirect>"), "{}", first.body);
    assert_eq!(next(&first.body), "/twilio/gather/t1?hold=1&digits=1");
    let second = edge.post(&next(&first.body), &of_our_call(&[])).await;
    assert_eq!(next(&second.body), "/twilio/gather/t1?hold=2&digits=1");

    let returned = FakeControlPlane::start_at(address, usual_state()).await;
    returned.answer(Outcome::Instructions(say("You have joined.")));
    // The edge finds it a moment later; until then the same request is answered in the same way.
    let answer = loop {
        let answer = edge.post(&next(&second.body), &of_our_call(&[])).await;
        if !answer.body.contains("Redirect") {
            break answer;
        }
        assert_eq!(next(&answer.body), "/twilio/gather/t1?hold=3&digits=1");
    };
    assert!(answer.body.contains("<Say>You have joined.</Say>"), "{}", answer.body);
    let webhooks = returned.webhooks();
    assert_eq!(gathered(&webhooks)[0].digits, "1");
    assert_eq!((webhooks[0].tag.as_str(), webhooks[0].route.as_str()), ("t1", "gather"));
}

#[tokio::test]
async fn nobody_is_held_more_than_three_times() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.decide(|_| cannot_store());
    let mut target = GATHER.to_owned();
    let mut form = of_our_call(&[("Digits", "#")]);
    for time in 1..=3 {
        let answer = edge.post(&target, &form).await;
        (target, form) = (next(&answer.body), of_our_call(&[]));
        assert_eq!(target, format!("/twilio/gather/t1?hold={time}&digits=%23"));
    }
    let last = edge.post(&target, &form).await;
    assert_eq!(last.status, 200);
    assert!(last.body.contains("the key you pressed could not be taken. Goodbye.</Say><Hangup/>"), "{}", last.body);
    for query in ["hold=4", "hold=0", "hold=x", "hold="] {
        let answer = edge.post(&format!("{GATHER}?{query}"), &form).await;
        assert!(answer.body.contains("<Hangup/>"), "{query}: {}", answer.body);
    }
    assert!(gathered(&control_plane.webhooks())[..4].iter().all(|gathered| gathered.digits == "#"));
}

#[tokio::test]
async fn each_return_is_a_delivery_of_its_own_and_a_repeated_one_is_not() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.decide(|_| cannot_store());
    for target in [GATHER, "/twilio/gather/t1?hold=1&digits=1", "/twilio/gather/t1?hold=2&digits=1"] {
        let form = if target == GATHER { of_our_call(&[("Digits", "1")]) } else { of_our_call(&[]) };
        let before = control_plane.webhooks().len();
        let first = edge.post(target, &form).await;
        assert_eq!(edge.post(target, &form).await.body, first.body);
        let keys: Vec<_> =
            control_plane.webhooks().split_off(before).into_iter().map(|webhook| webhook.delivery_key).collect();
        assert!(keys.len() >= 2 && keys.iter().all(|key| *key == keys[0]), "{target}: {keys:?}");
    }
    let mut keys: Vec<_> = control_plane.webhooks().into_iter().map(|webhook| webhook.delivery_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[tokio::test]
async fn a_person_who_answered_our_call_is_held_and_a_machine_stays_one() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.decide(|_| cannot_store());
    let answered = of_our_call(&[("AnsweredBy", "machine_end_beep")]);
    let first = edge.post("/twilio/voice/t1", &answered).await;
    assert_eq!(next(&first.body), "/twilio/voice/t1?hold=1&answered_by=machine_end_beep");
    control_plane.answer(Outcome::Instructions(say("Standup in two minutes.")));
    let second = edge.post(&next(&first.body), &of_our_call(&[])).await;
    assert!(second.body.contains("Standup in two minutes."), "{}", second.body);
    let webhooks = control_plane.webhooks();
    let Some(Event::CallAnswered(CallAnswered { call: Some(call) })) = &webhooks[webhooks.len() - 1].event else {
        panic!("{webhooks:?}")
    };
    assert_eq!(call.answered_by, "machine_end_beep");

    control_plane.decide(|_| cannot_store());
    let last = edge.post("/twilio/voice/t1?hold=3", &of_our_call(&[])).await;
    assert!(last.body.contains("cannot go on at the moment. Goodbye.</Say><Hangup/>"), "{}", last.body);
}

#[tokio::test]
async fn what_is_not_a_conversation_of_ours_is_answered_as_before() {
    let state = vec![account(ACCOUNT, &[TOKEN]), number(NUMBER, ACCOUNT, Some(say("leave a message")))];
    let (edge, control_plane) = start(state).await;
    control_plane.decide(|_| cannot_store());
    let inbound = |digits| {
        let inbound = [("CallSid", CALL), ("From", "+18185550100"), ("To", NUMBER), ("Direction", "inbound")];
        form(&[&inbound[..], &[digits]].concat())
    };
    for (target, body) in [
        ("/twilio/voice", inbound(("CallStatus", "ringing"))),
        ("/twilio/gather", inbound(("Digits", "1"))),
        ("/twilio/gather?hold=1&digits=1", inbound(("CallStatus", "in-progress"))),
        ("/twilio/gather/t1", inbound(("SpeechResult", "yes please"))),
        // Held often enough, and the number knows something better than goodbye.
        ("/twilio/gather/t1?hold=3&digits=1", inbound(("CallStatus", "in-progress"))),
    ] {
        let answer = edge.post(target, &body).await;
        assert!(answer.body.contains("<Say>leave a message</Say>"), "{target}: {}", answer.body);
    }
    assert_eq!(edge.post("/twilio/gather", &of_our_call(&[("Digits", "1")])).await.status, 503);
    assert_eq!(edge.post("/twilio/status/t1", &of_our_call(&[])).await.status, 503);
}

#[tokio::test]
async fn what_is_remembered_is_signed() {
    let (edge, control_plane) = start(usual_state()).await;
    let form = of_our_call(&[]);
    let signature = sign(TOKEN, &format!("{PUBLIC_URL}{GATHER}?hold=1&digits=1"), &form);
    for forged in ["?hold=1&digits=2", "?hold=1&digits=%31", "?digits=1&hold=1", ""] {
        let answer = edge.post_signed(&format!("{GATHER}{forged}"), &form, &signature).await;
        assert_eq!(answer.status, 403, "{forged}");
    }
    assert!(control_plane.webhooks().is_empty());
    assert_eq!(edge.post_signed(&format!("{GATHER}?hold=1&digits=1"), &form, &signature).await.status, 200);
}
