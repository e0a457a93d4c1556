//! Twilio's client: credentials and forms as sent, and how every kind of answer ends.

use callplane_control_plane::{
    domain::{
        outcome::{Cause, Outcome, Refused},
        telephony::{AccountStatus, CallFilter, CallStatus, Cursor, NumberSeen, Webhooks},
    },
    provider::{Access, Credential, Telephony, twilio},
};
use tokio::net::TcpListener;

use crate::vendor::{self, ACCOUNT, Asked, CALL, MAIN, NUMBER, Reply, Vendor, answer};

fn account_body(status: &str) -> String {
    format!(
        r#"{{"sid":"{ACCOUNT}","status":"{status}","owner_account_sid":"{MAIN}","type":"Trial","auth_token":"never read"}}"#
    )
}

fn number_body() -> String {
    format!(
        r#"{{"sid":"{NUMBER}","account_sid":"{ACCOUNT}","phone_number":"+14155550123","capabilities":{{"voice":true,"sms":true}},
        "voice_url":"https://edge.example/twilio/voice","voice_method":"POST"}}"#
    )
}

fn wanted() -> Webhooks {
    Webhooks { voice_url: Some("https://edge.example/twilio/voice".to_owned()), ..Webhooks::default() }
}

fn number_seen() -> NumberSeen {
    NumberSeen {
        sid: NUMBER.parse().expect("a SID"),
        e164: "+14155550123".parse().expect("a number"),
        account_sid: ACCOUNT.parse().expect("a SID"),
        capabilities: Default::default(),
        webhooks: Webhooks::default(),
        all_post: true,
    }
}

