//! Eight who decide the same failover at the same moment, on two control planes: one wins, and everybody agrees who.

use std::{pin::Pin, time::Duration};

use callplane_control_plane::{
    domain::monitor::{Heard, Verdict},
    flow::{Journal, failover},
    worker::timers,
};
use callplane_proto::v1::{self as pb, FailoverDecidedBy as By, FailoverState};
use callplane_tests::{Api, Database, Plane, on_both, scene::Account};
use futures::future::join_all;
use tonic::{Code, Status};

use super::{
    all,
    faults::line::{Line, fresh},
    hear, moves, now,
};

on_both!(of_eight_who_decide_at_once_one_wins_and_there_is_one_saga);

/// How often they race: each time another one starts first.
const TURNS: usize = 8;

/// What one of them did, and what came of it; the clock and the monitor are told nothing.
type Told = Option<(By, Result<(), Status>)>;
type Racer<'a> = Pin<Box<dyn Future<Output = Told> + 'a>>;

fn approves(api: Api, failover_id: String) -> Racer<'static> {
    Box::pin(async move {
        let request = pb::ApproveFailoverRequest { failover_id, ..Default::default() };
        Some((By::Approval, api.failovers().approve_failover(request).await.map(|_| ())))
    })
}

fn cancels(api: Api, failover_id: String) -> Racer<'static> {
    Box::pin(async move {
        let request = pb::CancelFailoverRequest { failover_id, ..Default::default() };
        Some((By::Cancellation, api.failovers().cancel_failover(request).await.map(|_| ())))
    })
}

/// The deadline passes. Who is in the same process has no head start: they look first, as far as people have it.
fn expires<'a>(plane: &'a Plane, id: &'a str) -> Racer<'a> {
    Box::pin(async move {
        now(plane, id).await;
        let last = plane.replicas().last().expect("one runs");
        // Whoever loses has met somebody who was faster.
        let _ = timers::tick(&last.plane.ctx).await;
        None
    })
}

/// The third good look in a row is in.
fn recovers<'a>(plane: &'a Plane, account: &'a Account, id: &'a str) -> Racer<'a> {
    Box::pin(async move {
        now(plane, id).await;
        let account_id = account.id.parse().expect("an id");
        let (verdict, why, failing) = (Verdict::Healthy, String::new(), Vec::new());
        let heard = Heard { account_id, verdict, good: true, since: plane.now(), why, failing };
        let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
        if failover::heard(&mut journal, &heard).await.is_ok() {
            let _ = journal.commit().await;
        }
        None
    })
}

/// One that waits for a decision, with two good looks in and its deadline reached.
async fn waiting(plane: &Plane, line: &Line) -> String {
    hear(plane, &line.source, Verdict::Degraded, false).await;
    let waiting = all(plane).await.remove(0);
    assert_eq!(waiting.state(), FailoverState::AwaitingApproval);
    for _ in 0..2 {
        hear(plane, &line.source, Verdict::Degraded, true).await;
    }
    plane.clock.advance(chrono::Duration::seconds(600));
    waiting.id
}

/// Whoever won has an answer that says so, and everybody else one that says that it was somebody else.
fn must_agree(told: Vec<Told>, winner: By) {
    for (by, answer) in told.into_iter().flatten() {
        match answer {
            Ok(()) => assert_eq!(by, winner),
            Err(refused) => assert!(by != winner && refused.code() == Code::FailedPrecondition, "{refused:?}"),
        }
    }
}

async fn of_eight_who_decide_at_once_one_wins_and_there_is_one_saga(db: Database) {
    let replicas = if db.is_shared() { 2 } else { 1 };
    let plane = Plane::on(db).replicas(replicas).start().await;
    let other = plane.api_of(replicas - 1).await;
    for turn in 0..TURNS {
        let line = fresh(&plane, turn, false).await;
        let id = waiting(&plane, &line).await;
        let api = |place: usize| if place.is_multiple_of(2) { plane.api.clone() } else { other.clone() };
        let mut racers: Vec<Racer<'_>> = vec![expires(&plane, &id), recovers(&plane, &line.source, &id)];
        racers.extend((0..3).map(|place| approves(api(place), id.clone())));
        racers.extend((0..3).map(|place| cancels(api(place), id.clone())));
        racers.rotate_left(turn);
        let told = join_all(racers).await;
        let decided = now(&plane, &id).await;
        let decision = decided.decision.clone().expect("decided");
        eprintln!("turn {turn}: {:?} won", decision.decided_by());
        must_agree(told, decision.decided_by());
        plane.settle().await;
        plane.advance(Duration::from_secs(61));
        plane.settle().await;
        let ended = now(&plane, &id).await;
        assert_eq!(ended.decision.as_ref(), Some(&decision), "nobody decides twice");
        let expected = if decision.carried_out { FailoverState::Completed } else { FailoverState::Cancelled };
        assert_eq!(ended.state(), expected, "{ended:#?}");
        assert_eq!(moves(&plane, &id).await.len(), usize::from(decision.carried_out), "one saga");
        assert_eq!(all(&plane).await.len(), turn + 1, "one failover for each account");
    }
}
