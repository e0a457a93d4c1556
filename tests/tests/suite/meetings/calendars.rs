//! Calendars themselves: what looking at them costs, and what happens when they fail.

use callplane_proto::v1::{self as pb, CalendarFeedState as State, MeetingState};
use callplane_tests::{
    Database,
    calendar::{Calendar, event},
    ladder::{ADA_MAIL, usual},
    on_both,
};
use chrono::TimeDelta;
use tonic::Code;

use super::{calls, feed_now, follow, meetings, with_ada};

on_both!(
    an_unchanged_calendar_costs_one_request_a_minute,
    a_calendar_that_breaks_keeps_its_meetings_and_is_asked_less_often,
    an_empty_calendar_is_not_believed,
    an_address_is_never_shown_and_a_wrong_one_is_refused,
    a_thousand_events_are_taken_up,
);

async fn an_unchanged_calendar_costs_one_request_a_minute(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = plane.now() + TimeDelta::days(2);
    let calendar = Calendar::of(&[event("a", start, &format!("ATTENDEE:mailto:{ADA_MAIL}"))]).await;
    let feed = follow(&plane, &calendar, &calls(&plane).await).await;
    assert_eq!((feed.state(), feed.meeting_count), (State::Read, 1));
    plane.pass(59).await;
    assert_eq!(calendar.answers(), [200]);
    for _ in 0..3 {
        plane.pass(60).await;
    }
    assert_eq!(calendar.answers(), [200, 304, 304, 304]);
    // Who asks gets all of it, and so does time, which brings new instances of a series.
    let request = pb::SyncCalendarFeedRequest { calendar_feed_id: feed.id.clone() };
    plane.api.calendars().sync_calendar_feed(request).await.expect("asked");
    plane.settle().await;
    plane.pass(60).await;
    plane.pass(12 * 3_600).await;
    assert_eq!(calendar.answers()[4..], [200, 304, 200]);
    assert_eq!(feed_now(&plane, &feed.id).await.state(), State::Read);
}

async fn a_calendar_that_breaks_keeps_its_meetings_and_is_asked_less_often(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = plane.now() + TimeDelta::days(2);
    let calendar = Calendar::of(&[event("a", start, &format!("ATTENDEE:mailto:{ADA_MAIL}"))]).await;
    let feed = follow(&plane, &calendar, &calls(&plane).await).await;
    for (status, pause) in [(404, 60), (410, 60), (401, 120), (404, 240), (404, 480), (404, 900)] {
        calendar.breaks(status);
        plane.pass(pause - 1).await;
        assert_ne!(calendar.answers().last(), None);
        let asked = calendar.answers().len();
        plane.pass(1).await;
        assert_eq!(calendar.answers().len(), asked + 1, "{status} after {pause} s");
        assert_eq!(feed_now(&plane, &feed.id).await.state(), State::Failed);
    }
    let failed = feed_now(&plane, &feed.id).await;
    assert!(failed.last_error.contains("no calendar at this address"), "{}", failed.last_error);
    assert_eq!(meetings(&plane).await[0].state(), MeetingState::Scheduled);
    calendar.recovers();
    plane.pass(900).await;
    let well = feed_now(&plane, &feed.id).await;
    assert_eq!((well.state(), well.last_error.as_str(), well.meeting_count), (State::Read, "", 1));
}

async fn an_empty_calendar_is_not_believed(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = plane.now() + TimeDelta::days(2);
    let meeting = event("a", start, &format!("ATTENDEE:mailto:{ADA_MAIL}"));
    let calendar = Calendar::of(std::slice::from_ref(&meeting)).await;
    let feed = follow(&plane, &calendar, &calls(&plane).await).await;
    calendar.publish(&[]);
    plane.pass(60).await;
    let suspicious = feed_now(&plane, &feed.id).await;
    assert_eq!((suspicious.state(), suspicious.meeting_count), (State::Suspicious, 1));
    assert!(suspicious.last_error.contains("no event at all"), "{}", suspicious.last_error);
    plane.pass(60).await;
    assert_eq!(calendar.answers(), [200, 200, 200]);
    calendar.publish(&[meeting]);
    plane.pass(60).await;
    assert_eq!(feed_now(&plane, &feed.id).await.state(), State::Read);
}

async fn an_address_is_never_shown_and_a_wrong_one_is_refused(db: Database) {
    let (plane, _) = with_ada(db).await;
    let calendar = Calendar::of(&[]).await;
    let policy = calls(&plane).await;
    let feed = follow(&plane, &calendar, &policy).await;
    assert_eq!(feed.host, "127.0.0.1");
    assert!(!format!("{feed:?}").contains(callplane_tests::calendar::SECRET));
    let new = |url: &str| pb::CreateCalendarFeedRequest {
        calendar_feed: Some(pb::CalendarFeed {
            display_name: "Board".into(),
            policy_id: policy.id.clone(),
            ..Default::default()
        }),
        url: url.into(),
        ..Default::default()
    };
    let refused = plane.api.calendars().create_calendar_feed(new("ftp://example.com/x")).await.expect_err("no way");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let request = pb::DeleteCalendarFeedRequest { calendar_feed_id: feed.id.clone(), ..Default::default() };
    plane.api.calendars().delete_calendar_feed(request).await.expect("forgotten");
    let gone = plane.api.calendars().get_calendar_feed(pb::GetCalendarFeedRequest { calendar_feed_id: feed.id }).await;
    assert_eq!(gone.expect_err("gone").code(), Code::NotFound);
    plane.settle().await;
}

async fn a_thousand_events_are_taken_up(db: Database) {
    let (plane, _) = with_ada(db).await;
    let start = plane.now() + TimeDelta::hours(1);
    let line = format!("SUMMARY:Board|ATTENDEE:mailto:{ADA_MAIL}");
    let events: Vec<_> =
        (0..1_000).map(|n| event(&format!("uid-{n}"), start + TimeDelta::minutes(n * 15), &line)).collect();
    let calendar = Calendar::of(&events).await;
    let policy = plane.policy(usual()).await;
    let begun = std::time::Instant::now();
    let feed = follow(&plane, &calendar, &policy).await;
    eprintln!("a thousand events took {:?}", begun.elapsed());
    assert_eq!((feed.meeting_count, feed.skipped_count), (1_000, 0));
}
