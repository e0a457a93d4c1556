//! Two failovers at the same time: they share no account, no number gets two owners, and whoever comes second waits or is told.

use std::collections::BTreeSet;

use callplane_control_plane::domain::{monitor::Verdict, phone_number::PoolState};
use callplane_proto::v1::{self as pb, FailoverMove, FailoverState, assignment::Target};
use callplane_simulator::{Fault, FaultAction, Happened};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, announcement},
};
use tonic::Code;

use super::{Stage, all, backup, end, hear, moves, new_number, now, pool, stage, start};

on_both!(
    whoever_wants_a_backup_that_is_taken_waits_until_it_is_free,
    of_two_that_begin_at_once_one_moves_after_the_other,
    an_account_that_takes_over_is_not_left_at_the_same_time,
);

/// Another account with two agents.
async fn another(plane: &Plane) -> Account {
    let account = plane.account().await;
    for place in 0..2 {
        let number = plane.number(&account, &format!("+1510555{place:04}")).await;
        let agent = plane.agent(announcement("Hello.")).await;
        plane.assign(&number, Target::AgentId(agent.id)).await;
    }
    account
}

async fn start_to(plane: &Plane, account: &Account, target: &Account) -> pb::Failover {
    let request = pb::StartFailoverRequest {
        account_id: account.id.clone(),
        target_account_id: target.id.clone(),
        reason: "the account is suspended".into(),
        ..Default::default()
    };
    plane.api.failovers().start_failover(request).await.expect("begun").into_inner().failover.expect("a failover")
}

/// One is in the middle of its first line, until time passes.
async fn halfway(plane: &Plane, stage: &Stage) -> pb::Failover {
    let busy = Fault::once("/IncomingPhoneNumbers/", FaultAction::TooManyRequests).method("POST");
    plane.twilio.inject_fault(busy.account(&stage.backup.sid));
    let begun = start_to(plane, &stage.primary, &stage.backup).await;
    plane.settle().await;
    let held = now(plane, &begun.id).await;
    assert_eq!(held.state(), FailoverState::Canary, "{held:#?}");
    held
}

/// Every number that these lines went to, each one in use by one of them.
async fn must_have_numbers_of_their_own(plane: &Plane, lines: &[FailoverMove]) {
    let numbers: BTreeSet<_> = lines.iter().map(|line| line.to_phone_number_id.clone()).collect();
    assert_eq!(numbers.len(), lines.len(), "a number has two owners: {lines:#?}");
    for line in lines {
        let number = new_number(plane, line).await;
        let owner = number.assignment.as_ref().and_then(|assignment| assignment.target.clone());
        assert_eq!(owner, Some(Target::AgentId(line.agent_id.clone())), "{line:#?}");
        assert_eq!(pool(plane, &[number]).await, [(Some(PoolState::InUse), true)]);
    }
}

async fn whoever_wants_a_backup_that_is_taken_waits_until_it_is_free(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 4).await;
    let other = another(&plane).await;
    let first = halfway(&plane, &stage).await;
    let second = start_to(&plane, &other, &stage.backup).await;
    plane.settle().await;
    let waiting = now(&plane, &second.id).await;
    assert_eq!(waiting.state(), FailoverState::Holding, "{waiting:#?}");
    for said in [format!("it takes part in {}", first.id), format!("callplane failover cancel {}", second.id)] {
        assert!(waiting.why.contains(&said), "{}", waiting.why);
    }
    assert!(moves(&plane, &second.id).await.is_empty());
    assert_eq!(end(&plane, &first.id).await.state(), FailoverState::Completed);
    assert_eq!(end(&plane, &second.id).await.state(), FailoverState::Completed);
    let lines = [moves(&plane, &first.id).await, moves(&plane, &second.id).await].concat();
    assert_eq!(lines.len(), 4);
    must_have_numbers_of_their_own(&plane, &lines).await;
}

/// The numbers that were written at Twilio, in their order.
fn written(plane: &Plane, account: &Account) -> Vec<String> {
    let write = |what: &Happened| match what {
        Happened::Rest { method, path, sid, performed: true, .. }
            if method == "POST" && path.contains("/IncomingPhoneNumbers/") && path.contains(&account.sid) =>
        {
            Some(sid.clone())
        }
        _ => None,
    };
    plane.twilio.ledger().iter().filter_map(|entry| write(&entry.what)).collect()
}

async fn of_two_that_begin_at_once_one_moves_after_the_other(db: Database) {
    let replicas = if db.is_shared() { 2 } else { 1 };
    let plane = Plane::on(db).replicas(replicas).start().await;
    let stage = stage(&plane, 2, 4).await;
    let other = another(&plane).await;
    let (first, second) =
        tokio::join!(start_to(&plane, &stage.primary, &stage.backup), start_to(&plane, &other, &stage.backup));
    let mut lines = Vec::new();
    for begun in [&first, &second] {
        assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
        lines.extend(moves(&plane, &begun.id).await);
    }
    must_have_numbers_of_their_own(&plane, &lines).await;
    let mut whose = Vec::new();
    for sid in written(&plane, &stage.backup) {
        let number = stage.pool.iter().find(|number| number.phone_number_sid == sid).expect("a backup number");
        let line = lines.iter().find(|line| line.to_phone_number_id == number.id).expect("somebody's");
        whose.push(line.failover_id.clone());
    }
    whose.dedup();
    assert_eq!(whose.len(), 2, "both wrote at the same time: {whose:?}");
}

async fn an_account_that_takes_over_is_not_left_at_the_same_time(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    let own = plane.number(&stage.backup, "+15105550100").await;
    let agent = plane.agent(announcement("Hello.")).await;
    plane.assign(&own, Target::AgentId(agent.id)).await;
    let (third, _) = backup(&plane, 3, "650").await;
    let first = halfway(&plane, &stage).await;
    hear(&plane, &stage.backup, Verdict::Critical, false).await;
    assert_eq!(all(&plane).await.len(), 1, "it is in use by another failover");
    let refused = start(&plane, &stage.backup).await.expect_err("by hand neither");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains(&first.id), "{}", refused.message());
    assert_eq!(end(&plane, &first.id).await.state(), FailoverState::Completed);
    hear(&plane, &stage.backup, Verdict::Critical, false).await;
    let onward = all(&plane).await.remove(0);
    let ended = end(&plane, &onward.id).await;
    assert_eq!((ended.state(), &ended.target_account_id), (FailoverState::Completed, &third.id), "{ended:#?}");
    let lines = moves(&plane, &onward.id).await;
    assert_eq!(lines.len(), 3, "its own line, and the two that came to it");
    must_have_numbers_of_their_own(&plane, &lines).await;
}
