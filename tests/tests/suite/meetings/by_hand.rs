//! Meetings that a service makes and changes.

use callplane_proto::v1::{
    self as pb, AttemptEnding as Ending, CheckIn, IncidentOutcome as Outcome, IncidentState, MeetingState as State,
    StepStatus as Status,
};
use callplane_simulator::Callee;
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, ADA_MAIL, BEN, endings, moment, rung, statuses, usual},
    on_both,
};
use prost_types::FieldMask;
use tonic::{Code, Status as Refusal};
use tonic_types::StatusExt;

use super::{calls, create, draft, incident_of, meeting_now, with_ada};

on_both!(
    a_meeting_arms_a_ladder_for_each_attendee_and_once,
    a_meeting_that_moves_takes_its_steps_along_and_ends_what_rings,
    a_meeting_that_moves_a_little_while_its_call_rings_is_called_for_its_new_time,
    another_title_leaves_what_rings_alone,
    a_cancelled_meeting_is_over_for_good,
    joined_cancels_everything_that_waits_at_once,
    missed_said_twice_brings_one_rung_forward,
    what_cannot_be_is_refused_by_its_field,
);

async fn update(plane: &Plane, meeting: pb::Meeting, path: &str) -> Result<pb::Meeting, Refusal> {
    let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
    let request = pb::UpdateMeetingRequest { update_mask, etag: meeting.etag.clone(), meeting: Some(meeting) };
    plane.api.meetings().update_meeting(request).await.map(|updated| updated.into_inner().meeting.expect("one"))
}

async fn moved(plane: &Plane, meeting: &pb::Meeting, starts_in: i64) -> Result<pb::Meeting, Refusal> {
    let start_time = moment(plane.now() + chrono::Duration::seconds(starts_in));
    update(plane, pb::Meeting { start_time, ..meeting.clone() }, "start_time").await
}

async fn check_in(plane: &Plane, meeting: &pb::Meeting, said: CheckIn) -> pb::Meeting {
    let request =
        pb::CheckInMeetingRequest { meeting_id: meeting.id.clone(), check_in: said.into(), ..Default::default() };
    plane.api.meetings().check_in_meeting(request).await.expect("said").into_inner().meeting.expect("one")
}

/// The fields that a refusal blames.
fn blamed(refusal: &Refusal) -> Vec<String> {
    let details = refusal.get_error_details();
    details.bad_request().expect("bad fields").field_violations.iter().map(|one| one.field.clone()).collect()
}

async fn a_meeting_arms_a_ladder_for_each_attendee_and_once(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let ben = plane.contact("Ben", BEN, "").await;
    let policy = calls(&plane).await;
    let meeting = pb::Meeting { external_id: "board-7".into(), ..draft(&plane, &policy, &[&ada, &ben], 300) };
    let request = pb::CreateMeetingRequest { meeting: Some(meeting.clone()), request_id: "r-1".into() };
    let first = plane.api.meetings().create_meeting(request.clone()).await.expect("made").into_inner().meeting;
    let again = plane.api.meetings().create_meeting(request).await.expect("replayed").into_inner().meeting;
    assert_eq!(first, again);
    let made = first.expect("one");
    let people: Vec<_> = made.attendees.iter().map(|one| (one.contact_id.as_str(), one.state())).collect();
    assert_eq!(people, [(ada.id.as_str(), IncidentState::Open), (ben.id.as_str(), IncidentState::Open)]);
    let key = Some(pb::get_meeting_request::Key::ExternalId("board-7".into()));
    let got = plane.api.meetings().get_meeting(pb::GetMeetingRequest { key }).await.expect("found");
    assert_eq!(got.into_inner().meeting, Some(made));
    let taken = pb::CreateMeetingRequest { meeting: Some(meeting), ..Default::default() };
    let taken = plane.api.meetings().create_meeting(taken).await.expect_err("taken");
    assert_eq!(taken.code(), Code::AlreadyExists);
    plane.pass(180).await;
    plane.pass(1).await;
    plane.pass(1).await;
    let mut rung = plane.rung();
    rung.sort();
    assert_eq!(rung, [ADA, BEN]);
}

