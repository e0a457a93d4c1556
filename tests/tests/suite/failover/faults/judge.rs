//! Where a line is at the end of a failover, whoever failed on the way: at one number, and everybody who is asked says the same.

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::{self as pb, FailoverKind, FailoverMoveState, FailoverState};
use callplane_tests::{Plane, settings::PUBLIC_URL};

use super::line::Line;
use crate::failover::{history, moves, native::held, pool, workshop::must_be_told_once};

/// How it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// Done: the line is at its new number, and verified.
    There,
    /// Undone: it is where it was.
    Nowhere,
    /// It is at its new number; a person must look.
    Unverified,
}

/// Looks at everything that says where the line is.
pub async fn judged(plane: &Plane, line: &Line, ended: &pb::Failover) -> Came {
    let moves = moves(plane, &ended.id).await;
    must_be_told_once(&moves, &history(plane, &ended.id).await);
    let said = format!("{ended:#?} {moves:#?}");
    let came = match (ended.state(), moves.last().map(pb::FailoverMove::state)) {
        (FailoverState::Completed, Some(FailoverMoveState::Moved)) => Came::There,
        (FailoverState::Stuck, Some(FailoverMoveState::Stuck)) => Came::Unverified,
        (FailoverState::Failed, None | Some(FailoverMoveState::Failed)) => Came::Nowhere,
        _ => panic!("{said}"),
    };
    assert!(moves.len() <= 1, "{said}");
    must_be_explained(plane, ended, &moves, came).await;
    let is_back = ended.kind() == FailoverKind::Rollback;
    let (is_at_spare, is_done) = ((came != Came::Nowhere) != is_back, came == Came::There);
    let (in_use, free) = ((Some(PoolState::InUse), true), (Some(PoolState::Free), false));
    let expected = if is_at_spare || (is_back && !is_done) { in_use } else { free };
    assert_eq!(pool(plane, std::slice::from_ref(&line.spare)).await, [expected], "{said}");
    let own = plane.number_now(&line.own.id).await;
    assert!(own.assignment.is_some(), "whoever still gets through is answered: {said}");
    let reached = if is_at_spare { &line.spare } else { &line.own };
    let request = pb::GetAgentRequest { agent_id: line.agent.id.clone() };
    let agent = plane.api.agents().get_agent(request).await.expect("there").into_inner().agent.expect("an agent");
    assert_eq!(agent.phone_number_id, reached.id, "{said}");
    must_lead_to_one(plane, line, reached, came, &said).await;
    came
}

/// Whoever reads it knows why, and what to type.
async fn must_be_explained(plane: &Plane, ended: &pb::Failover, moves: &[pb::FailoverMove], came: Came) {
    let said = format!("{ended:#?} {moves:#?}");
    assert_eq!(ended.why.is_empty(), came == Came::There, "{said}");
    match came {
        Came::There => {}
        Came::Nowhere => {
            let whys = ended.passed_over.iter().map(|passed| &passed.why).chain(moves.iter().map(|line| &line.why));
            assert!(whys.clone().count() > 0 && whys.clone().all(|why| !why.is_empty()), "{said}");
        }
        Came::Unverified => {
            assert!(!moves[0].why.is_empty(), "{said}");
            for command in ["retry", "abandon"] {
                assert!(ended.why.contains(&format!("callplane failover {command} {}", ended.id)), "{said}");
            }
            assert_eq!(plane.metrics().await.value("callplane_failovers_stuck"), 1.0, "the alarm: {said}");
        }
    }
}

/// ElevenLabs knows each number once, and its agent answers the one that is reached and no other.
async fn must_lead_to_one(plane: &Plane, line: &Line, reached: &pb::PhoneNumber, came: Came, said: &str) {
    let held = held(plane).await;
    let mut imported: Vec<_> = held.iter().map(|(e164, _)| e164).collect();
    imported.dedup();
    assert_eq!(imported.len(), held.len(), "a number is imported twice: {said}");
    let numbers = [&line.own, &line.spare];
    let leading = held.iter().filter(|(e164, agent)| agent.is_some() && numbers.iter().any(|it| it.e164 == *e164));
    let leading: Vec<_> = leading.map(|(e164, _)| e164.as_str()).collect();
    match (line.is_native, came) {
        (false, _) => assert!(leading.is_empty(), "{leading:?}: {said}"),
        (true, Came::There | Came::Nowhere) => assert_eq!(leading, [reached.e164.as_str()], "{said}"),
        // The old number is let go of when the new one is verified, and not before.
        (true, Came::Unverified) => assert!(leading.contains(&reached.e164.as_str()), "{leading:?}: {said}"),
    }
    let seen = plane.twilio.numbers().into_iter().find(|number| number.phone_number == reached.e164).expect("there");
    let leads = seen.settings.get("VoiceUrl").cloned().unwrap_or_default();
    let is_right = if line.is_native { leads.contains("elevenlabs.io") } else { leads.starts_with(PUBLIC_URL) };
    assert!(is_right || came != Came::There, "{leads}: {said}");
}
