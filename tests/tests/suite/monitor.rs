//! Accounts that are watched: what goes wrong at Twilio is noticed, confirmed and explained, and what is not the account's
//! fault is not held against it. Judged by what the API tells and by what Twilio was really asked.

use std::time::Duration;

use callplane_control_plane::flow::monitor as flow;
use callplane_proto::v1::{
    self as pb, HealthVerdict as Verdict, MonitorState, ProbeKind as Kind, ProbeOutcome as Outcome,
};
use callplane_simulator::{AccountChange, Fault, FaultAction, Happened, NewAccount, NewAlert, NewKey, NumberChange};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER, announcement},
};
use tonic::Code;

on_both!(
    a_suspension_is_noticed_and_confirmed_by_exactly_two_probes,
    an_account_that_works_is_healthy_and_says_so,
    each_thing_that_is_wrong_has_its_own_cause,
    a_number_that_is_gone_degrades_the_account_and_is_explained,
    paused_agents_are_left_out_and_explained,
    an_account_that_hangs_delays_no_other,
    our_own_cut_network_moves_nothing,
    a_fault_that_the_backup_shares_is_vendor_wide,
    a_restart_keeps_the_schedule,
    fifty_accounts_are_looked_at_within_one_cadence,
    a_health_check_by_hand_runs_once_in_five_seconds,
    the_old_cron_path_triggers_one_run_for_those_who_know_its_secret,
    the_policy_is_changed_field_by_field,
    old_probes_are_forgotten,
    an_account_that_is_watched_late_makes_the_server_unready,
);

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

/// Time passes until so many looks have missed the number: each account is looked at in a rhythm of its own.
async fn missing(plane: &Plane, account: &Account, looks: usize) {
    let begin = plane.now();
    let failed = |probe: &pb::Probe| probe.outcome() == Outcome::Fail;
    while probes(plane, &account.id, Kind::Number).await.into_iter().filter(failed).count() < looks {
        elapse(plane, 1).await;
        assert!(plane.now() - begin <= chrono::Duration::seconds(100), "not looked at");
    }
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

async fn a_suspension_is_noticed_and_confirmed_by_exactly_two_probes(db: Database) {
    let plane = started(db).await;
    let account = plane.account().await;
    watched(&plane).await;
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
    plane.twilio.suspend(&account.sid).expect("suspended");
    let (begin, before) = (plane.now(), asked(&plane, &account.sid));
    while health(&plane, &account.id).await.verdict() != Verdict::Critical {
        elapse(&plane, 1).await;
        assert!(plane.now() - begin <= chrono::Duration::seconds(45), "not noticed in time");
    }
    let two = probes(&plane, &account.id, Kind::Status).await;
    let failed = two.iter().filter(|probe| probe.outcome() == Outcome::Fail).count();
    assert_eq!(failed, 2, "{two:?}");
    assert_eq!(asked(&plane, &account.sid) - before, 2);
    let now = health(&plane, &account.id).await;
    assert!(!now.why.is_empty() && now.verdict_time.is_some(), "{now:?}");
    plane.twilio.reactivate(&account.sid).expect("reactivated");
    elapse(&plane, 70).await;
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Critical, "two good looks are too few");
    elapse(&plane, 30).await;
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
}

async fn an_account_that_works_is_healthy_and_says_so(db: Database) {
    let plane = started(db).await;
    let (account, number, agent) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    let now = health(&plane, &account.id).await;
    assert_eq!((now.verdict(), now.state(), now.reach.as_str()), (Verdict::Healthy, MonitorState::Idle, "answered"));
    assert_eq!((now.counted_count, now.failing_count), (1, 0));
    for kind in [Kind::Credential, Kind::Status, Kind::Balance, Kind::Alerts, Kind::Keys, Kind::Numbers, Kind::Traffic]
    {
        let probe = last(&plane, &account.id, kind).await;
        assert_eq!((probe.outcome(), probe.cause.as_str()), (Outcome::Pass, ""), "{probe:?}");
    }
    let probe = last(&plane, &account.id, Kind::Number).await;
    assert_eq!((probe.outcome(), probe.phone_number_id.as_str()), (Outcome::Pass, number.id.as_str()));
    let explanation = explained(&plane, &account.id).await;
    assert_eq!(explanation.counted[0].agent_id, agent.id);
    assert_eq!(explanation.counted[0].phone_number_ids, [number.id]);
    assert!(
        explanation.failed_probes.is_empty()
            && explanation.thresholds.iter().all(|it| !it.reached || it.name == "good runs")
    );
    let listed =
        plane.api.monitors().list_account_health(pb::ListAccountHealthRequest::default()).await.expect("listed");
    assert_eq!(listed.into_inner().accounts, [now]);
}