async fn a_meeting_that_moves_takes_its_steps_along_and_ends_what_rings(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let meeting = create(&plane, draft(&plane, &calls(&plane).await, &[&ada], 120)).await;
    plane.settle().await;
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA]);
    let start = plane.now() + chrono::Duration::seconds(3_600);
    let meeting = moved(&plane, &meeting, 3_600).await.expect("moved");
    assert_eq!(meeting.start_time, moment(start));
    plane.pass(2).await;
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!(endings(&incident), [Ending::Withdrawn, Ending::Unspecified]);
    assert_eq!((incident.start_time, incident.steps[1].status()), (moment(start), Status::Pending));
    assert_eq!(incident.steps[1].due_time, moment(start - chrono::Duration::seconds(120)));
    plane.pass(3_477).await;
    assert_eq!(plane.rung(), [ADA]);
    plane.pass(1).await;
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA, ADA]);
    let stale = moved(&plane, &pb::Meeting { etag: "1".into(), ..meeting }, 7_200).await.expect_err("stale");
    assert_eq!(stale.code(), Code::Aborted);
}

async fn a_meeting_that_moves_a_little_while_its_call_rings_is_called_for_its_new_time(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let meeting = create(&plane, draft(&plane, &calls(&plane).await, &[&ada], 120)).await;
    plane.settle().await;
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA]);
    // Its call is half a minute late for the new time, and its window is open.
    let meeting = moved(&plane, &meeting, 90).await.expect("moved");
    for _ in 0..4 {
        plane.pass(1).await;
    }
    assert_eq!(plane.rung(), [ADA, ADA]);
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!(endings(&incident), [Ending::Withdrawn, Ending::Unspecified]);
    // Nobody is rung a third time, and the reason is kept.
    let meeting = moved(&plane, &meeting_now(&plane, &meeting.id).await, 80).await.expect("moved");
    for _ in 0..4 {
        plane.pass(1).await;
    }
    assert_eq!(plane.rung(), [ADA, ADA]);
    let incident = incident_of(&plane, &meeting).await;
    let last = incident.steps.last().expect("steps");
    assert_eq!((last.status(), last.reason.as_str()), (Status::Skipped, "call_limit_reached"));
    assert!(incident.exhausted);
}

async fn another_title_leaves_what_rings_alone(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let meeting = create(&plane, draft(&plane, &calls(&plane).await, &[&ada], 120)).await;
    plane.settle().await;
    plane.pass(1).await;
    let retitled = pb::Meeting { title: "Board".into(), ..meeting };
    let meeting = update(&plane, retitled, "title").await.expect("changed");
    plane.pass(2).await;
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.title.as_str(), endings(&incident)), ("Board", vec![Ending::Unspecified]));
    assert_eq!(plane.rung(), [ADA]);
    plane.pass(60).await;
}

async fn a_cancelled_meeting_is_over_for_good(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let policy = plane.policy(usual()).await;
    let meeting = create(&plane, draft(&plane, &policy, &[&ada], 800)).await;
    let request = pb::CancelMeetingRequest { meeting_id: meeting.id.clone(), etag: meeting.etag.clone() };
    let once = plane.api.meetings().cancel_meeting(request.clone()).await.expect("cancelled").into_inner().meeting;
    let twice = plane.api.meetings().cancel_meeting(request).await.expect("said twice").into_inner().meeting;
    assert_eq!((once.as_ref(), once.as_ref().map(pb::Meeting::state)), (twice.as_ref(), Some(State::Cancelled)));
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.outcome(), statuses(&incident)), (Outcome::EventCancelled, vec![Status::Cancelled; 3]));
    let refused = moved(&plane, &meeting_now(&plane, &meeting.id).await, 900).await.expect_err("over");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    plane.pass(900).await;
    assert_eq!((plane.mailed().len(), plane.texted().len(), plane.rung().len()), (0, 0, 0));
}

async fn joined_cancels_everything_that_waits_at_once(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let policy = plane.policy(usual()).await;
    let meeting = create(&plane, draft(&plane, &policy, &[&ada], 800)).await;
    let joined = check_in(&plane, &meeting, CheckIn::Joined).await;
    let attendee = &joined.attendees[0];
    assert_eq!((attendee.outcome(), attendee.check_in()), (Outcome::Joined, CheckIn::Joined));
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.state(), statuses(&incident)), (IncidentState::Resolved, vec![Status::Cancelled; 3]));
    assert_eq!(check_in(&plane, &meeting, CheckIn::Joined).await, joined);
    plane.pass(900).await;
    assert_eq!((plane.mailed().len(), plane.texted().len(), plane.rung().len()), (0, 0, 0));
}

