//! Meetings: made and changed by a service, or read from a calendar.

mod by_calendar;
mod by_hand;
mod calendars;

use callplane_proto::v1 as pb;
use callplane_simulator::Pace;
use callplane_tests::{
    Database, Plane,
    calendar::{Calendar, SECRET},
    ladder::{ADA, ADA_MAIL, moment, rung, usual},
    scene::NUMBER,
};

/// A plane that may read calendars on this machine, with a number to call from, and somebody to reach.
async fn with_ada(db: Database) -> (Plane, pb::Contact) {
    let plane = Plane::on(db).mail("sendgrid").set("CALLPLANE_PROFILE", "dev").start().await;
    plane.twilio.set_pace(Pace::Stepped);
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    let ada = plane.contact("Ada", ADA, ADA_MAIL).await;
    (plane, ada)
}

/// A policy that calls two minutes before.
async fn calls(plane: &Plane) -> pb::EscalationPolicy {
    plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -120)], ..usual() }).await
}

/// A meeting that starts in so many seconds.
fn draft(plane: &Plane, policy: &pb::EscalationPolicy, people: &[&pb::Contact], starts_in: i64) -> pb::Meeting {
    pb::Meeting {
        title: "Board meeting".into(),
        start_time: moment(plane.now() + chrono::Duration::seconds(starts_in)),
        policy_id: policy.id.clone(),
        attendee_ids: people.iter().map(|contact| contact.id.clone()).collect(),
        ..Default::default()
    }
}

async fn create(plane: &Plane, meeting: pb::Meeting) -> pb::Meeting {
    let request = pb::CreateMeetingRequest { meeting: Some(meeting), ..Default::default() };
    plane.api.meetings().create_meeting(request).await.expect("a meeting").into_inner().meeting.expect("one")
}

async fn meeting_now(plane: &Plane, id: &str) -> pb::Meeting {
    let key = Some(pb::get_meeting_request::Key::MeetingId(id.to_owned()));
    let got = plane.api.meetings().get_meeting(pb::GetMeetingRequest { key }).await.expect("a meeting");
    got.into_inner().meeting.expect("one")
}

/// The meetings of the workspace, the earliest first.
async fn meetings(plane: &Plane) -> Vec<pb::Meeting> {
    let listed = plane.api.meetings().list_meetings(pb::ListMeetingsRequest::default()).await.expect("listed");
    let mut meetings = listed.into_inner().meetings;
    meetings.sort_by_key(|meeting| meeting.start_time.map(|start| start.seconds));
    meetings
}

/// The incident of a meeting's only attendee.
async fn incident_of(plane: &Plane, meeting: &pb::Meeting) -> pb::Incident {
    plane.incident_now(&meeting.attendees[0].incident_id).await
}

/// Follows a calendar.
async fn follow(plane: &Plane, calendar: &Calendar, policy: &pb::EscalationPolicy) -> pb::CalendarFeed {
    plane.logs.never(SECRET);
    // What was added just now would be read again.
    plane.pass(30).await;
    let feed = pb::CalendarFeed { display_name: "Board".into(), policy_id: policy.id.clone(), ..Default::default() };
    let request =
        pb::CreateCalendarFeedRequest { calendar_feed: Some(feed), url: calendar.url.clone(), ..Default::default() };
    let created = plane.api.calendars().create_calendar_feed(request).await.expect("a calendar");
    plane.settle().await;
    feed_now(plane, &created.into_inner().calendar_feed.expect("one").id).await
}

async fn feed_now(plane: &Plane, id: &str) -> pb::CalendarFeed {
    let request = pb::GetCalendarFeedRequest { calendar_feed_id: id.to_owned() };
    let got = plane.api.calendars().get_calendar_feed(request).await.expect("a calendar");
    got.into_inner().calendar_feed.expect("one")
}
