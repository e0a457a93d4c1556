//! Callbacks late, twice, in any order, or never: the row is the same.

use std::time::Duration;

use callplane_proto::v1::{self as pb, CallSource, CallStatus};
use callplane_simulator::{Delivery, DeliveryRule, Happened, Kind, ReleaseOrder, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, CALLER, NUMBER, announcement},
    webhooks::{Form, call_sid, form},
};
use futures::future::join_all;

on_both!(
    every_order_of_the_callbacks_with_duplicates_ends_in_the_same_row,
    a_status_before_its_call_creates_the_call,
    a_call_that_lost_its_last_callback_is_looked_up_and_closed,
    callbacks_held_back_and_shuffled_by_twilio_change_nothing,
    a_callback_of_another_account_changes_nothing,
);

/// The four callbacks of a call, as Twilio sends them.
fn callbacks(sid: &str) -> [Form; 4] {
    let told = [
        ("initiated", "0", "Tue, 04 Aug 2026 09:00:00 +0000", ""),
        ("ringing", "1", "Tue, 04 Aug 2026 09:00:01 +0000", ""),
        ("in-progress", "2", "Tue, 04 Aug 2026 09:00:05 +0000", ""),
        ("completed", "3", "Tue, 04 Aug 2026 09:00:54 +0000", "49"),
    ];
    told.map(|(status, sequence, at, duration)| {
        let mut form = form([
            ("CallSid", sid),
            ("From", CALLER),
            ("To", NUMBER),
            ("CallStatus", status),
            ("Direction", "inbound"),
            ("SequenceNumber", sequence),
            ("Timestamp", at),
            ("CallbackSource", "call-progress-events"),
        ]);
        if !duration.is_empty() {
            form.push(("CallDuration".to_owned(), duration.to_owned()));
        }
        form
    })
}

/// Every order of four things.
fn orders() -> Vec<[usize; 4]> {
    let all = (0..256).map(|code| [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3]);
    all.filter(|order| (0..4).all(|thing| order.contains(&thing))).collect()
}

/// What must not depend on the order: everything but ids and our own bookkeeping.
fn essence(call: pb::Call) -> pb::Call {
    pb::Call { id: String::new(), call_sid: String::new(), create_time: None, update_time: None, ..call }
}

async fn told(plane: &Plane, account: &Account, callback: &Form) {
    let (status, body) = plane.post(account, "/twilio/status", callback).await;
    assert_eq!(status, 204, "{body}");
}