async fn missed_said_twice_brings_one_rung_forward(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let rungs = vec![rung(pb::Channel::Sms, -300), rung(pb::Channel::Email, -200), rung(pb::Channel::Voice, -120)];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    let meeting = create(&plane, draft(&plane, &policy, &[&ada], 800)).await;
    let missed = check_in(&plane, &meeting, CheckIn::Missed).await;
    assert_eq!(check_in(&plane, &meeting, CheckIn::Missed).await, missed);
    assert_eq!(missed.attendees[0].state(), IncidentState::Escalating);
    plane.settle().await;
    assert_eq!((plane.texted(), plane.mailed().len()), (vec![ADA.to_owned()], 0));
    assert_eq!(check_in(&plane, &meeting, CheckIn::Joined).await.attendees[0].outcome(), Outcome::Joined);
    plane.pass(900).await;
    assert_eq!((plane.mailed().len(), plane.rung().len()), (0, 0));
}

async fn what_cannot_be_is_refused_by_its_field(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let mail = plane.contact("Ann", "", "ann@example.com").await;
    let policy = calls(&plane).await;
    let fine = draft(&plane, &policy, &[&ada], 300);
    let nobody = callplane_control_plane::domain::id::ContactId::fresh(&callplane_control_plane::clock::TimeOrderedIds);
    let refused = async |meeting: pb::Meeting| {
        let request = pb::CreateMeetingRequest { meeting: Some(meeting), ..Default::default() };
        blamed(&plane.api.meetings().create_meeting(request).await.expect_err("refused"))
    };
    let people = vec![ada.id.clone(), mail.id.clone(), ada.id.clone(), nobody.to_string()];
    let wrong = refused(pb::Meeting { attendee_ids: people, ..fine.clone() }).await;
    assert_eq!(wrong, ["meeting.attendee_ids[1]", "meeting.attendee_ids[2]", "meeting.attendee_ids[3]"]);
    let start = |seconds| moment(plane.now() + chrono::Duration::seconds(seconds));
    assert_eq!(refused(pb::Meeting { start_time: start(-1), ..fine.clone() }).await, ["meeting.start_time"]);
    assert_eq!(refused(pb::Meeting { end_time: start(200), ..fine.clone() }).await, ["meeting.end_time"]);
    assert_eq!(refused(pb::Meeting { attendee_ids: Vec::new(), ..fine.clone() }).await, ["meeting.attendee_ids"]);
    let late = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Sms, 600)], ..usual() }).await;
    let made = create(&plane, pb::Meeting { policy_id: late.id, start_time: start(-900), ..fine.clone() }).await;
    assert_eq!(made.attendees.len(), 1);
    // Nobody is reached about it, so that anybody may come to it.
    let quiet = pb::Meeting { policy_id: String::new(), attendee_ids: vec![ada.id.clone(), mail.id], ..fine };
    let quiet = create(&plane, quiet).await;
    assert_eq!(quiet.attendees[0].incident_id, "");
    let request = pb::CheckInMeetingRequest {
        meeting_id: quiet.id.clone(),
        check_in: CheckIn::Joined.into(),
        ..Default::default()
    };
    let unclear = plane.api.meetings().check_in_meeting(request.clone()).await.expect_err("which of them");
    assert_eq!(blamed(&unclear), ["contact_id"]);
    let named = pb::CheckInMeetingRequest { contact_id: ada.id.clone(), ..request };
    let said = plane.api.meetings().check_in_meeting(named).await.expect("said").into_inner().meeting.expect("one");
    assert_eq!((said.attendees[0].check_in(), said.attendees[1].check_in()), (CheckIn::Joined, CheckIn::Unspecified));
    plane.settle().await;
    assert_eq!((plane.texted(), ADA_MAIL), (vec![ADA.to_owned()], ADA_MAIL));
}
