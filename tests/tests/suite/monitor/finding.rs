//! What is wrong with an account: noticed, confirmed, and explained with who was counted and who was not.

use callplane_proto::v1::{
    self as pb, HealthVerdict as Verdict, MonitorState, ProbeKind as Kind, ProbeOutcome as Outcome,
};
use callplane_simulator::{AccountChange, NewAlert, NewKey, NumberChange};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER, announcement},
};

use super::{asked, elapse, explained, health, last, probes, started, watched};

on_both!(
    a_suspension_is_noticed_and_confirmed_by_exactly_two_probes,
    an_account_that_works_is_healthy_and_says_so,
    each_thing_that_is_wrong_has_its_own_cause,
    a_number_that_is_gone_degrades_the_account_and_is_explained,
    paused_agents_are_left_out_and_explained,
);

/// Time passes until so many looks have missed the number: each account is looked at in a rhythm of its own.
async fn missing(plane: &Plane, account: &Account, looks: usize) {
    let begin = plane.now();
    let failed = |probe: &pb::Probe| probe.outcome() == Outcome::Fail;
    while probes(plane, &account.id, Kind::Number).await.into_iter().filter(failed).count() < looks {
        elapse(plane, 1).await;
        assert!(plane.now() - begin <= chrono::Duration::seconds(100), "not looked at");
    }
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