fn cause<T: std::fmt::Debug>(outcome: &Outcome<T>) -> Cause {
    match outcome {
        Outcome::Refused(Refused { cause, .. }) => *cause,
        other => panic!("expected a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn an_account_is_read_with_its_own_token_and_its_token_in_the_answer_is_not() {
    let vendor = Vendor::always(answer(200, account_body("active"))).await;
    let outcome = vendor::twilio(&vendor::clock()).read_account(&vendor.access()).await;
    let Outcome::Done(seen) = outcome else { panic!("{outcome:?}") };
    assert_eq!((seen.status, seen.trial, seen.is_subaccount()), (AccountStatus::Active, true, true));
    let asked = &vendor.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", format!("/2010-04-01/Accounts/{ACCOUNT}.json").as_str())
    );
    // Basic, `ACCOUNT:s3cret-token`.
    assert_eq!(asked.header("authorization"), "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzM2NyZXQtdG9rZW4=");
    assert!(asked.header("user-agent").starts_with("callplane/"));
}

#[tokio::test]
async fn an_api_key_gives_its_own_name() {
    let vendor = Vendor::always(answer(200, account_body("active"))).await;
    let sid = "SK00000000000000000000000000000001".parse().expect("a SID");
    let access = Access { credential: Credential::ApiKey { sid, secret: "x".to_owned().into() }, ..vendor.access() };
    vendor::twilio(&vendor::clock()).read_account(&access).await;
    // Basic, `SK…01:x`.
    assert_eq!(vendor.asked()[0].header("authorization"), "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp4");
}

#[tokio::test]
async fn a_refused_subaccount_is_explained_by_its_main_account() {
    for (status, expected) in
        [("suspended", Cause::Suspended), ("closed", Cause::Closed), ("active", Cause::Credentials)]
    {
        let vendor = Vendor::start(move |asked| {
            match asked.header("authorization").contains("QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMj") {
                true => answer(200, account_body(status)),
                false => answer(401, r#"{"code":20003,"message":"Authenticate","status":401}"#),
            }
        })
        .await;
        let main = Access { account_sid: MAIN.parse().expect("a SID"), ..vendor.access() };
        let access = Access { parent: Some(Box::new(main)), ..vendor.access() };
        assert_eq!(cause(&vendor::twilio(&vendor::clock()).read_account(&access).await), expected, "{status}");
        assert_eq!(vendor.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_token_of_another_region_is_told_from_a_wrong_one() {
    let home = Vendor::always(answer(200, account_body("active"))).await;
    let ireland = Vendor::always(answer(401, r#"{"code":20003}"#)).await;
    let access = Access { region: Some("ie1".to_owned()), ..ireland.access() };
    let settings = twilio::Settings { home_base_url: Some(home.base_url.clone()), ..Default::default() };
    let client = twilio::Twilio::new(settings, vendor::clock()).expect("a client");
    assert_eq!(cause(&client.read_account(&access).await), Cause::WrongRegion);
    // Without a home to ask, credentials meant for this address are shown to no other.
    assert_eq!(cause(&vendor::twilio(&vendor::clock()).read_account(&access).await), Cause::Credentials);
}

#[tokio::test]
async fn a_standard_api_key_is_told_from_a_wrong_one() {
    let vendor = Vendor::start(|asked| match asked.path.ends_with("/IncomingPhoneNumbers.json") {
        true => answer(200, r#"{"incoming_phone_numbers":[]}"#),
        false => answer(401, r#"{"code":20003}"#),
    })
    .await;
    let sid = "SK00000000000000000000000000000001".parse().expect("a SID");
    let access = Access { credential: Credential::ApiKey { sid, secret: "x".to_owned().into() }, ..vendor.access() };
    assert_eq!(cause(&vendor::twilio(&vendor::clock()).read_account(&access).await), Cause::Permission);
}

#[tokio::test]
async fn webhooks_are_written_as_a_form_and_the_answer_is_what_is_there_now() {
    let vendor = Vendor::always(answer(200, number_body())).await;
    let client = vendor::twilio(&vendor::clock());
    let outcome = client.write_webhooks(&vendor.access(), &number_seen(), &wanted()).await;
    let Outcome::Done(now) = outcome else { panic!("{outcome:?}") };
    assert!(now.is_configured_as(&wanted()));
    let asked = &vendor.asked()[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.body, "VoiceUrl=https%3A%2F%2Fedge.example%2Ftwilio%2Fvoice&VoiceMethod=POST");
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    let again = client.write_webhooks(&vendor.access(), &now, &wanted()).await;
    assert!(matches!(again, Outcome::Done(_)));
    assert_eq!(vendor.asked().len(), 1, "the second time writes nothing");
}

#[tokio::test]
async fn a_number_is_found_by_equality_and_not_by_likeness() {
    let body = format!(r#"{{"incoming_phone_numbers":[{}],"next_page_uri":null}}"#, number_body());
    let vendor = Vendor::always(answer(200, body)).await;
    let client = vendor::twilio(&vendor::clock());
    let found = client.find_number(&vendor.access(), &"+14155550123".parse().expect("a number")).await;
    assert!(matches!(found, Outcome::Done(Some(_))));
    let found = client.find_number(&vendor.access(), &"+1415555012".parse().expect("a number")).await;
    assert_eq!(found, Outcome::Done(None));
    assert!(vendor.asked()[0].query.starts_with("PhoneNumber=%2B14155550123&"));
}

#[tokio::test]
async fn a_call_is_read_with_its_dates_and_its_length() {
    let body = format!(
        r#"{{"sid":"{CALL}","account_sid":"{ACCOUNT}","from":"+14155550199","to":"client:bob","status":"no-answer","direction":"inbound",
        "start_time":"Fri, 18 Oct 2019 17:02:00 +0000","end_time":"Fri, 18 Oct 2019 17:03:00 +0000","duration":"4","parent_call_sid":""}}"#
    );
    let vendor = Vendor::always(answer(200, body)).await;
    let outcome = vendor::twilio(&vendor::clock()).read_call(&vendor.access(), &CALL.parse().expect("a SID")).await;
    let Outcome::Done(call) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((call.status, call.duration_seconds, call.parent.clone()), (CallStatus::NoAnswer, Some(4), None));
    assert_eq!(call.end_time.expect("a date").to_rfc3339(), "2019-10-18T17:03:00+00:00");
    assert!(!format!("{outcome:?}").contains("5550199"));
}

#[tokio::test]
async fn a_list_is_followed_by_its_own_words_and_not_to_another_host() {
    let second = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize=200&Page=1&PageToken=PACA1");
    let first = format!(r#"{{"calls":[],"next_page_uri":"{second}"}}"#);
    let vendor = Vendor::start(move |asked| match asked.query.contains("PageToken") {
        true => answer(200, r#"{"calls":[],"next_page_uri":"https://evil.example/2010-04-01/Accounts.json"}"#),
        false => answer(200, first.clone()),
    })
    .await;
    let client = vendor::twilio(&vendor::clock());
    let filter = CallFilter { since: chrono::DateTime::from_timestamp(1_800_000_000, 0), ..CallFilter::default() };
    let Outcome::Done(page) = client.list_calls(&vendor.access(), &filter, None).await else { panic!("a page") };
    let next = page.next.expect("a second page");
    let outcome = client.list_calls(&vendor.access(), &filter, Some(&next)).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    let foreign = Cursor("https://evil.example/".to_owned());
    assert_eq!(cause(&client.list_calls(&vendor.access(), &filter, Some(&foreign)).await), Cause::Invalid);
    let asked = vendor.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].query, "StartTime%3E=2027-01-15T08%3A00%3A00Z&PageSize=200");
    assert_eq!(format!("{}?{}", asked[1].path, asked[1].query), second);
}

/// Every way an exchange can go wrong, and what may be concluded for a write.
#[tokio::test]
async fn a_write_is_refused_only_if_it_certainly_did_not_happen() {
    let redirect = Reply::Answer {
        status: 307,
        headers: vec![("location", "http://127.0.0.1:1/".to_owned())],
        body: Default::default(),
    };
    for (name, reply, certain) in [
        ("bad request", answer(400, r#"{"code":21405}"#), Some(Cause::Invalid)),
        ("too many", answer(429, r#"{"code":20429}"#), Some(Cause::RateLimited)),
        ("redirect", redirect, Some(Cause::Invalid)),
        ("server error", answer(503, r#"{"code":20503}"#), None),
        ("garbage", answer(200, "<html>\0"), None),
        ("another number", answer(200, number_body().replace(NUMBER, "PN00000000000000000000000000000009")), None),
        ("oversize", answer(200, vec![b' '; (1 << 20) + 1]), None),
        ("cut", Reply::Cut, None),
        ("cut within", Reply::CutWithin, None),
        ("silence", Reply::Silence, None),
    ] {
        let vendor = Vendor::always(reply).await;
        let client = vendor::twilio(&vendor::clock());
        let outcome = client.write_webhooks(&vendor.access(), &number_seen(), &wanted()).await;
        match certain {
            Some(expected) => assert_eq!(cause(&outcome), expected, "{name}"),
            None => assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome:?}"),
        }
        assert_eq!(vendor.asked().len(), 1, "{name}: asked once and never again");
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let access = Access { api_base_url: Some(base), ..vendor::access() };
    assert_eq!(cause(&vendor::twilio(&vendor::clock()).read_account(&access).await), Cause::Unreachable);
}

#[tokio::test]
async fn a_dead_regional_host_is_refused_before_anything_is_sent() {
    let access = Access { api_base_url: Some("https://api.ie1.twilio.com".to_owned()), ..vendor::access() };
    let outcome = vendor::twilio(&vendor::clock()).read_account(&access).await;
    let Outcome::Refused(refused) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refused.cause, refused.http_status), (Cause::Invalid, 0));
    assert!(refused.message.contains("api.dublin.ie1.twilio.com"), "{}", refused.message);
}

#[tokio::test]
async fn after_five_failures_the_vendor_is_left_alone_for_ten_seconds() {
    let vendor = Vendor::always(answer(500, "")).await;
    let clock = vendor::clock();
    let client = vendor::twilio(&clock);
    for _ in 0..5 {
        client.read_account(&vendor.access()).await;
    }
    assert_eq!(cause(&client.read_account(&vendor.access()).await), Cause::NotTried);
    let other = Access { account_sid: MAIN.parse().expect("a SID"), ..vendor.access() };
    assert!(matches!(client.read_account(&other).await, Outcome::Unknown(_)), "another account goes on");
    clock.advance(chrono::Duration::seconds(10));
    assert!(matches!(client.read_account(&vendor.access()).await, Outcome::Unknown(_)), "the probe");
    assert_eq!(vendor.asked().len(), 7);
}

#[tokio::test]
async fn a_wish_to_wait_is_granted() {
    let reply = Reply::Answer { status: 429, headers: vec![("retry-after", "7".to_owned())], body: Default::default() };
    let vendor = Vendor::always(reply).await;
    let clock = vendor::clock();
    let client = vendor::twilio(&clock);
    assert_eq!(cause(&client.read_account(&vendor.access()).await), Cause::RateLimited);
    assert_eq!(cause(&client.read_account(&vendor.access()).await), Cause::NotTried);
    clock.advance(chrono::Duration::seconds(7));
    assert_eq!(cause(&client.read_account(&vendor.access()).await), Cause::RateLimited);
}

#[tokio::test]
async fn one_silent_account_does_not_hold_up_another() {
    let vendor = Vendor::start(|asked: &Asked| match asked.path.contains(ACCOUNT) {
        true => Reply::Silence,
        false => answer(200, account_body("active").replace(ACCOUNT, MAIN)),
    })
    .await;
    let client = vendor::twilio(&vendor::clock());
    let access = vendor.access();
    let other = Access { account_sid: MAIN.parse().expect("a SID"), ..vendor.access() };
    let silent = futures::future::join_all((0..8).map(|_| client.read_account(&access)));
    let (silent, answered) = futures::join!(silent, client.read_account(&other));
    assert!(matches!(answered, Outcome::Done(_)));
    let unknown = silent.iter().filter(|outcome| matches!(outcome, Outcome::Unknown(_))).count();
    let not_tried =
        silent.iter().filter(|outcome| matches!(outcome, Outcome::Refused(r) if r.cause == Cause::NotTried)).count();
    assert_eq!((unknown + not_tried, unknown >= 4), (8, true), "four at a time: {silent:?}");
}
