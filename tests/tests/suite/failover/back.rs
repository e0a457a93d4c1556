//! Taking a failover back, and rehearsing one.

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::{self as pb, FailoverKind, FailoverMoveState, FailoverState};
use callplane_tests::{Database, Plane, on_both, scene::announcement};
use tonic::Code;

use super::{Stage, all, end, heard_at, moves, new_number, now, pool, says, stage, start, writes};

on_both!(
    a_rollback_brings_everybody_back_and_the_numbers_to_the_pool,
    who_was_edited_meanwhile_is_skipped_and_named,
    a_primary_that_is_still_dead_is_not_gone_back_to,
    a_rehearsal_reports_its_times_and_touches_nobody,
    an_agent_that_callers_reach_is_not_for_rehearsals,
);

async fn moved(db: Database, agents: usize) -> (Plane, Stage, pb::Failover) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, agents, agents).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Completed, "{ended:#?}");
    (plane, stage, ended)
}

async fn roll_back(plane: &Plane, id: &str, include_edited: bool) -> Result<pb::Failover, tonic::Status> {
    let request = pb::RollbackFailoverRequest {
        failover_id: id.to_owned(),
        reason: "the account works again".into(),
        include_edited,
        ..Default::default()
    };
    Ok(plane.api.failovers().rollback_failover(request).await?.into_inner().failover.expect("a failover"))
}

async fn a_rollback_brings_everybody_back_and_the_numbers_to_the_pool(db: Database) {
    let (plane, stage, original) = moved(db, 3).await;
    let back = roll_back(&plane, &original.id, false).await.expect("begun");
    let ended = end(&plane, &back.id).await;
    assert_eq!((ended.state(), ended.kind()), (FailoverState::Completed, FailoverKind::Rollback), "{ended:#?}");
    let original = now(&plane, &original.id).await;
    assert_eq!((original.state(), &original.rollback_failover_id), (FailoverState::RolledBack, &back.id));
    assert_eq!(pool(&plane, &stage.pool).await, [(Some(PoolState::Free), false); 3]);
    for (place, (_, own)) in stage.lines.iter().enumerate() {
        assert_eq!(heard_at(&plane, &own.e164).await, says(place));
    }
    let again = roll_back(&plane, &original.id, false).await.expect_err("it is back");
    assert_eq!(again.code(), Code::FailedPrecondition);
    let anew = start(&plane, &stage.primary).await.expect("everything is as it was");
    assert_eq!(end(&plane, &anew.id).await.state(), FailoverState::Completed);
}

async fn who_was_edited_meanwhile_is_skipped_and_named(db: Database) {
    let (plane, stage, original) = moved(db, 3).await;
    let edited = &stage.lines[1].0;
    let agent = pb::Agent { id: edited.id.clone(), display_name: "Renamed".into(), ..Default::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["display_name".into()] });
    let request = pb::UpdateAgentRequest { agent: Some(agent), update_mask, ..Default::default() };
    plane.api.agents().update_agent(request).await.expect("renamed");

    let back = roll_back(&plane, &original.id, false).await.expect("begun");
    let ended = end(&plane, &back.id).await;
    assert_eq!(ended.state(), FailoverState::PartiallyCompleted, "{ended:#?}");
    let lines = moves(&plane, &back.id).await;
    let skipped: Vec<_> = lines.iter().filter(|line| line.state() == FailoverMoveState::Skipped).collect();
    assert!(skipped.len() == 1 && skipped[0].agent_id == edited.id && skipped[0].why.contains("edited"), "{lines:#?}");
    assert_eq!(now(&plane, &original.id).await.state(), FailoverState::Completed, "a part of it is still there");
    let still = moves(&plane, &original.id).await;
    let still = still.iter().find(|line| line.agent_id == edited.id).expect("it was moved");
    assert_eq!(heard_at(&plane, &new_number(&plane, still).await.e164).await, says(1));

    let rest = roll_back(&plane, &original.id, true).await.expect("a person has looked at it");
    assert_eq!(end(&plane, &rest.id).await.state(), FailoverState::Completed);
    assert_eq!(now(&plane, &original.id).await.state(), FailoverState::RolledBack);
}

async fn a_primary_that_is_still_dead_is_not_gone_back_to(db: Database) {
    let (plane, stage, original) = moved(db, 2).await;
    plane.twilio.suspend(&stage.primary.sid).expect("it is");
    let back = roll_back(&plane, &original.id, false).await.expect("begun");
    let ended = end(&plane, &back.id).await;
    assert_eq!(ended.state(), FailoverState::Failed, "{ended:#?}");
    assert_eq!(now(&plane, &original.id).await.state(), FailoverState::Completed);
    let line = moves(&plane, &original.id).await.remove(0);
    let number = new_number(&plane, &line).await;
    assert_eq!(pool(&plane, &[number]).await, [(Some(PoolState::InUse), true)]);
}

async fn a_rehearsal_reports_its_times_and_touches_nobody(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    let spare = plane.agent(announcement("Nobody calls me.")).await;
    let before = writes(&plane, &stage.primary);
    let mut etags = Vec::new();
    for (_, own) in &stage.lines {
        etags.push(plane.number_now(&own.id).await.etag);
    }
    let request = pb::StartRehearsalRequest { agent_id: spare.id.clone(), ..Default::default() };
    let begun = plane.api.failovers().start_rehearsal(request).await.expect("begun").into_inner().failover;
    let ended = end(&plane, &begun.expect("a failover").id).await;
    assert_eq!((ended.state(), ended.kind()), (FailoverState::Completed, FailoverKind::Rehearsal), "{ended:#?}");
    let report = ended.report.expect("a report");
    assert!(report.detect_duration.is_some() && report.decide_duration.is_some());
    assert!(report.probe_duration.is_some() && report.canary_duration.is_some() && report.total_duration.is_some());
    assert_eq!(pool(&plane, &stage.pool).await, [(Some(PoolState::Free), false); 2]);
    assert_eq!(writes(&plane, &stage.primary), before);
    for (before, (_, own)) in etags.iter().zip(&stage.lines) {
        assert_eq!(*before, plane.number_now(&own.id).await.etag, "a number that callers reach is not touched");
    }
    let real = start(&plane, &stage.primary).await.expect("a drill holds nothing back");
    assert_eq!(end(&plane, &real.id).await.state(), FailoverState::Completed);
    assert_eq!(all(&plane).await.len(), 2);
}

async fn an_agent_that_callers_reach_is_not_for_rehearsals(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 1).await;
    let request = pb::StartRehearsalRequest { agent_id: stage.lines[0].0.id.clone(), ..Default::default() };
    let refused = plane.api.failovers().start_rehearsal(request).await.expect_err("callers reach it");
    assert_eq!(refused.code(), Code::FailedPrecondition);
}
