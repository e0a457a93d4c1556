//! Everybody was away and comes back: two minutes later every call is what Twilio says it is. Judged by Twilio's own list.

use std::{collections::BTreeMap, time::Duration};

use callplane_control_plane::{flow::heartbeat::beat, store::heartbeat::Who};
use callplane_proto::{
    edge::v1 as edge_pb,
    v1::{self as pb, CallSource, CallStatus, ReconciliationState},
};
use callplane_simulator::{Answer, Callee, Fault, FaultAction, Happened, Pace, PlaceCall, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, DESK, NUMBER, announcement, human},
    settings::PUBLIC_URL,
};
use serde_json::Value;

on_both!(
    every_call_is_right_two_minutes_after_the_control_planes_come_back,
    every_call_is_right_two_minutes_after_the_edge_comes_back,
    what_an_edge_could_not_tell_is_looked_for,
    a_list_that_goes_wrong_is_read_again,
    regular_looks_find_what_nobody_missed,
    somebody_asks_and_sees_how_it_stands,
);

/// What callers hear from an edge alone.
const ALONE: &str = "Please call again later.";
/// In all, as long as the promise.
const PROMISE: Duration = Duration::from_secs(120);

async fn started(db: Database) -> (Plane, Account) {
    let plane = Plane::on(db).set("CALLPLANE_OUTAGE_SECONDS", "15").start().await;
    let (account, number, _) = plane.answered_by(human(DESK)).await;
    let text = pb::Announcement { text: ALONE.to_owned(), ..Default::default() };
    let fallback = pb::Fallback { kind: Some(pb::fallback::Kind::Announcement(text)) };
    let number = pb::PhoneNumber { id: number.id, fallback: Some(fallback), ..Default::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["fallback".to_owned()] });
    let request = pb::UpdatePhoneNumberRequest { phone_number: Some(number), update_mask, ..Default::default() };
    plane.api.numbers().update_phone_number(request).await.expect("updated");
    plane.edge_hears(|directory| directory.fallback(NUMBER).is_some()).await;
    plane.twilio.set_pace(Pace::Stepped);
    (plane, account)
}

/// Time passes, and whoever is there says so in time: a stepped clock alone would look like an outage.
async fn elapse(plane: &Plane, seconds: u64, present: &[Who]) {
    plane.advance(Duration::from_secs(seconds));
    for who in present {
        beat(&plane.within().ctx, *who).await.expect("the database answers");
    }
    plane.twilio.settle().await;
}

/// Somebody calls; whatever comes of it comes later.
async fn rings(plane: &Plane, caller: usize, talks: u32) -> String {
    let from = format!("+1415557{caller:04}");
    plane.logs.never(&from);
    let answer = Callee::Answers(Answer { for_seconds: talks, ..Answer::default() });
    let script = Script { dialled: BTreeMap::from([("*".to_owned(), answer)]), ..Script::default() };
    let call = PlaceCall { detached: true, ..PlaceCall::new(&from, NUMBER).script(script) };
    let sid = plane.twilio.place_inbound_call(call).await.expect("it rings").call_sid;
    plane.twilio.settle().await;
    sid
}

/// Ten minutes, twenty calls a minute.
async fn ten_minutes_of_calls(plane: &Plane, present: &[Who]) -> Vec<String> {
    let mut sids = Vec::new();
    for caller in 0..200 {
        sids.push(rings(plane, 1000 + caller, 20).await);
        match present {
            [] => {
                plane.advance(Duration::from_secs(3));
                plane.twilio.settle().await;
            }
            present => elapse(plane, 3, present).await,
        }
    }
    sids
}

/// Until the promise must hold; says when Twilio was first asked for its list.
async fn two_minutes(plane: &Plane) -> Option<i64> {
    let back = plane.now();
    while plane.now() < back + PROMISE {
        plane.settle().await;
        elapse(plane, 5, &[Who::ControlPlanes, Who::Edges]).await;
    }
    plane.settle().await;
    let lists = |what: &Happened| matches!(what, Happened::Rest { path, .. } if path.ends_with("/Calls.json"));
    let first = plane.twilio.ledger().into_iter().find(|entry| entry.at >= back && lists(&entry.what));
    first.map(|entry| (entry.at - back).num_seconds())
}

