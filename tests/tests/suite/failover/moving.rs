//! An account fails and its agents go elsewhere: who, where to, in what order, and who is left.

use std::collections::BTreeSet;

use callplane_control_plane::domain::monitor::Verdict;
use callplane_proto::v1::{self as pb, FailoverDecidedBy, FailoverMoveState, FailoverState, FailoverTrigger};
use callplane_tests::{Database, Plane, on_both, scene::announcement};

use super::{all, backup, end, hear, heard_at, history, moves, new_number, now, only, says, stage, start, writes};

on_both!(
    a_suspended_account_is_left_and_every_agent_answers_at_its_backup_number,
    a_person_starts_one_with_a_reason_and_the_first_thing_asked_is_the_target,
    a_dry_run_tells_the_plan_and_writes_nothing_anywhere,
    too_few_numbers_move_some_and_name_who_is_left_out,
    a_paused_agent_is_not_moved,
    the_first_backup_in_order_that_works_is_taken,
    an_account_takes_part_in_one_failover_at_a_time,
    what_has_moved_is_not_moved_again,
);

async fn a_suspended_account_is_left_and_every_agent_answers_at_its_backup_number(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 4, 5).await;
    plane.twilio.suspend(&stage.primary.sid).expect("it is");
    let writes_before = writes(&plane, &stage.primary);
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    let ended = end(&plane, &only(&plane).await.id).await;
    assert_eq!((ended.state(), ended.trigger()), (FailoverState::Completed, FailoverTrigger::Critical), "{ended:#?}");
    assert_eq!(ended.target_account_id, stage.backup.id);
    assert_eq!(ended.decision.expect("decided").decided_by(), FailoverDecidedBy::Critical);

    let moves = moves(&plane, &ended.id).await;
    let numbers: BTreeSet<_> = moves.iter().map(|line| line.to_phone_number_id.clone()).collect();
    assert_eq!((moves.len(), numbers.len()), (4, 4), "four distinct numbers");
    for (place, (agent, own)) in stage.lines.iter().enumerate() {
        let line = moves.iter().find(|line| line.agent_id == agent.id).expect("it moved");
        assert_eq!((line.state(), &line.from_phone_number_id), (FailoverMoveState::Moved, &own.id));
        let number = new_number(&plane, line).await;
        assert_eq!(heard_at(&plane, &number.e164).await, says(place));
        let own = plane.number_now(&own.id).await;
        assert!(own.assignment.is_some(), "whoever still gets through there is answered");
    }
    assert_eq!(writes(&plane, &stage.backup), 4, "each number was told our URLs once");
    assert_eq!(writes(&plane, &stage.primary), writes_before, "nothing is done to an account that is dead");

    let kinds: Vec<String> = history(&plane, &ended.id).await.into_iter().map(|event| event.r#type).collect();
    let place =
        |kind: &str| kinds.iter().position(|known| known == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"));
    let order = [
        "failover.detected",
        "failover.target-probed",
        "failover.reserved",
        "move.began",
        "move.flipped",
        "move.moved",
        "failover.canary-moved",
        "failover.completed",
    ];
    for pair in order.windows(2) {
        assert!(place(pair[0]) < place(pair[1]), "{pair:?}: {kinds:?}");
    }
    let began_second = kinds.iter().skip(place("failover.canary-moved")).filter(|kind| *kind == "move.began").count();
    assert_eq!(began_second, 3, "the first line went alone");
}

async fn a_person_starts_one_with_a_reason_and_the_first_thing_asked_is_the_target(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 1).await;
    let without = pb::StartFailoverRequest { account_id: stage.primary.id.clone(), ..Default::default() };
    let refused = plane.api.failovers().start_failover(without).await.expect_err("no reason");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let asked = plane.twilio.ledger().len();
    let begun = start(&plane, &stage.primary).await.expect("begun");
    assert_eq!((begun.state(), begun.reason.as_str()), (FailoverState::Preparing, "the account is suspended"));
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Completed, "{ended:#?}");
    let first = format!("{:?}", plane.twilio.ledger()[asked].what);
    assert!(first.contains(&stage.backup.sid) && first.contains("GET"), "{first}");
    let report = ended.report.expect("a report");
    assert!(report.total_duration.is_some() && report.canary_duration.is_some());
}

async fn a_dry_run_tells_the_plan_and_writes_nothing_anywhere(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 3, 2).await;
    let before = plane.twilio.ledger().len();
    let request = pb::StartFailoverRequest {
        account_id: stage.primary.id.clone(),
        reason: "what if".into(),
        validate_only: true,
        ..Default::default()
    };
    let answer = plane.api.failovers().start_failover(request).await.expect("planned").into_inner();
    let plan = answer.plan.expect("a plan");
    assert_eq!((plan.moves.len(), plan.left_out.len()), (2, 1));
    assert_eq!((plan.target_account_id, answer.everybody_moves), (stage.backup.id.clone(), false));
    plane.settle().await;
    assert_eq!(plane.twilio.ledger().len(), before, "nobody outside was asked");
    assert!(all(&plane).await.is_empty());
    let begun = start(&plane, &stage.primary).await.expect("nothing stands in the way");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::PartiallyCompleted);
}

async fn too_few_numbers_move_some_and_name_who_is_left_out(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 3, 2).await;
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    let ended = end(&plane, &only(&plane).await.id).await;
    assert_eq!(ended.state(), FailoverState::PartiallyCompleted, "{ended:#?}");
    assert!(ended.why.contains("1 without a backup number"), "{}", ended.why);
    let left: Vec<_> =
        moves(&plane, &ended.id).await.into_iter().filter(|line| line.state() == FailoverMoveState::LeftOut).collect();
    assert!(left.len() == 1 && left[0].why.contains("no free backup number"), "{left:#?}");
}

async fn a_paused_agent_is_not_moved(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    let paused = &stage.lines[0].0.id;
    let request = pb::PauseAgentRequest { agent_id: paused.clone(), ..Default::default() };
    plane.api.agents().pause_agent(request).await.expect("paused");
    let begun = start(&plane, &stage.primary).await.expect("begun");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
    let moves = moves(&plane, &begun.id).await;
    assert!(moves.len() == 1 && moves[0].agent_id != *paused, "{moves:#?}");
}

async fn the_first_backup_in_order_that_works_is_taken(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    let (second, _) = backup(&plane, 2, "650").await;
    plane.twilio.suspend(&stage.backup.sid).expect("it is");
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!((ended.state(), &ended.target_account_id), (FailoverState::Completed, &second.id), "{ended:#?}");
    assert_eq!(ended.passed_over.len(), 1);
    assert_eq!(ended.passed_over[0].account_id, stage.backup.id);
    assert_eq!(writes(&plane, &stage.backup), 0);
}

async fn an_account_takes_part_in_one_failover_at_a_time(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 1).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let refused = start(&plane, &stage.primary).await.expect_err("one is under way");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert!(refused.message().contains(&begun.id), "{}", refused.message());
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    assert_eq!(all(&plane).await.len(), 1);
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
}

async fn what_has_moved_is_not_moved_again(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 2).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
    let refused = start(&plane, &stage.primary).await.expect_err("nothing is left");
    assert!(refused.message().contains("moved already"), "{}", refused.message());
    plane.advance(std::time::Duration::from_secs(7200));
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    assert_eq!(all(&plane).await.len(), 1, "{:#?}", now(&plane, &begun.id).await);
    let late = plane.agent(announcement("New here.")).await;
    assert!(!late.id.is_empty());
}
