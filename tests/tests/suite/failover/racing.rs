//! Eight who decide the same failover at the same moment, on two control planes: one wins, and everybody agrees who.

use std::time::Duration;

use callplane_control_plane::{
    domain::monitor::{Heard, Verdict},
    flow::{Journal, failover},
    worker::timers,
};
use callplane_proto::v1::{self as pb, FailoverState};
use callplane_tests::{Database, Plane, on_both};
use tonic::Code;

use super::{hear, moves, now, only, stage};

on_both!(of_eight_who_decide_at_once_one_wins_and_there_is_one_saga);

async fn of_eight_who_decide_at_once_one_wins_and_there_is_one_saga(db: Database) {
    let replicas = if db.is_shared() { 2 } else { 1 };
    let plane = Plane::on(db).replicas(replicas).start().await;
    let stage = stage(&plane, 1, 1).await;
    hear(&plane, &stage.primary, Verdict::Degraded, false).await;
    let waiting = only(&plane).await;
    // Two good looks are in; the third, the deadline and six people come at once.
    for _ in 0..2 {
        hear(&plane, &stage.primary, Verdict::Degraded, true).await;
    }
    plane.clock.advance(chrono::Duration::seconds(600));
    let mut apis = vec![plane.api.clone()];
    if replicas == 2 {
        apis.push(plane.api_of(1).await);
    }
    let approve = |place: usize| {
        let (api, id) = (apis[place % apis.len()].clone(), waiting.id.clone());
        async move {
            let request = pb::ApproveFailoverRequest { failover_id: id, ..Default::default() };
            api.failovers().approve_failover(request).await.map(|_| ())
        }
    };
    let cancel = |place: usize| {
        let (api, id) = (apis[place % apis.len()].clone(), waiting.id.clone());
        async move {
            let request = pb::CancelFailoverRequest { failover_id: id, ..Default::default() };
            api.failovers().cancel_failover(request).await.map(|_| ())
        }
    };
    let last = plane.replicas().last().expect("one runs");
    let expire = timers::tick(&last.plane.ctx);
    let recover = async {
        let account_id = stage.primary.id.parse().expect("an id");
        let (verdict, why, failing) = (Verdict::Healthy, String::new(), Vec::new());
        let heard = Heard { account_id, verdict, good: true, since: plane.now(), why, failing };
        let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
        failover::heard(&mut journal, &heard).await?;
        journal.commit().await
    };
    let (one, two, three, four, five, six, _, _) =
        tokio::join!(approve(0), approve(1), approve(0), cancel(1), cancel(0), cancel(1), expire, recover);
    let decided = now(&plane, &waiting.id).await;
    let winner = decided.decision.clone().expect("decided").decided_by();
    for (people, is_theirs) in [
        ([one, two, three], winner == pb::FailoverDecidedBy::Approval),
        ([four, five, six], winner == pb::FailoverDecidedBy::Cancellation),
    ] {
        for answer in people {
            match answer {
                Ok(()) => assert!(is_theirs, "{winner:?} won"),
                Err(refused) => assert!(!is_theirs && refused.code() == Code::FailedPrecondition, "{refused:?}"),
            }
        }
    }
    plane.settle().await;
    plane.advance(Duration::from_secs(61));
    plane.settle().await;
    let ended = now(&plane, &waiting.id).await;
    assert_eq!(ended.decision, decided.decision, "nobody decides twice");
    let carried_out = ended.decision.as_ref().is_some_and(|decision| decision.carried_out);
    let expected = if carried_out { FailoverState::Completed } else { FailoverState::Cancelled };
    assert_eq!(ended.state(), expected);
    assert_eq!(moves(&plane, &waiting.id).await.len(), usize::from(carried_out), "one saga");
}