async fn each_thing_that_is_wrong_has_its_own_cause(db: Database) {
    let plane = started(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    let balance = Some("9.99".to_owned());
    plane.twilio.change_account(&account.sid, AccountChange { balance, ..Default::default() }).expect("poorer");
    plane.twilio.add_key(NewKey { account_sid: account.sid.clone(), ..Default::default() }).expect("a key");
    let alert = NewAlert { account_sid: account.sid.clone(), error_code: 11200, log_level: None };
    plane.twilio.add_alert(alert).expect("an alert");
    let trunk = [("TrunkSid".to_owned(), "TK00000000000000000000000000000001".to_owned())];
    let change = NumberChange { settings: trunk.into(), ..Default::default() };
    plane.twilio.change_number(NUMBER, change).expect("changed");
    elapse(&plane, 33).await;
    for (kind, cause) in [
        (Kind::Balance, "low-balance"),
        (Kind::Keys, "unknown-key"),
        (Kind::Alerts, "webhook-errors"),
        (Kind::Number, "wrong-trunk"),
    ] {
        let found = probes(&plane, &account.id, kind).await;
        assert!(found.iter().any(|probe| probe.outcome() == Outcome::Fail && probe.cause == cause), "{found:?}");
    }
    assert_eq!(last(&plane, &account.id, Kind::Number).await.outcome(), Outcome::Pass, "it was set right by itself");
    let now = health(&plane, &account.id).await;
    assert_eq!(now.signals, ["unknown-key", "low-balance"]);
    assert_eq!(now.verdict(), Verdict::Critical, "two signals, seen twice");
    let request = pb::AcceptApiKeysRequest { account_id: account.id.clone() };
    plane.api.monitors().accept_api_keys(request).await.expect("accepted");
    elapse(&plane, 100).await;
    let now = health(&plane, &account.id).await;
    assert_eq!((now.verdict(), now.signals), (Verdict::Healthy, vec!["low-balance".to_owned()]));
}

async fn a_number_that_is_gone_degrades_the_account_and_is_explained(db: Database) {
    let plane = started(db).await;
    let (account, number, agent) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    plane.twilio.release_number(NUMBER).expect("released");
    missing(&plane, &account, 2).await;
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy, "two samples are too few");
    missing(&plane, &account, 3).await;
    let now = health(&plane, &account.id).await;
    assert_eq!((now.verdict(), now.failing_count), (Verdict::Degraded, 1));
    let explanation = explained(&plane, &account.id).await;
    assert!(explanation.counted[0].failing && explanation.counted[0].agent_id == agent.id);
    let failed = &explanation.failed_probes;
    assert!(failed.iter().any(|it| it.cause == "number-released" && it.phone_number_id == number.id), "{failed:?}");
    assert!(explanation.thresholds.iter().any(|it| it.name == "failing agents" && it.reached));
}

async fn paused_agents_are_left_out_and_explained(db: Database) {
    let plane = started(db).await;
    let (account, _, agent) = plane.answered_by(announcement("Hello.")).await;
    let request = pb::PauseAgentRequest { agent_id: agent.id.clone(), ..Default::default() };
    plane.api.agents().pause_agent(request).await.expect("paused");
    watched(&plane).await;
    plane.twilio.release_number(NUMBER).expect("released");
    elapse(&plane, 120).await;
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
    let explanation = explained(&plane, &account.id).await;
    assert!(explanation.counted.is_empty());
    assert_eq!(
        (explanation.excluded[0].agent_id.as_str(), explanation.excluded[0].reason.as_str()),
        (agent.id.as_str(), "paused")
    );
}

