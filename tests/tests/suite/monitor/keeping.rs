//! What is kept: the policy, and probes for as long as it says.

use std::time::Duration;

use callplane_control_plane::flow::monitor as flow;
use callplane_proto::v1::{self as pb, ProbeKind as Kind};
use callplane_tests::{Database, Plane, on_both};
use tonic::Code;

use super::{probes, started, watched};

on_both!(the_policy_is_changed_field_by_field, old_probes_are_forgotten,);

async fn the_policy_is_changed_field_by_field(db: Database) {
    let plane = Plane::start(db).await;
    let read = async || {
        let got = plane.api.monitors().get_monitor_policy(pb::GetMonitorPolicyRequest {}).await.expect("a policy");
        got.into_inner().monitor_policy.expect("a policy")
    };
    let defaults = read().await;
    assert_eq!(defaults.cadence.map(|cadence| cadence.seconds), Some(30));
    assert_eq!(
        defaults.balance_floor.as_ref().map(|floor| (floor.units, floor.currency_code.as_str())),
        Some((10, "USD"))
    );
    let change = async |policy: pb::MonitorPolicy, paths: &[&str], etag: &str| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let update_mask = Some(prost_types::FieldMask { paths });
        let etag = etag.to_owned();
        let request = pb::UpdateMonitorPolicyRequest { monitor_policy: Some(policy), update_mask, etag };
        plane.api.monitors().update_monitor_policy(request).await
    };
    let cadence = Some(prost_types::Duration { seconds: 120, nanos: 0 });
    let emails = vec!["ops@example.com".to_owned()];
    let new = pb::MonitorPolicy { cadence, notification_emails: emails.clone(), ..Default::default() };
    change(new.clone(), &["cadence", "notification_emails"], &defaults.etag).await.expect("changed");
    let now = read().await;
    assert_eq!((now.cadence, &now.notification_emails, now.on_expiry), (cadence, &emails, defaults.on_expiry));
    let error = change(new.clone(), &["cadence"], &defaults.etag).await.expect_err("an old etag");
    assert_eq!(error.code(), Code::Aborted);
    let cadence = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let error = change(pb::MonitorPolicy { cadence, ..new }, &["cadence"], "").await.expect_err("too often");
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("monitor_policy.cadence"), "{}", error.message());
}

async fn old_probes_are_forgotten(db: Database) {
    let plane = started(db).await;
    let account = plane.account().await;
    watched(&plane).await;
    let before = probes(&plane, &account.id, Kind::Status).await.len();
    assert!(before > 0);
    let ctx = &plane.within().ctx;
    flow::prune(ctx, 10_000).await.expect("pruned");
    assert_eq!(probes(&plane, &account.id, Kind::Status).await.len(), before, "they are young");
    plane.advance(Duration::from_secs(30 * 24 * 3600));
    plane.settle().await;
    flow::prune(ctx, 10_000).await.expect("pruned");
    let left = probes(&plane, &account.id, Kind::Status).await;
    assert!(left.len() <= 2 && !left.is_empty(), "those of the last looks are left: {}", left.len());
}
