//! Meetings that follow a calendar: what happens there happens here.

use callplane_proto::v1::{
    self as pb, IncidentOutcome as Outcome, IncidentState, MeetingState as State, StepStatus as Status,
};
use callplane_tests::{
    Database, Plane,
    calendar::{Calendar, event},
    ladder::{ADA, ADA_MAIL, BEN, moment, statuses, usual},
    on_both,
};
use chrono::{Datelike, Duration, NaiveDate, TimeDelta, Utc, Weekday};
use tonic::Code;

use super::{calls, follow, incident_of, meeting_now, meetings, with_ada};

on_both!(
    what_is_moved_cancelled_and_restored_in_a_calendar_is_so_here,
    what_a_person_cancelled_stays_cancelled,
    whoever_becomes_known_or_declines_is_reached_or_left_alone,
    nine_in_the_morning_stays_nine_when_the_clocks_change,
    an_event_of_two_calendars_is_one_meeting,
    meetings_of_a_forgotten_calendar_stay,
);

/// An event with Ada, whose calendar writes her address in its own way.
fn with_her(uid: &str, start: chrono::DateTime<Utc>, lines: &str) -> String {
    event(uid, start, &format!("SUMMARY:Board|ATTENDEE:mailto:{}|{lines}", ADA_MAIL.to_uppercase()))
}

fn soon(plane: &Plane, minutes: i64) -> chrono::DateTime<Utc> {
    let start = plane.now() + TimeDelta::minutes(minutes);
    start - TimeDelta::nanoseconds(i64::from(start.timestamp_subsec_nanos()))
}

async fn what_is_moved_cancelled_and_restored_in_a_calendar_is_so_here(db: Database) {
    let (plane, _) = with_ada(db).await;
    let (start, later) = (soon(&plane, 120), soon(&plane, 180));
    let other = with_her("other", later, "");
    let calendar = Calendar::of(&[with_her("a", start, ""), other.clone()]).await;
    follow(&plane, &calendar, &plane.policy(usual()).await).await;
    let meeting = meetings(&plane).await.swap_remove(0);
    assert_eq!((meeting.title.as_str(), meeting.start_time), ("Board", moment(start)));
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.start_time, incident.steps.len()), (moment(start), 3));

    let moved = soon(&plane, 90);
    calendar.publish(&[with_her("a", moved, "SEQUENCE:1"), other.clone()]);
    plane.pass(60).await;
    assert_eq!(meeting_now(&plane, &meeting.id).await.start_time, moment(moved));
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!(incident.steps[2].due_time, moment(moved - TimeDelta::minutes(2)));

    calendar.publish(&[with_her("a", moved, "STATUS:CANCELLED"), other.clone()]);
    plane.pass(60).await;
    assert_eq!(meeting_now(&plane, &meeting.id).await.state(), State::Cancelled);
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.outcome(), statuses(&incident)), (Outcome::EventCancelled, vec![Status::Cancelled; 3]));

    calendar.publish(&[with_her("a", moved, ""), other.clone()]);
    plane.pass(60).await;
    assert_eq!(meeting_now(&plane, &meeting.id).await.state(), State::Scheduled);
    let incident = incident_of(&plane, &meeting).await;
    assert_eq!((incident.state(), incident.outcome()), (IncidentState::Open, Outcome::Unspecified));
    assert_eq!(statuses(&incident)[3..], [Status::Pending; 3]);

    calendar.publish(&[other]);
    plane.pass(60).await;
    assert_eq!(meeting_now(&plane, &meeting.id).await.state(), State::Cancelled);
    assert_eq!(meetings(&plane).await.len(), 2);
}