/// A backup account beside the first one.
async fn another(plane: &Plane) -> Account {
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    plane.logs.never(&seeded.auth_token);
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let account = plane.create_account(&seeded.sid, credentials).await;
    Account { id: account.id, sid: seeded.sid, auth_token: seeded.auth_token }
}

/// Every request of an account, for good.
fn breaks(plane: &Plane, account: &Account, action: FaultAction) {
    plane.twilio.inject_fault(Fault::once("/", action).account(&account.sid).times(0));
}

async fn an_account_that_hangs_delays_no_other(db: Database) {
    let plane = started(db).await;
    let (hung, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    let before = (health(&plane, &hung.id).await.run_time, health(&plane, &other.id).await.run_time);
    // Longer than the deadline of a probe and shorter than a test may take.
    breaks(&plane, &hung, FaultAction::Delay { milliseconds: 20_000 });
    let stopwatch = std::time::Instant::now();
    plane.advance(Duration::from_secs(31));
    // Workers in the background look at both; the other one is done while the first one hangs.
    while health(&plane, &other.id).await.run_time == before.1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(health(&plane, &hung.id).await.run_time, before.0, "after {:?}", stopwatch.elapsed());
    assert_eq!(health(&plane, &other.id).await.verdict(), Verdict::Healthy);
    plane.settle().await;
    let probe = last(&plane, &hung.id, Kind::Status).await;
    assert_eq!((probe.outcome(), probe.cause.as_str()), (Outcome::Unknown, "timeout"));
    assert!(probe.latency.is_some_and(|latency| latency.seconds == 5), "{probe:?}");
    plane.twilio.clear_faults();
}

async fn our_own_cut_network_moves_nothing(db: Database) {
    let plane = started(db).await;
    let (one, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    for account in [&one, &other] {
        breaks(&plane, account, FaultAction::Reset);
    }
    elapse(&plane, 180).await;
    for account in [&one, &other] {
        let now = health(&plane, &account.id).await;
        assert_eq!(now.verdict(), Verdict::OwnNetwork, "{now:?}");
        assert_eq!(last(&plane, &account.id, Kind::Status).await.cause, "broken");
    }
    plane.twilio.clear_faults();
    elapse(&plane, 31).await;
    for account in [&one, &other] {
        assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
    }
}

async fn a_fault_that_the_backup_shares_is_vendor_wide(db: Database) {
    let plane = started(db).await;
    let (one, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    breaks(&plane, &one, FaultAction::ErrorBefore { status: 503, code: None });
    elapse(&plane, 90).await;
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::Critical, "the backup answers");
    assert_eq!(health(&plane, &other.id).await.verdict(), Verdict::Healthy);
    plane.twilio.clear_faults();
    elapse(&plane, 120).await;
    for account in [&one, &other] {
        breaks(&plane, account, FaultAction::ErrorBefore { status: 503, code: None });
    }
    let begin = plane.now();
    while plane.now() < begin + chrono::Duration::seconds(150) {
        elapse(&plane, 1).await;
        assert_ne!(health(&plane, &one.id).await.verdict(), Verdict::Critical, "not even for a moment");
    }
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::VendorWide);
    assert_eq!(last(&plane, &one.id, Kind::Status).await.cause, "server-error");
    plane.twilio.clear_faults();
    elapse(&plane, 120).await;
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::Healthy);
}

async fn a_restart_keeps_the_schedule(db: Database) {
    let mut plane = started(db).await;
    let account = plane.account().await;
    watched(&plane).await;
    let next = health(&plane, &account.id).await.next_time;
    elapse(&plane, 5).await;
    plane.stop().await;
    plane.start_again().await;
    assert_eq!(health(&plane, &account.id).await.next_time, next);
    let before = asked(&plane, &account.sid);
    elapse(&plane, 31).await;
    assert!(asked(&plane, &account.sid) > before);
}

