//! Accounts that are watched: what goes wrong at Twilio is noticed, confirmed and explained, and what is not the account's
//! fault is not held against it. Judged by what the API tells and by what Twilio was really asked.

mod elsewhere;
mod finding;
mod keeping;
mod schedule;

use std::time::Duration;

use callplane_control_plane::flow::monitor as flow;
use callplane_proto::v1::{self as pb, ProbeKind as Kind};
use callplane_simulator::{Happened, NewAccount};
use callplane_tests::{Database, Plane, scene::Account};

pub async fn started(db: Database) -> Plane {
    Plane::on(db).set("CALLPLANE_MONITOR", "on").start().await
}

/// Everybody is watched, and their first look is over.
pub async fn watched(plane: &Plane) {
    flow::enrol(&plane.within().ctx).await.expect("enrolled");
    elapse(plane, 30).await;
}

/// Time passes, in steps no longer than the worker's own.
pub async fn elapse(plane: &Plane, seconds: u64) {
    for _ in 0..seconds {
        plane.advance(Duration::from_secs(1));
        plane.settle().await;
    }
}

pub async fn health(plane: &Plane, account: &str) -> pb::AccountHealth {
    let request = pb::GetAccountHealthRequest { account_id: account.to_owned() };
    let got = plane.api.monitors().get_account_health(request).await.expect("health");
    got.into_inner().health.expect("health")
}

async fn probes(plane: &Plane, account: &str, kind: Kind) -> Vec<pb::Probe> {
    let request = pb::ListProbesRequest {
        account_id: account.to_owned(),
        kind: kind.into(),
        page_size: 500,
        ..Default::default()
    };
    plane.api.monitors().list_probes(request).await.expect("probes").into_inner().probes
}

pub async fn last(plane: &Plane, account: &str, kind: Kind) -> pb::Probe {
    probes(plane, account, kind).await.into_iter().next().unwrap_or_else(|| panic!("no probe of {kind:?}"))
}

async fn explained(plane: &Plane, account: &str) -> pb::HealthExplanation {
    let request = pb::ExplainHealthRequest { account_id: account.to_owned() };
    let got = plane.api.monitors().explain_health(request).await.expect("explained");
    got.into_inner().explanation.expect("an explanation")
}

/// How often Twilio was asked for an account itself since `after`.
fn asked(plane: &Plane, sid: &str) -> usize {
    let own = format!("/2010-04-01/Accounts/{sid}.json");
    let is_it = |what: &Happened| matches!(what, Happened::Rest { path, .. } if *path == own);
    plane.twilio.ledger().iter().filter(|entry| is_it(&entry.what)).count()
}

/// A backup account beside the first one.
async fn another(plane: &Plane) -> Account {
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    plane.logs.never(&seeded.auth_token);
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let account = plane.create_account(&seeded.sid, credentials).await;
    Account { id: account.id, sid: seeded.sid, auth_token: seeded.auth_token }
}
