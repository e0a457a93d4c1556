//! What a workspace allows itself: where it reaches people, how often one of them, and how many in a minute.

use callplane_proto::v1 as pb;
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN},
    on_both,
};
use futures::future::join_all;
use tonic::{Code, Status};

use super::with_ada;

on_both!(
    only_prefixes_that_are_allowed_are_reached,
    nobody_is_reached_too_often_and_not_too_many_in_a_minute,
    of_many_at_once_only_as_many_begin_as_may,
);

async fn limit(plane: &Plane, limits: pb::OutboundPolicy, paths: &[&str]) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateOutboundPolicyRequest {
        outbound_policy: Some(limits),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    };
    plane.api.outbound().update_outbound_policy(request).await.expect("changed");
}

/// Gives the code and the reason it was stored under; none when it was taken in.
async fn text(plane: &Plane, to: &str) -> Option<(Code, String)> {
    let request = pb::SendMessageRequest { to: to.into(), text: "Hello".into(), ..Default::default() };
    let refused: Status = plane.api.messages().send_message(request).await.err()?;
    let newest = pb::ListAttemptsRequest { page_size: 1, ..Default::default() };
    let listed = plane.api.attempts().list_attempts(newest).await.expect("listed").into_inner().attempts;
    Some((refused.code(), listed[0].reason.clone()))
}

async fn only_prefixes_that_are_allowed_are_reached(db: Database) {
    let (plane, _) = with_ada(db).await;
    let limits = pb::OutboundPolicy {
        allowed_prefixes: vec!["+1".into()],
        blocked_prefixes: vec!["+1900".into()],
        ..Default::default()
    };
    limit(&plane, limits, &["allowed_prefixes", "blocked_prefixes"]).await;
    let forbidden = Some((Code::FailedPrecondition, "destination_not_allowed".to_owned()));
    assert_eq!(text(&plane, "+493012345678").await, forbidden);
    assert_eq!(text(&plane, "+19005550123").await, forbidden);
    assert_eq!(text(&plane, ADA).await, None);
    plane.settle().await;
    assert_eq!(plane.texted(), [ADA]);
    limit(&plane, pb::OutboundPolicy::default(), &["allowed_prefixes"]).await;
    assert_eq!(text(&plane, "+493012345678").await, None);
    plane.settle().await;
}

async fn nobody_is_reached_too_often_and_not_too_many_in_a_minute(db: Database) {
    let (plane, _) = with_ada(db).await;
    let limits = pb::OutboundPolicy { attempts_per_minute: 3, daily_attempts_per_number: 2, ..Default::default() };
    limit(&plane, limits, &["attempts_per_minute", "daily_attempts_per_number"]).await;
    assert_eq!((text(&plane, ADA).await, text(&plane, ADA).await), (None, None));
    let too_often = Some((Code::ResourceExhausted, "reached_too_often".to_owned()));
    assert_eq!(text(&plane, ADA).await, too_often);
    assert_eq!(text(&plane, BEN).await, None, "what was refused does not count");
    assert_eq!(text(&plane, BEN).await, Some((Code::ResourceExhausted, "too_many_per_minute".to_owned())));
    plane.pass(60).await;
    assert_eq!(text(&plane, BEN).await, None);
    assert_eq!(text(&plane, ADA).await, too_often, "a day is longer than a minute");
    plane.pass(0).await;
    assert_eq!(plane.texted().len(), 4);
}

async fn of_many_at_once_only_as_many_begin_as_may(db: Database) {
    let (plane, _) = with_ada(db).await;
    limit(&plane, pb::OutboundPolicy { attempts_per_minute: 3, ..Default::default() }, &["attempts_per_minute"]).await;
    let asked = (0..20).map(|_| {
        let mut messages = plane.api.messages();
        let request = pb::SendMessageRequest { to: ADA.into(), text: "Hello".into(), ..Default::default() };
        async move { messages.send_message(request).await }
    });
    let taken = join_all(asked).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(taken, 3);
    plane.settle().await;
    assert_eq!(plane.texted().len(), 3);
}