async fn fifty_accounts_are_looked_at_within_one_cadence(db: Database) {
    let plane = started(db).await;
    plane.account().await;
    for _ in 1..50 {
        another(&plane).await;
    }
    plane.settle().await;
    watched(&plane).await;
    let request = pb::ListAccountHealthRequest { page_size: 500, ..Default::default() };
    let listed = plane.api.monitors().list_account_health(request).await.expect("listed").into_inner().accounts;
    assert_eq!(listed.len(), 50);
    let unwell: Vec<_> = listed.iter().filter(|health| health.verdict() != Verdict::Healthy).collect();
    assert!(unwell.is_empty(), "{unwell:?}");
}

async fn a_health_check_by_hand_runs_once_in_five_seconds(db: Database) {
    // The schedule is off: whoever wants a look asks for it.
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    assert_eq!(health(&plane, &account.id).await.state(), MonitorState::Off);
    let run = || {
        let request = pb::RunHealthCheckRequest { account_id: account.id.clone() };
        let mut monitors = plane.api.monitors();
        async move { monitors.run_health_check(request).await }
    };
    let begun = run().await.expect("it runs").into_inner().health.expect("health");
    assert_eq!(begun.state(), MonitorState::Probing);
    plane.settle().await;
    let now = health(&plane, &account.id).await;
    assert_eq!((now.state(), now.run), (MonitorState::Idle, begun.run));
    let request = pb::ListProbesRequest { account_id: account.id.clone(), run: now.run, ..Default::default() };
    let found = plane.api.monitors().list_probes(request).await.expect("probes").into_inner().probes;
    assert!(found.iter().any(|probe| probe.kind() == Kind::Status && probe.latency.is_some()), "{found:?}");
    assert_eq!(run().await.expect_err("too soon").code(), Code::ResourceExhausted);
    plane.advance(Duration::from_secs(5));
    run().await.expect("it runs again");
    plane.settle().await;
}

async fn the_old_cron_path_triggers_one_run_for_those_who_know_its_secret(db: Database) {
    let secret = "0123456789abcdef-cron";
    let plane = Plane::on(db).set_everywhere("CALLPLANE_CRON_SECRET", secret).start().await;
    plane.logs.never(secret);
    let account = plane.account().await;
    let url = format!("http://{}/api/cron/twilio-health-monitor", plane.edge.address);
    for wrong in [None, Some("Bearer wrong"), Some("Bearer 0123456789abcdef-cro"), Some(secret)] {
        let request = wrong.iter().fold(plane.http.get(&url), |request, wrong| request.header("authorization", *wrong));
        assert_eq!(request.send().await.expect("answered").status(), 401, "{wrong:?}");
    }
    assert_eq!(asked_for_status(&plane, &account).await, 0);
    let trigger = || plane.http.get(&url).bearer_auth(secret).send();
    let (one, other) = tokio::join!(trigger(), trigger());
    for answer in [one, other] {
        assert_eq!(answer.expect("answered").status(), 200);
    }
    plane.settle().await;
    assert_eq!(asked_for_status(&plane, &account).await, 1, "two triggers, one run");
    assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
}

async fn asked_for_status(plane: &Plane, account: &Account) -> usize {
    probes(plane, &account.id, Kind::Status).await.len()
}

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

async fn an_account_that_is_watched_late_makes_the_server_unready(db: Database) {
    let plane = started(db).await;
    plane.account().await;
    watched(&plane).await;
    elapse(&plane, 91).await;
    let ready = async || {
        let url = format!("http://{}/ready", plane.replicas()[0].admin_address);
        plane.http.get(url).send().await.expect("answered").status()
    };
    assert_eq!(ready().await, 200);
    let sql = "UPDATE monitor SET late_time = '2020-01-01T00:00:00+00:00', wake_time = NULL";
    use sea_orm::ConnectionTrait;
    plane.within().ctx.store.write().execute_unprepared(sql).await.expect("as if nobody had looked");
    assert_eq!(ready().await, 503);
    let metrics = plane.metrics().await;
    assert_eq!(metrics.value("callplane_monitors_late"), 1.0);
    assert_eq!(metrics.value("callplane_monitor_verdicts{verdict=\"healthy\"}"), 1.0);
}