/// Twilio's own list, without the legs that its calls dialled: they are a part of their call.
async fn truth(plane: &Plane, account: &Account) -> Vec<Value> {
    let url = format!("{}/2010-04-01/Accounts/{}/Calls.json?PageSize=1000", plane.twilio.base_url(), account.sid);
    let request = plane.http.get(url).basic_auth(&account.sid, Some(&account.auth_token));
    let text = request.send().await.expect("it answers").text().await.expect("a body");
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let calls = list["calls"].as_array().expect("a list").iter();
    calls.filter(|call| call["parent_call_sid"].is_null()).cloned().collect()
}

async fn stored(plane: &Plane) -> BTreeMap<String, pb::Call> {
    let request = pb::ListCallsRequest { page_size: 500, ..Default::default() };
    let calls = plane.api.calls().list_calls(request).await.expect("listed").into_inner().calls;
    let count = calls.len();
    let by_sid: BTreeMap<_, _> = calls.into_iter().map(|call| (call.call_sid.clone(), call)).collect();
    assert_eq!(by_sid.len(), count, "no call is there twice");
    by_sid
}

/// Every row says what Twilio says; gives the rows.
async fn everything_is_right(plane: &Plane, account: &Account) -> BTreeMap<String, pb::Call> {
    let (truth, stored) = (truth(plane, account).await, stored(plane).await);
    assert_eq!(stored.len(), truth.len(), "every call is there");
    for seen in &truth {
        let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
        let call = stored.get(&text("sid")).unwrap_or_else(|| panic!("missing: {seen}"));
        let status = format!("CALL_STATUS_{}", text("status").to_uppercase().replace('-', "_"));
        assert_eq!(call.status().as_str_name(), status, "{seen}\n{call:?}");
        assert_eq!((call.from_number.clone(), call.to_number.clone()), (text("from"), text("to")));
        assert_eq!(call.end_time.is_some(), !text("end_time").is_empty(), "{seen}\n{call:?}");
        if call.status() == CallStatus::Completed {
            assert_eq!(call.duration.map(|length| length.seconds.to_string()), Some(text("duration")), "{seen}");
        }
        if call.source() == CallSource::Reconciled {
            let times = [(&call.start_time, text("start_time")), (&call.end_time, text("end_time"))];
            for (ours, theirs) in times.into_iter().filter(|(_, theirs)| !theirs.is_empty()) {
                let theirs = chrono::DateTime::parse_from_rfc2822(&theirs).expect("a date of mail").timestamp();
                assert_eq!(ours.as_ref().map(|time| time.seconds), Some(theirs), "{seen}\n{call:?}");
            }
        }
    }
    stored
}

async fn every_call_is_right_two_minutes_after_the_control_planes_come_back(db: Database) {
    let (mut plane, account) = started(db).await;
    let present = [Who::ControlPlanes, Who::Edges];
    // One ends before the outage, two in it, one after the return.
    let talks = [10, 60, 400, 900];
    let mut before = Vec::new();
    for (caller, talks) in talks.into_iter().enumerate() {
        before.push(rings(&plane, caller, talks).await);
    }
    for _ in 0..4 {
        elapse(&plane, 5, &present).await;
    }
    plane.settle().await;
    assert_eq!(plane.stored_call(&before[0]).await.status(), CallStatus::Completed);
    assert!(plane.stored_call(&before[1]).await.end_time.is_none(), "it goes on");

    plane.expects("the control plane does not answer; going on without it");
    plane.stop().await;
    let missed = ten_minutes_of_calls(&plane, &[]).await;
    for sid in &missed {
        let transcript = plane.twilio.transcript(sid).expect("it was placed");
        assert!(transcript.said().contains(ALONE), "every caller hears the fallback: {transcript:?}");
    }
    plane.start_again().await;
    let first = two_minutes(&plane).await.expect("Twilio was asked");
    assert!(first <= 10, "{first} s until Twilio was asked");

    let rows = everything_is_right(&plane, &account).await;
    for sid in &missed {
        assert_eq!(rows[sid].source(), CallSource::Reconciled);
        assert!(!rows[sid].phone_number_id.is_empty());
    }
    for (sid, is_over) in before.iter().zip([true, true, true, false]) {
        assert_eq!((rows[sid].source(), rows[sid].end_time.is_some()), (CallSource::Webhook, is_over));
    }
    assert!(plane.logs.lines().iter().any(|line| line.contains("none was alive") && line.contains("control planes")));
    // The last conversation ends. Of the edge's own time hardly any has passed, so it may not ask the control plane again
    // yet and refuse the callback: a look after the quiet call closes it at the latest.
    for _ in 0..130 {
        elapse(&plane, 14, &present).await;
    }
    plane.settle().await;
    everything_is_right(&plane, &account).await;
}

