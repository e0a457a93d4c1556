//! Calendars as the API writes them: read into the domain's words and shown from them.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        calendar::{FeedUrl, Reach},
        calendar_feed::{CalendarFeed, SkippedEvents, State},
        error::{Error, Result},
    },
    flow::calendar_feed::NewFeed,
    rpc::{
        read::{each, parse, parse_or_none},
        show,
    },
};

/// A new calendar. Fields that the server sets are not looked at.
pub fn new_feed(feed: pb::CalendarFeed, url: &str, reach: Reach) -> Result<NewFeed> {
    let pb::CalendarFeed {
        id: _,
        display_name,
        policy_id,
        time_zone,
        stand_in_ids,
        host: _,
        state: _,
        last_error: _,
        meeting_count: _,
        skipped_count: _,
        look_time: _,
        etag: _,
        create_time: _,
        update_time: _,
        skipped: _,
    } = feed;
    let in_feed = |error: Error| error.within("calendar_feed");
    Ok(NewFeed {
        display_name,
        policy_id: parse("policy_id", &policy_id).map_err(in_feed)?,
        time_zone: parse_or_none("time_zone", &time_zone).map_err(in_feed)?,
        stand_ins: each("stand_in_ids", stand_in_ids, |id| parse("", &id)).map_err(in_feed)?,
        url: FeedUrl::read("url", url, reach)?,
    })
}

/// A calendar as the API shows it.
pub fn shown(feed: CalendarFeed, ahead: i64) -> pb::CalendarFeed {
    pb::CalendarFeed {
        id: feed.id.to_string(),
        skipped_count: show::count(feed.skipped_count().into()),
        skipped: feed.skipped.into_iter().map(shown_skipped).collect(),
        display_name: feed.display_name,
        policy_id: feed.policy_id.to_string(),
        time_zone: feed.time_zone.map(String::from).unwrap_or_default(),
        stand_in_ids: feed.stand_ins.iter().map(ToString::to_string).collect(),
        host: feed.host,
        state: shown_state(feed.state).into(),
        last_error: feed.last_error,
        meeting_count: show::count(ahead),
        look_time: feed.look_time.map(show::moment),
        etag: show::etag(feed.version),
        create_time: Some(show::moment(feed.create_time)),
        update_time: Some(show::moment(feed.update_time)),
    }
}

fn shown_skipped(skipped: SkippedEvents) -> pb::SkippedEvents {
    let SkippedEvents { reason, count, line } = skipped;
    pb::SkippedEvents { reason, count: show::count(count.into()), line: show::count(line.into()) }
}

fn shown_state(state: State) -> pb::CalendarFeedState {
    match state {
        State::Pending => pb::CalendarFeedState::Pending,
        State::Read => pb::CalendarFeedState::Read,
        State::Failed => pb::CalendarFeedState::Failed,
        State::Suspicious => pb::CalendarFeedState::Suspicious,
    }
}
