//! Calendar feeds: what is sent, which answers are handed on, and where no request goes.

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        calendar::{FeedUrl, Reach},
        outcome::{Cause, Outcome, why},
    },
    provider::calendar::{CalendarFeeds, Fetched, HttpFeeds},
};

use crate::vendor::{self, Reply, Vendor, answer};

const SOON: Duration = Duration::from_millis(400);
const TEXT: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
const DATE: &str = "Wed, 11 Mar 2026 09:00:00 GMT";

fn feeds(reach: Reach) -> HttpFeeds {
    HttpFeeds::new(reach, vendor::clock()).expect("a client")
}

fn at(base: &str) -> FeedUrl {
    FeedUrl::read("url", &format!("{base}/private-s3cret/basic.ics?key=s3cret"), Reach::Anywhere).expect("an address")
}

async fn asked_for(vendor: &Vendor) -> Outcome<Fetched> {
    feeds(Reach::Anywhere).fetch(&at(&vendor.base_url), None, None, SOON).await
}

fn with_headers(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Reply {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Reply::Answer { status, headers, body: body.into() }
}

#[tokio::test]
async fn a_feed_comes_with_what_it_takes_to_ask_again_and_costs_nothing_until_it_changes() {
    let vendor = Vendor::start(|asked| match asked.header("if-none-match") {
        "\"v1\"" => answer(304, ""),
        _ => with_headers(200, &[("etag", "\"v1\""), ("last-modified", DATE)], TEXT),
    })
    .await;
    let Outcome::Done(Fetched::Body { text, etag, last_modified }) = asked_for(&vendor).await else { panic!("a feed") };
    assert_eq!((text.as_str(), etag.as_deref(), last_modified.as_deref()), (TEXT, Some("\"v1\""), Some(DATE)));
    let feeds = feeds(Reach::Anywhere);
    let again = feeds.fetch(&at(&vendor.base_url), etag.as_deref(), last_modified.as_deref(), SOON).await;
    assert_eq!(again, Outcome::Done(Fetched::NotModified));
    let asked = vendor.asked();
    assert_eq!((asked.len(), asked[0].header("if-none-match"), asked[1].header("if-modified-since")), (2, "", DATE));
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("GET", "/private-s3cret/basic.ics"));
    assert!(asked[0].header("accept").starts_with("text/calendar"));
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_keeps_the_address() {
    for (reply, cause, says) in [
        (answer(404, "gone"), Cause::NotFound, "no calendar at this address"),
        (answer(410, ""), Cause::NotFound, "no calendar at this address"),
        (answer(401, ""), Cause::Permission, "may not be read"),
        (answer(429, ""), Cause::RateLimited, "asks to wait"),
        (answer(418, ""), Cause::Invalid, "answered 418"),
        (answer(204, ""), Cause::Invalid, "answered 204"),
        (answer(304, ""), Cause::Invalid, "answered 304"),
        (
            with_headers(302, &[("location", "https://b.example/s3cret")], ""),
            Cause::Invalid,
            "at b.example: give the one",
        ),
        (answer(200, &b"SUMMARY:\xff"[..]), Cause::Invalid, "not text in UTF-8"),
        (answer(200, vec![b' '; (8 << 20) + 1]), Cause::Invalid, "larger than 8 MiB"),
    ] {
        let vendor = Vendor::always(reply).await;
        let outcome = feeds(Reach::Anywhere).fetch(&at(&vendor.base_url), None, None, Duration::from_secs(10)).await;
        let Outcome::Refused(refused) = outcome else { panic!("{says}: {outcome:?}") };
        assert_eq!(refused.cause, cause, "{}", refused.message);
        assert!(refused.message.contains(says) && !refused.message.contains("s3cret"), "{}", refused.message);
        assert_eq!(vendor.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_host_that_is_slow_or_broken_leaves_doubt() {
    for reply in [Reply::Silence, Reply::Cut, Reply::CutWithin, answer(503, "")] {
        let vendor = Vendor::always(reply).await;
        let outcome = asked_for(&vendor).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    }
    let vendor = Vendor::always(Reply::Silence).await;
    assert_eq!(asked_for(&vendor).await, Outcome::Unknown(why::LATE.to_owned()));
}

#[tokio::test]
async fn nothing_is_asked_of_this_machine_or_its_neighbours() {
    let vendor = Vendor::always(answer(200, TEXT)).await;
    let port = vendor.base_url.rsplit_once(':').expect("a port").1;
    let feeds = feeds(Reach::Public);
    for host in ["http://127.0.0.1", "https://127.0.0.1", "https://[::1]", "https://2130706433", "https://localhost"] {
        let outcome = feeds.fetch(&at(&format!("{host}:{port}")), None, None, SOON).await;
        let Outcome::Refused(refused) = outcome else { panic!("{host}: {outcome:?}") };
        assert_eq!(refused.cause, Cause::Invalid, "{host}");
        assert!(!refused.message.contains("s3cret"), "{}", refused.message);
    }
    assert!(vendor.asked().is_empty());
}

#[test]
fn a_feed_shows_its_size_only() {
    let body = Fetched::Body { text: "SUMMARY:s3cret".to_owned(), etag: None, last_modified: None };
    assert_eq!(format!("{body:?}"), "Body { bytes: 14, etag: None, last_modified: None }");
}
