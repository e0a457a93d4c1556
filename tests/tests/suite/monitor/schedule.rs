//! When accounts are looked at: by the schedule, by hand, by the old cron path; and who is told when nobody looks.

use std::time::Duration;

use callplane_proto::v1::{self as pb, HealthVerdict as Verdict, MonitorState, ProbeKind as Kind};
use callplane_tests::{Database, Plane, on_both, scene::Account};
use tonic::Code;

use super::{another, asked, elapse, health, probes, started, watched};

on_both!(
    a_restart_keeps_the_schedule,
    fifty_accounts_are_looked_at_within_one_cadence,
    a_health_check_by_hand_runs_once_in_five_seconds,
    the_old_cron_path_triggers_one_run_for_those_who_know_its_secret,
    an_account_that_is_watched_late_makes_the_server_unready,
);

async fn a_restart_keeps_the_schedule(db: Database) {
    let mut plane = started(db).await;
    let account = plane.account().await;
    watched(&plane).await;
    // Each account is looked at in a rhythm of its own, and no look must fall into the next five seconds.
    let due = async || health(&plane, &account.id).await.next_time;
    while due().await.is_none_or(|due| due.seconds - plane.now().timestamp() < 10) {
        elapse(&plane, 1).await;
    }
    let next = due().await;
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
