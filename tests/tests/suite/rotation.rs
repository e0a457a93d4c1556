//! Secrets are replaced while calls go on: a Twilio auth token, and the master key.

use callplane_control_plane::{server, worker::reseal};
use callplane_proto::v1 as pb;
use callplane_simulator::{AccountChange, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, CALLER, NUMBER, announcement},
    settings::MASTER_KEY,
    webhooks::{call_sid, form},
};
use std::time::Duration;

on_both!(
    no_call_is_rejected_while_an_auth_token_is_rotated,
    the_master_key_is_replaced_online_and_the_old_one_is_no_longer_needed,
    a_wrong_master_key_stops_the_start_with_one_line,
);

const NEXT_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

async fn set(plane: &Plane, account: &Account, credentials: pb::Credentials) {
    let request = pb::SetAccountCredentialsRequest {
        account_id: account.id.clone(),
        credentials: Some(credentials),
        ..Default::default()
    };
    plane.api.accounts().set_account_credentials(request).await.expect("set");
}

/// Waits until the edge checks signatures against so many tokens of the account.
async fn edge_has_keys(plane: &Plane, account: &Account, keys: usize) {
    plane.edge_hears(|directory| directory.account(&account.sid).is_some_and(|known| known.keys.len() == keys)).await;
}

async fn is_answered(plane: &Plane) {
    let transcript = plane.call(Script::default()).await;
    let statuses: Vec<_> = transcript.requests.iter().map(|request| request.status).collect();
    assert!(statuses.iter().all(|status| matches!(status, Some(200 | 204))), "{statuses:?}");
}

async fn no_call_is_rejected_while_an_auth_token_is_rotated(db: Database) {
    let plane = Plane::start(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    is_answered(&plane).await;
    let next = "ab".repeat(16);
    plane.logs.never(&next);
    // Twilio makes a secondary token first; both sign nothing yet but are known here.
    set(&plane, &account, pb::Credentials { secondary_auth_token: next.clone(), ..Default::default() }).await;
    plane.settle().await;
    edge_has_keys(&plane, &account, 2).await;
    is_answered(&plane).await;
    // Then it promotes the secondary, and signs with it from that moment.
    let promoted = AccountChange { auth_token: Some(next.clone()), ..AccountChange::default() };
    plane.twilio.change_account(&account.sid, promoted).expect("it exists");
    is_answered(&plane).await;
    let request = pb::PromoteAccountAuthTokenRequest { account_id: account.id.clone(), ..Default::default() };
    plane.api.accounts().promote_account_auth_token(request).await.expect("promoted");
    is_answered(&plane).await;
    plane.settle().await;
    // Callbacks signed before the promotion may still be under way: the old token verifies until it is cleared.
    let late = form([("CallSid", &call_sid(1)), ("CallStatus", "completed"), ("From", CALLER), ("To", NUMBER)]);
    assert_eq!(plane.post(&account, "/twilio/status", &late).await.0, 204);
    let request = pb::ClearAccountCredentialsRequest {
        account_id: account.id.clone(),
        fields: vec![pb::CredentialField::SecondaryAuthToken.into()],
        ..Default::default()
    };
    plane.api.accounts().clear_account_credentials(request).await.expect("cleared");
    plane.settle().await;
    edge_has_keys(&plane, &account, 1).await;
    is_answered(&plane).await;
    let account_now = plane.account_now(&account.id).await;
    assert_eq!(account_now.status(), pb::AccountStatus::Active);
    let (status, _) = plane.post(&account, "/twilio/status", &late).await;
    assert_eq!(status, 403, "the old token signs nothing any more");
}

async fn the_master_key_is_replaced_online_and_the_old_one_is_no_longer_needed(db: Database) {
    let mut plane = Plane::start(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    plane.restart(|variables| variables.set("CALLPLANE_ENCRYPTION_KEY", &format!("{NEXT_KEY},{MASTER_KEY}"))).await;
    is_answered(&plane).await;
    while reseal::step(&plane.within().ctx).await.expect("it goes on") {}
    plane.restart(|variables| variables.set("CALLPLANE_ENCRYPTION_KEY", NEXT_KEY)).await;
    // Opened with the new key alone: Twilio accepts the token, and the edge can check signatures.
    let request = pb::VerifyAccountRequest { account_id: account.id.clone(), ..Default::default() };
    plane.api.accounts().verify_account(request).await.expect("asked");
    plane.settle().await;
    assert_eq!(plane.account_now(&account.id).await.status(), pb::AccountStatus::Active);
    is_answered(&plane).await;
    assert_eq!(plane.number(&account, "+14155550124").await.account_id, account.id, "and what is new works as well");
    // And now the old key is the wrong one.
    let settings = plane.variables().clone().set("CALLPLANE_ENCRYPTION_KEY", MASTER_KEY).read();
    server::Plane::assemble(&settings).await.err().expect("the old key opens nothing");
    plane.advance(Duration::from_secs(1));
    plane.settle().await;
}

async fn a_wrong_master_key_stops_the_start_with_one_line(db: Database) {
    let plane = Plane::start(db).await;
    plane.account().await;
    let settings = plane.variables().clone().set("CALLPLANE_ENCRYPTION_KEY", NEXT_KEY).read();
    let error = server::Plane::assemble(&settings).await.err().expect("it does not start");
    let line = error.to_string();
    assert!(line.contains("key") && !line.contains('\n'), "{line}");
    assert!(!line.contains(NEXT_KEY) && !line.contains(MASTER_KEY), "{line}");
}
