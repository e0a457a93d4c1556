//! What people are told by mail: once, whatever the mail vendor does, and visible when it could not be.

use std::time::Duration;

use callplane_control_plane::{
    clock::TimeOrderedIds,
    domain::{
        id::FailoverId,
        monitor::Policy,
        notification::{Kind, Notice},
    },
    flow::{Journal, notification},
    store::monitor_policy,
};
use callplane_proto::v1::{self as pb, NotificationState as State};
use callplane_simulator::{Fault, FaultAction, Happened, LedgerFilter};
use callplane_tests::{Database, Plane, on_both};

on_both!(
    one_event_is_one_mail_however_often_it_is_told,
    a_mail_vendor_that_is_down_for_a_while_still_gets_it_once,
    what_may_have_been_sent_is_sent_again_under_the_same_id,
    a_server_without_a_mail_vendor_says_so_and_sends_it_later,
);

const OPS: &str = "ops@example.com";

/// Everybody's vendor; the simulator is both.
async fn with_mail(db: Database, vendor: &str) -> Plane {
    let plane = Plane::on(db).mail(vendor).start().await;
    plane.logs.never(OPS);
    plane
}

async fn tell(plane: &Plane, failover_id: FailoverId) {
    let notice = Notice {
        kind: Kind::Completed,
        failover_id,
        source: "Main".to_owned(),
        target: Some("Spare".to_owned()),
        why: "Twilio says it is suspended".to_owned(),
        moved: 12,
        left_out: Vec::new(),
        approve_by: None,
        again: String::new(),
    };
    let ctx = &plane.within().ctx;
    let mut journal = Journal::begin(ctx, plane.workspace).await.expect("begins");
    let policy = monitor_policy::lock(&journal.scope(), journal.now).await.expect("locked");
    let (seen, recipients) = (policy.version, vec![OPS.parse().expect("valid")]);
    let policy = Policy { recipients, version: seen + 1, ..policy };
    assert!(monitor_policy::save(journal.txn(), &policy, seen).await.expect("saved"));
    notification::tell(&mut journal, &notice).await.expect("told");
    journal.commit().await.expect("commits");
}

fn mails(plane: &Plane) -> Vec<(String, String)> {
    let taken = plane.twilio.ledger_of(&LedgerFilter::kind("mail")).into_iter().filter_map(|entry| match entry.what {
        Happened::Mail { id, subject, to, .. } => {
            assert_eq!(to, [OPS]);
            Some((id, subject))
        }
        _ => None,
    });
    taken.collect()
}

async fn listed(plane: &Plane) -> Vec<pb::Notification> {
    let request = pb::ListNotificationsRequest::default();
    plane.api.notifications().list_notifications(request).await.expect("listed").into_inner().notifications
}

async fn one_event_is_one_mail_however_often_it_is_told(db: Database) {
    let plane = with_mail(db, "sendgrid").await;
    let failover = FailoverId::fresh(&TimeOrderedIds);
    for _ in 0..3 {
        tell(&plane, failover).await;
        plane.settle().await;
    }
    let listed = listed(&plane).await;
    let [held] = listed.as_slice() else { panic!("one: {listed:?}") };
    assert_eq!((held.state(), held.resource_id.clone(), held.attempts), (State::Sent, failover.to_string(), 1));
    assert_eq!(mails(&plane), [(held.id.clone(), "Main: all agents are moved".to_owned())]);
    let again = pb::ResendNotificationRequest { notification_id: held.id.clone(), ..Default::default() };
    let refused = plane.api.notifications().resend_notification(again).await.expect_err("it is sent");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused}");
}

async fn a_mail_vendor_that_is_down_for_a_while_still_gets_it_once(db: Database) {
    let plane = with_mail(db, "sendgrid").await;
    plane.twilio.inject_fault(Fault::once("/v3/mail/send", FaultAction::TooManyRequests).times(4));
    tell(&plane, FailoverId::fresh(&TimeOrderedIds)).await;
    plane.settle().await;
    assert_eq!(listed(&plane).await[0].state(), State::Pending);
    for _ in 0..10 {
        plane.advance(Duration::from_secs(60));
        plane.settle().await;
    }
    assert_eq!((listed(&plane).await[0].state(), mails(&plane).len()), (State::Sent, 1));
}

async fn what_may_have_been_sent_is_sent_again_under_the_same_id(db: Database) {
    let plane = with_mail(db, "resend").await;
    plane.twilio.inject_fault(Fault::once("/emails", FaultAction::ResetAfter));
    tell(&plane, FailoverId::fresh(&TimeOrderedIds)).await;
    plane.settle().await;
    let doubtful = listed(&plane).await.remove(0);
    assert_eq!((doubtful.state(), doubtful.attempts), (State::Unknown, 1));
    plane.advance(Duration::from_secs(601));
    plane.settle().await;
    let sent = listed(&plane).await.remove(0);
    assert_eq!((sent.state(), sent.attempts), (State::Sent, 2));
    // The vendor knows the id, so that nobody gets two copies.
    assert_eq!(mails(&plane).len(), 1);
    assert_eq!(mails(&plane)[0].0, sent.id);
}

async fn a_server_without_a_mail_vendor_says_so_and_sends_it_later(db: Database) {
    let mut plane = Plane::start(db).await;
    plane.logs.never(OPS);
    tell(&plane, FailoverId::fresh(&TimeOrderedIds)).await;
    plane.settle().await;
    let held = listed(&plane).await.remove(0);
    assert_eq!(held.state(), State::NotConfigured);
    assert!(held.last_error.contains("CALLPLANE_MAIL"), "{}", held.last_error);
    plane.restart(|variables| variables.mail("sendgrid")).await;
    let again = pb::ResendNotificationRequest { notification_id: held.id, etag: held.etag };
    plane.api.notifications().resend_notification(again).await.expect("it may be sent now");
    plane.settle().await;
    assert_eq!((listed(&plane).await[0].state(), mails(&plane).len()), (State::Sent, 1));
}