async fn every_call_is_right_two_minutes_after_the_edge_comes_back(db: Database) {
    let (mut plane, account) = started(db).await;
    let present = [Who::ControlPlanes, Who::Edges];
    let open = rings(&plane, 0, 60).await;
    for _ in 0..4 {
        elapse(&plane, 5, &present).await;
    }
    plane.settle().await;
    assert!(plane.stored_call(&open).await.end_time.is_none(), "it goes on");
    plane.stop_edge().await;
    let missed = ten_minutes_of_calls(&plane, &present[..1]).await;
    plane.start_edge_again().await;
    let first = two_minutes(&plane).await.expect("Twilio was asked");
    assert!(first <= 10, "{first} s until Twilio was asked");
    let rows = everything_is_right(&plane, &account).await;
    assert!(missed.iter().all(|sid| rows[sid].source() == CallSource::Reconciled));
    assert_eq!(rows[&open].status(), CallStatus::Completed);
    assert!(plane.logs.lines().iter().any(|line| line.contains("none was alive") && line.contains("edges")));
}

/// Calls that Twilio carries and nobody is told of.
async fn unheard_calls(plane: &Plane, count: usize) -> Vec<String> {
    plane.twilio.set_pace(Pace::Immediate);
    plane.twilio.add_route(PUBLIC_URL, "http://127.0.0.1:9").expect("an address");
    let mut sids = Vec::new();
    for caller in 0..count {
        sids.push(rings(plane, caller, 20).await);
    }
    plane.twilio.add_route(PUBLIC_URL, &format!("http://{}", plane.edge.address)).expect("an address");
    // What ran through at once is over when its time has passed.
    plane.advance(Duration::from_secs(60));
    sids
}

async fn what_an_edge_could_not_tell_is_looked_for(db: Database) {
    let (plane, account) = started(db).await;
    unheard_calls(&plane, 3).await;
    let token = plane.token_of(callplane_control_plane::token::Audience::Edge, None, chrono::Duration::days(1)).await;
    let edge = plane.api.with_token(&token);
    let now = prost_types::Timestamp { seconds: plane.now().timestamp(), nanos: 0 };
    let missed = |sid: &str, since| edge_pb::MissedWebhooks { account_sid: sid.to_owned(), since, until: since };
    let long_ago = Some(prost_types::Timestamp::default());
    let told = vec![
        missed(&account.sid, Some(now)),
        missed("AC00000000000000000000000000000bad", long_ago),
        missed("nonsense", Some(now)),
        missed(&account.sid, None),
    ];
    let request = edge_pb::HandleRequest { missed: told, ..Default::default() };
    edge.edge().handle(request).await.expect("taken in without a webhook");
    two_minutes(&plane).await.expect("Twilio was asked");
    let rows = everything_is_right(&plane, &account).await;
    assert_eq!(rows.len(), 3);
}