async fn every_order_of_the_callbacks_with_duplicates_ends_in_the_same_row(db: Database) {
    let plane = Plane::start(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    let orders = orders();
    assert_eq!(orders.len(), 24);
    let tell = |turn: usize, order: [usize; 4]| {
        let (plane, account) = (&plane, &account);
        async move {
            let callbacks = callbacks(&call_sid(turn));
            for (place, callback) in order.into_iter().enumerate() {
                told(plane, account, &callbacks[callback]).await;
                // The second time at once, and an earlier one once more after that.
                told(plane, account, &callbacks[callback]).await;
                told(plane, account, &callbacks[order[place / 2]]).await;
            }
        }
    };
    join_all(orders.iter().enumerate().map(|(turn, order)| tell(turn, *order))).await;
    plane.settle().await;
    let expected = essence(plane.stored_call(&call_sid(0)).await);
    assert_eq!(expected.status(), CallStatus::Completed);
    assert_eq!(expected.duration.map(|duration| duration.seconds), Some(49));
    for (turn, order) in orders.iter().enumerate() {
        let sid = call_sid(turn);
        assert_eq!(essence(plane.stored_call(&sid).await), expected, "{order:?}");
        let request = pb::ListCallEventsRequest { call_id: sid, ..Default::default() };
        let events = plane.api.calls().list_call_events(request).await.expect("listed").into_inner().call_events;
        assert_eq!(events.len(), 4, "a repeated callback is no event: {order:?}");
    }
}

async fn a_status_before_its_call_creates_the_call(db: Database) {
    let plane = Plane::start(db).await;
    let (account, number, agent) = plane.answered_by(announcement("Hello.")).await;
    let sid = call_sid(1);
    told(&plane, &account, &callbacks(&sid)[1]).await;
    let early = plane.stored_call(&sid).await;
    assert_eq!((early.status(), early.phone_number_id, early.agent_id.as_str()), (CallStatus::Ringing, number.id, ""));
    assert!(plane.ring(&account, &sid, CALLER, NUMBER).await.contains("Hello."));
    let call = plane.stored_call(&sid).await;
    assert_eq!((call.id, call.agent_id), (early.id, agent.id), "one call, and now it has its agent");

    // Over before it began: the answer changes nothing about the end.
    let sid = call_sid(2);
    told(&plane, &account, &callbacks(&sid)[3]).await;
    plane.ring(&account, &sid, CALLER, NUMBER).await;
    assert_eq!(plane.stored_call(&sid).await.status(), CallStatus::Completed);
    plane.settle().await;
}

async fn a_call_that_lost_its_last_callback_is_looked_up_and_closed(db: Database) {
    let plane = Plane::start(db).await;
    plane.answered_by(announcement("Hello.")).await;
    plane.twilio.add_delivery_rule(DeliveryRule::of(Kind::Status, Delivery::Dropped));
    let sid = plane.call(Script::default()).await.call_sid;
    let open = plane.stored_call(&sid).await;
    assert!(open.end_time.is_none(), "nobody told us of the end: {open:?}");
    plane.advance(Duration::from_secs(31 * 60));
    plane.settle().await;
    let closed = plane.stored_call(&sid).await;
    assert_eq!((closed.status(), closed.source()), (CallStatus::Completed, CallSource::Webhook));
    assert!(closed.end_time.is_some());
    let looked_up = |what: &Happened| matches!(what, Happened::Rest { path, .. } if path.contains(&sid));
    let looks = plane.twilio.ledger().iter().filter(|entry| looked_up(&entry.what)).count();
    plane.advance(Duration::from_secs(3600));
    plane.settle().await;
    let later = plane.twilio.ledger().iter().filter(|entry| looked_up(&entry.what)).count();
    assert_eq!(later, looks, "a call that ended is never looked up again");
}

async fn callbacks_held_back_and_shuffled_by_twilio_change_nothing(db: Database) {
    let plane = Plane::start(db).await;
    plane.answered_by(announcement("Hello.")).await;
    let usual = essence(plane.stored_call(&plane.call(Script::default()).await.call_sid).await);
    plane.twilio.add_delivery_rule(DeliveryRule::of(Kind::Status, Delivery::Held));
    let mut calls = Vec::new();
    for _ in 0..4 {
        calls.push(plane.call(Script::default()).await.call_sid);
    }
    assert_eq!(plane.twilio.held_webhooks(), 4);
    plane.twilio.release_webhooks(ReleaseOrder::Shuffled(7)).await;
    plane.settle().await;
    for sid in calls {
        let call = plane.stored_call(&sid).await;
        assert_eq!((call.status(), call.duration), (usual.status(), usual.duration));
    }
}

async fn a_callback_of_another_account_changes_nothing(db: Database) {
    let plane = Plane::start(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    let stranger = plane.account().await;
    let sid = call_sid(3);
    plane.ring(&account, &sid, CALLER, NUMBER).await;
    let before = plane.stored_call(&sid).await;
    let (status, _) = plane.post(&stranger, "/twilio/status", &callbacks(&sid)[3]).await;
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(plane.stored_call(&sid).await, before);
    plane.settle().await;
}

#[tokio::test]
async fn two_replicas_share_the_calls_and_one_goes_on_alone() {
    let mut plane = Plane::on(Database::postgres().await).replicas(2).start().await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    let other = plane.api_of(1).await;
    for turn in 0..8 {
        let sid = call_sid(turn);
        plane.ring(&account, &sid, CALLER, NUMBER).await;
        let request = pb::GetCallRequest { call_id: sid.clone() };
        let seen = other.calls().get_call(request).await.expect("both see it").into_inner().call;
        assert_eq!(seen.expect("a call"), plane.stored_call(&sid).await);
    }
    plane.settle().await;
    plane.expects("the control plane does not answer; going on without it");
    plane.stop_replica(0).await;
    for turn in 0..8 {
        for callback in callbacks(&call_sid(turn)) {
            told(&plane, &account, &callback).await;
        }
        assert_eq!(plane.stored_call(&call_sid(turn)).await.status(), CallStatus::Completed);
    }
    assert!(plane.ring(&account, &call_sid(9), CALLER, NUMBER).await.contains("Hello."));
    plane.settle().await;
}

#[tokio::test]
async fn two_replicas_never_perform_the_same_effect() {
    let plane = Plane::on(Database::postgres().await).replicas(2).start().await;
    for _ in 0..12 {
        plane.account().await;
    }
    let reads = |what: &Happened| matches!(what, Happened::Rest { method, .. } if method == "GET");
    assert_eq!(plane.twilio.ledger().iter().filter(|entry| reads(&entry.what)).count(), 12);
}