async fn what_a_person_cancelled_stays_cancelled(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = soon(&plane, 60);
    let calendar = Calendar::of(&[with_her("a", start, "")]).await;
    follow(&plane, &calendar, &calls(&plane).await).await;
    let meeting = meetings(&plane).await.swap_remove(0);
    let by_hand = pb::UpdateMeetingRequest {
        meeting: Some(pb::Meeting { title: "Mine".into(), ..meeting.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".into()] }),
        ..Default::default()
    };
    let refused = plane.api.meetings().update_meeting(by_hand).await.expect_err("it follows a calendar");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let request = pb::CancelMeetingRequest { meeting_id: meeting.id.clone(), ..Default::default() };
    plane.api.meetings().cancel_meeting(request).await.expect("cancelled");
    for lines in ["STATUS:CANCELLED", "SEQUENCE:2", "SEQUENCE:3"] {
        calendar.publish(&[with_her("a", start, lines)]);
        plane.pass(60).await;
        assert_eq!(meeting_now(&plane, &meeting.id).await.state(), State::Cancelled);
    }
    plane.pass(3_600).await;
    assert_eq!((meetings(&plane).await.len(), plane.rung().len()), (1, 0));
}

async fn whoever_becomes_known_or_declines_is_reached_or_left_alone(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let (mail, start) = ("ben.canary@example.com", soon(&plane, 60));
    let both = with_her("a", start, &format!("ATTENDEE:mailto:{mail}"));
    let stranger = event("b", start, "ATTENDEE:mailto:somebody@example.com");
    let calendar = Calendar::of(&[both.clone(), stranger]).await;
    let feed = follow(&plane, &calendar, &calls(&plane).await).await;
    assert_eq!((feed.meeting_count, feed.skipped_count), (1, 1));
    let meeting = meetings(&plane).await.swap_remove(0);
    assert_eq!(meeting.attendee_ids, std::slice::from_ref(&ada.id));
    let ben = plane.contact("Ben", BEN, mail).await;
    plane.pass(60).await;
    let known = meeting_now(&plane, &meeting.id).await;
    assert_eq!(known.attendee_ids, [ada.id.clone(), ben.id.clone()]);
    assert_eq!(known.attendees[1].state(), IncidentState::Open);
    calendar.publish(&[both.replace("ATTENDEE:mailto:ADA", "ATTENDEE;PARTSTAT=DECLINED:mailto:ADA")]);
    plane.pass(60).await;
    assert_eq!(meeting_now(&plane, &meeting.id).await.attendee_ids, [ben.id]);
    assert_eq!(incident_of(&plane, &meeting).await.outcome(), Outcome::EventCancelled);
    // Somebody who comes after all goes on with the ladder they had.
    calendar.publish(&[both]);
    plane.pass(60).await;
    assert_eq!(incident_of(&plane, &meeting).await.state(), IncidentState::Open);
}

/// The last Sunday of March or October, whichever comes next: clocks in Europe change on it.
fn next_change(today: NaiveDate) -> NaiveDate {
    let is_change = |day: &NaiveDate| {
        matches!(day.month(), 3 | 10)
            && day.weekday() == Weekday::Sun
            && (*day + Duration::days(7)).month() != day.month()
    };
    today.iter_days().skip(8).find(is_change).expect("twice a year")
}

async fn nine_in_the_morning_stays_nine_when_the_clocks_change(db: Database) {
    let (plane, _) = with_ada(db).await;
    let change = next_change(plane.now().date_naive());
    let eve = (change - Duration::days(2)).and_hms_opt(12, 0, 0).expect("noon").and_utc();
    plane.advance((eve - plane.now()).to_std().expect("ahead"));
    plane.settle().await;
    let lines = format!(
        "BEGIN:VEVENT\r\nUID:s\r\nDTSTART;TZID=Europe/Berlin:{}T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=400\r\n\
         ATTENDEE:mailto:{ADA_MAIL}\r\nEND:VEVENT\r\n",
        (change - Duration::days(30)).format("%Y%m%d")
    );
    let calendar = Calendar::of(&[lines]).await;
    follow(&plane, &calendar, &calls(&plane).await).await;
    let starts: Vec<String> = meetings(&plane).await[..3]
        .iter()
        .map(|meeting| {
            let start = meeting.start_time.expect("a start");
            chrono::DateTime::from_timestamp(start.seconds, 0).expect("a time").format("%a %H:%M").to_string()
        })
        .collect();
    let spring = change.month() == 3;
    let (before, after) = if spring { ("08:00", "07:00") } else { ("07:00", "08:00") };
    assert_eq!(starts, [format!("Sat {before}"), format!("Sun {after}"), format!("Mon {after}")]);
}

async fn an_event_of_two_calendars_is_one_meeting(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = soon(&plane, 120);
    let (hers, his) = (with_her("a", start, ""), with_her("his", start, ""));
    let one = Calendar::of(&[hers.clone(), his.clone()]).await;
    let other = Calendar::of(std::slice::from_ref(&hers)).await;
    let policy = calls(&plane).await;
    follow(&plane, &one, &policy).await;
    let second = follow(&plane, &other, &policy).await;
    assert_eq!((meetings(&plane).await.len(), second.meeting_count), (2, 0));
    // Whoever brought it lets go of it; it is in the other calendar still.
    one.publish(&[his]);
    plane.pass(60).await;
    plane.pass(60).await;
    let meeting = meetings(&plane).await.into_iter().find(|meeting| meeting.calendar_feed_id == second.id);
    let meeting = meeting.expect("the other calendar holds it");
    assert_eq!((meeting.state(), meeting.attendees[0].state()), (State::Scheduled, IncidentState::Open));
    let call = start - TimeDelta::minutes(2);
    plane.pass((call - plane.now()).num_seconds().unsigned_abs()).await;
    for _ in 0..3 {
        plane.pass(1).await;
    }
    assert_eq!(plane.rung(), [ADA, ADA]);
}

async fn meetings_of_a_forgotten_calendar_stay(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = soon(&plane, 120);
    let calendar = Calendar::of(&[with_her("a", start, "")]).await;
    let policy = calls(&plane).await;
    let feed = follow(&plane, &calendar, &policy).await;
    let request = pb::DeleteCalendarFeedRequest { calendar_feed_id: feed.id.clone(), etag: feed.etag };
    plane.api.calendars().delete_calendar_feed(request).await.expect("forgotten");
    plane.pass(600).await;
    assert_eq!(calendar.answers(), [200]);
    let meeting = meetings(&plane).await.swap_remove(0);
    assert_eq!((meeting.state(), meeting.calendar_feed_id.as_str()), (State::Scheduled, ""));
    let by_hand = pb::UpdateMeetingRequest {
        meeting: Some(pb::Meeting { title: "Mine".into(), ..meeting.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".into()] }),
        ..Default::default()
    };
    plane.api.meetings().update_meeting(by_hand).await.expect("nobody else does");
    // Added again, it takes up what it brought before.
    let again = follow(&plane, &calendar, &policy).await;
    let meetings = meetings(&plane).await;
    assert_eq!(
        (meetings.len(), meetings[0].id.as_str(), meetings[0].title.as_str()),
        (1, meeting.id.as_str(), "Board")
    );
    assert_eq!(meetings[0].calendar_feed_id, again.id);
}