async fn reconciliation(plane: &Plane, account: &Account) -> pb::Reconciliation {
    let request = pb::GetReconciliationRequest { account_id: account.id.clone() };
    plane.api.calls().get_reconciliation(request).await.expect("read").into_inner().reconciliation.expect("one")
}

async fn ask(plane: &Plane, account_id: &str, validate_only: bool) -> Result<pb::Reconciliation, tonic::Status> {
    let since = plane.now() - chrono::Duration::hours(1);
    let since_time = Some(prost_types::Timestamp { seconds: since.timestamp(), nanos: 0 });
    let request = pb::ReconcileCallsRequest { account_id: account_id.to_owned(), since_time, validate_only };
    let answer = plane.api.calls().reconcile_calls(request).await?;
    Ok(answer.into_inner().reconciliation.expect("how it stands"))
}

async fn a_list_that_goes_wrong_is_read_again(db: Database) {
    let (plane, account) = started(db).await;
    unheard_calls(&plane, 2).await;
    let actions = [
        FaultAction::ErrorBefore { status: 503, code: None },
        FaultAction::TooManyRequests,
        FaultAction::Garbage,
        FaultAction::Reset,
        FaultAction::ErrorAfter { status: 500, code: Some(20500) },
    ];
    actions.into_iter().for_each(|action| plane.twilio.inject_fault(Fault::once("/Calls.json", action)));
    ask(&plane, &account.id, false).await.expect("taken in");
    plane.settle().await;
    let waiting = reconciliation(&plane, &account).await;
    assert_eq!(waiting.state(), ReconciliationState::Waiting);
    assert!(!waiting.problem.is_empty() && waiting.next_time.is_some());
    two_minutes(&plane).await;
    assert_eq!(everything_is_right(&plane, &account).await.len(), 2);
    let idle = reconciliation(&plane, &account).await;
    assert_eq!((idle.state(), idle.problem.as_str(), idle.found_count), (ReconciliationState::Idle, "", 2));

    // What does not pass by itself is shown, and is over as soon as somebody has mended it and asks.
    plane.twilio.inject_fault(Fault::once("/Calls.json", FaultAction::ErrorBefore { status: 401, code: Some(20003) }));
    ask(&plane, &account.id, false).await.expect("taken in");
    plane.settle().await;
    assert_eq!(reconciliation(&plane, &account).await.state(), ReconciliationState::Refused);
    ask(&plane, &account.id, false).await.expect("taken in");
    two_minutes(&plane).await;
    assert_eq!(reconciliation(&plane, &account).await.state(), ReconciliationState::Idle);
}

async fn regular_looks_find_what_nobody_missed(db: Database) {
    let plane = Plane::on(db).set("CALLPLANE_RECONCILE_MINUTES", "15").start().await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    callplane_control_plane::flow::reconciliation::enrol(&plane.within().ctx).await.expect("the database answers");
    unheard_calls(&plane, 2).await;
    plane.advance(Duration::from_secs(20 * 60));
    plane.settle().await;
    assert_eq!(everything_is_right(&plane, &account).await.len(), 2);
}

async fn somebody_asks_and_sees_how_it_stands(db: Database) {
    let (plane, account) = started(db).await;
    unheard_calls(&plane, 1).await;
    ask(&plane, &account.id, true).await.expect("it could be done");
    plane.settle().await;
    assert!(stored(&plane).await.is_empty(), "only validated");
    let wanted = ask(&plane, &account.id, false).await.expect("taken in");
    assert_eq!((wanted.account_id.as_str(), wanted.state()), (account.id.as_str(), ReconciliationState::Wanted));
    two_minutes(&plane).await;
    let done = reconciliation(&plane, &account).await;
    assert_eq!((done.state(), done.listed_count, done.found_count), (ReconciliationState::Idle, 1, 1));
    let unknown = ask(&plane, "acc_01h455vb4pex5vsknk084sn02q", false).await.expect_err("there is none");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let bare = plane.create_account("AC000000000000000000000000000000aa", pb::Credentials::default()).await;
    let refused = ask(&plane, &bare.id, false).await.expect_err("nothing to ask with");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
}
