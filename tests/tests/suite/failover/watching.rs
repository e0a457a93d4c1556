//! The timeline: everything that happens, in order, for whoever watches from the start, comes late or comes back.

use callplane_proto::v1::{self as pb, FailoverState};
use callplane_tests::{Database, Plane, on_both};

use super::{end, history, stage, start};

on_both!(a_watcher_sees_every_step_in_order_however_late_it_comes, lists_stand_still_while_failovers_are_added);

async fn watched(plane: &Plane, request: pb::WatchFailoverRequest) -> Vec<pb::WatchFailoverResponse> {
    let mut stream = plane.api.failovers().watch_failover(request).await.expect("watched").into_inner();
    let mut seen = Vec::new();
    while let Some(answer) = stream.message().await.expect("it goes on") {
        seen.push(answer);
    }
    seen
}

async fn a_watcher_sees_every_step_in_order_however_late_it_comes(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 3, 3).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let request = pb::WatchFailoverRequest { failover_id: begun.id.clone(), until_end: true, ..Default::default() };
    let (live, ended) = tokio::join!(watched(&plane, request.clone()), end(&plane, &begun.id));
    assert_eq!(ended.state(), FailoverState::Completed);
    let told = |seen: &[pb::WatchFailoverResponse]| -> Vec<pb::FailoverEvent> {
        seen.iter().filter_map(|answer| answer.event.clone()).collect()
    };
    let all = history(&plane, &begun.id).await;
    assert_eq!(told(&live), all, "live");
    assert_eq!(told(&watched(&plane, request.clone()).await), all, "from the beginning, when it is over");
    let middle = live[4].resume_token.clone();
    let rest = watched(&plane, pb::WatchFailoverRequest { resume_token: middle, ..request }).await;
    assert_eq!(told(&rest), all[5..], "where it left off");
    let sequences: Vec<i64> = all.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=all.len() as i64).collect::<Vec<_>>(), "without gaps");
    assert!(all.iter().all(|event| !event.message.is_empty() && !event.actor.is_empty()), "{all:#?}");
}

async fn lists_stand_still_while_failovers_are_added(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 1).await;
    for _ in 0..3 {
        let begun = start(&plane, &stage.primary).await.expect("begun");
        end(&plane, &begun.id).await;
        let request =
            pb::RollbackFailoverRequest { failover_id: begun.id, reason: "back".into(), ..Default::default() };
        let back = plane.api.failovers().rollback_failover(request).await.expect("begun").into_inner().failover;
        end(&plane, &back.expect("one").id).await;
    }
    let page = async |token: String| {
        let request = pb::ListFailoversRequest { page_size: 2, page_token: token, ..Default::default() };
        plane.api.failovers().list_failovers(request).await.expect("a page").into_inner()
    };
    let first = page(String::new()).await;
    start(&plane, &stage.primary).await.expect("begun");
    let second = page(first.next_page_token).await;
    let third = page(second.next_page_token).await;
    let ids: Vec<_> = [first.failovers, second.failovers, third.failovers].concat();
    let mut sorted = ids.clone();
    sorted.sort_by(|one, other| other.id.cmp(&one.id));
    sorted.dedup_by(|one, other| one.id == other.id);
    assert_eq!((ids.len(), &sorted), (6, &ids), "neither twice nor left out");
    let request = pb::ListFailoversRequest {
        states: vec![FailoverState::RolledBack.into()],
        kinds: vec![pb::FailoverKind::Failover.into()],
        ..Default::default()
    };
    let back = plane.api.failovers().list_failovers(request).await.expect("a page").into_inner().failovers;
    assert_eq!(back.len(), 3);
    plane.settle().await;
}
