//! Twilio's client on the way out: calls and messages as they are sent, and what may be concluded from each answer.

use std::{net::SocketAddr, sync::Arc};

use callplane_control_plane::{
    domain::{
        message::MessageStatus,
        outcome::{Cause, Outcome, Refused},
        seconds::Seconds,
        sid::CallSid,
        telephony::{CallFilter, CallOrder, CallStatus, EndCall, MessageFilter, MessageOrder},
    },
    provider::{Access, Telephony, mock::Mock, test_mode::TestMode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::vendor::{self, ACCOUNT, CALL, MAIN, MESSAGE, Reply, Vendor, answer};

pub fn call_order() -> CallOrder {
    CallOrder {
        to: "+14155550123".parse().expect("a number"),
        from: "+14155550199".parse().expect("a number"),
        url: "https://edge.example.com/twilio/voice/t1".to_owned(),
        fallback_url: "https://edge.example.com/twilio/fallback/t1".to_owned(),
        status_callback: "https://edge.example.com/twilio/status/t1#rc=2&rp=5xx,ct,rt".to_owned(),
        ring_timeout: CallOrder::RING_TIMEOUT,
        time_limit: Seconds(600),
        machine_detection: true,
    }
}

pub fn message_order() -> MessageOrder {
    MessageOrder {
        to: "whatsapp:+14155550123".into(),
        from: "whatsapp:+14155550199".into(),
        body: "Standup in 5 min & counting ☎".to_owned(),
        status_callback: "https://edge.example.com/twilio/message/status/t1".to_owned(),
        validity: Seconds(300),
    }
}

fn call_body(status: &str) -> String {
    format!(
        r#"{{"sid":"{CALL}","account_sid":"{ACCOUNT}","from":"+14155550199","to":"+14155550123","status":"{status}",
        "direction":"outbound-api","price":"-0.02000","price_unit":"USD"}}"#
    )
}

fn message_body(status: &str) -> String {
    format!(
        r#"{{"sid":"{MESSAGE}","account_sid":"{ACCOUNT}","from":"+14155550199","to":"+14155550123","body":"Hi","status":"{status}",
        "error_code":30003,"date_sent":"Fri, 18 Oct 2019 17:02:00 +0000","num_segments":"2","price":null,"price_unit":"USD"}}"#
    )
}

fn call_sid() -> CallSid {
    CALL.parse().expect("a SID")
}

fn cause<T: std::fmt::Debug>(outcome: &Outcome<T>) -> Cause {
    match outcome {
        Outcome::Refused(Refused { cause, .. }) => *cause,
        other => panic!("expected a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn a_call_is_ordered_with_everything_it_needs_and_nothing_is_recorded() {
    let vendor = Vendor::always(answer(201, call_body("queued"))).await;
    let outcome = vendor::twilio(&vendor::clock()).create_call(&vendor.access(), &call_order()).await;
    let Outcome::Done(call) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((call.status, call.sid.as_str()), (CallStatus::Queued, CALL));
    assert_eq!(call.price.map(|price| price.micros), Some(20_000));
    let asked = &vendor.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json").as_str())
    );
    assert_eq!(
        asked.body,
        "To=%2B14155550123&From=%2B14155550199&Url=https%3A%2F%2Fedge.example.com%2Ftwilio%2Fvoice%2Ft1&Method=POST\
        &FallbackUrl=https%3A%2F%2Fedge.example.com%2Ftwilio%2Ffallback%2Ft1&FallbackMethod=POST\
        &StatusCallback=https%3A%2F%2Fedge.example.com%2Ftwilio%2Fstatus%2Ft1%23rc%3D2%26rp%3D5xx%2Cct%2Crt\
        &StatusCallbackMethod=POST&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing\
        &StatusCallbackEvent=answered&StatusCallbackEvent=completed&Timeout=45&TimeLimit=600\
        &MachineDetection=DetectMessageEnd&MachineDetectionTimeout=15"
    );
}

#[tokio::test]
async fn what_was_not_ordered_is_not_sent() {
    let vendor = Vendor::always(answer(201, call_body("queued"))).await;
    let order = CallOrder { fallback_url: String::new(), machine_detection: false, ..call_order() };
    vendor::twilio(&vendor::clock()).create_call(&vendor.access(), &order).await;
    let body = &vendor.asked()[0].body;
    assert!(!body.contains("Fallback") && !body.contains("Machine") && !body.contains("Record"), "{body}");
    assert!(body.ends_with("&Timeout=45&TimeLimit=600"), "{body}");
}

#[tokio::test]
async fn a_call_is_taken_back_or_hung_up() {
    for (how, form) in [(EndCall::Cancel, "Status=canceled"), (EndCall::HangUp, "Status=completed")] {
        let vendor = Vendor::always(answer(200, call_body("canceled"))).await;
        let outcome = vendor::twilio(&vendor::clock()).end_call(&vendor.access(), &call_sid(), how).await;
        assert!(matches!(&outcome, Outcome::Done(call) if call.status == CallStatus::Canceled), "{outcome:?}");
        let asked = vendor.asked();
        assert_eq!((asked.len(), asked[0].body.as_str()), (1, form));
        assert_eq!(asked[0].path, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"));
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_ended_any_more_is_shown_as_it_is() {
    for status in ["in-progress", "completed"] {
        let vendor = Vendor::start(move |asked| match asked.method.as_str() {
            "POST" => answer(400, r#"{"code":21220,"status":400}"#),
            _ => answer(200, call_body(status)),
        })
        .await;
        let outcome = vendor::twilio(&vendor::clock()).end_call(&vendor.access(), &call_sid(), EndCall::Cancel).await;
        let Outcome::Done(call) = &outcome else { panic!("{outcome:?}") };
        assert_eq!(serde_json::to_value(call.status).expect("a word"), status);
    }
}

#[tokio::test]
async fn a_message_is_ordered_and_read_and_looked_for() {
    let vendor = Vendor::start(|asked| match (asked.method.as_str(), asked.path.ends_with("/Messages.json")) {
        ("GET", true) => answer(200, format!(r#"{{"messages":[{}],"next_page_uri":null}}"#, message_body("on-hold"))),
        ("GET", false) => answer(200, message_body("undelivered")),
        _ => answer(201, message_body("queued")),
    })
    .await;
    let client = vendor::twilio(&vendor::clock());
    let Outcome::Done(sent) = client.send_message(&vendor.access(), &message_order()).await else { panic!("sent") };
    assert_eq!((sent.status, sent.price), (Some(MessageStatus::Queued), None));
    let Outcome::Done(read) = client.read_message(&vendor.access(), &sent.sid).await else { panic!("read") };
    assert_eq!((read.status, read.error_code, read.segments), (Some(MessageStatus::Undelivered), 30003, Some(2)));
    let filter = MessageFilter {
        to: Some(message_order().to),
        from: Some(message_order().from),
        since: chrono::DateTime::from_timestamp(1_800_000_000, 0),
    };
    let Outcome::Done(page) = client.list_messages(&vendor.access(), &filter, None).await else { panic!("a page") };
    assert_eq!(page.items[0].status, None, "a word we do not know");
    let asked = vendor.asked();
    assert_eq!(
        asked[0].body,
        "To=whatsapp%3A%2B14155550123&From=whatsapp%3A%2B14155550199&Body=Standup+in+5+min+%26+counting+%E2%98%8E\
        &StatusCallback=https%3A%2F%2Fedge.example.com%2Ftwilio%2Fmessage%2Fstatus%2Ft1&ValidityPeriod=300"
    );
    assert_eq!(
        asked[2].query,
        "To=whatsapp%3A%2B14155550123&From=whatsapp%3A%2B14155550199&DateSent%3E=2027-01-15T08%3A00%3A00Z&PageSize=200"
    );
}

/// Every way the creation of a call or message can go wrong, and what may be concluded.
#[tokio::test]
async fn nothing_was_placed_only_if_that_is_certain() {
    for (name, reply, certain) in [
        ("bad number", answer(400, r#"{"code":21211}"#), Some(Cause::Invalid)),
        ("suspended", answer(403, r#"{"code":20005}"#), Some(Cause::Suspended)),
        ("too many", answer(429, r#"{"code":20429}"#), Some(Cause::RateLimited)),
        ("server error", answer(500, r#"{"code":20500}"#), None),
        ("bad gateway", answer(502, "<html>"), None),
        ("garbage", answer(201, "<html>\0"), None),
        ("another account", answer(201, call_body("queued").replace(ACCOUNT, MAIN)), None),
        ("cut", Reply::Cut, None),
        ("cut within", Reply::CutWithin, None),
        ("silence", Reply::Silence, None),
    ] {
        let vendor = Vendor::always(reply).await;
        let client = vendor::twilio(&vendor::clock());
        let call = client.create_call(&vendor.access(), &call_order()).await.map(drop);
        let message = client.send_message(&vendor.access(), &message_order()).await.map(drop);
        for outcome in [call, message] {
            match certain {
                Some(expected) => assert_eq!(cause(&outcome), expected, "{name}"),
                None => assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome:?}"),
            }
        }
        assert_eq!(vendor.asked().len(), 2, "{name}: each asked once and never again");
    }
}

#[tokio::test]
async fn without_a_connection_nobody_was_rung() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let client = vendor::twilio(&vendor::clock());
    let at = |base: String| Access { api_base_url: Some(base), ..vendor::access() };
    for (base, expected) in [
        (format!("http://{address}"), Cause::Unreachable),
        (format!("https://{}", without_tls().await), Cause::Insecure),
        ("https://twilio.invalid".to_owned(), Cause::NoAddress),
    ] {
        assert_eq!(cause(&client.create_call(&at(base), &call_order()).await), expected);
    }
}

/// Somebody who does not speak TLS, and says so.
async fn without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        // All of the greeting is read: closing with unread bytes would reset the connection.
        let mut greeting = [0; 4096];
        drop(stream.read(&mut greeting).await);
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await);
        drop(stream.read(&mut greeting).await);
    });
    address
}

/// What follows a call or a message that was not really sent goes the way it would.
async fn tells_the_whole_story(telephony: &dyn Telephony, access: &Access) {
    let Outcome::Done(call) = telephony.create_call(access, &call_order()).await else { panic!("placed") };
    assert_eq!(call.status, CallStatus::Queued);
    assert_eq!(telephony.create_call(access, &call_order()).await, Outcome::Done(call.clone()), "the same order");
    let filter = CallFilter { to: Some(call_order().to), from: Some(call_order().from), ..CallFilter::default() };
    let Outcome::Done(page) = telephony.list_calls(access, &filter, None).await else { panic!("a page") };
    assert_eq!(page.items[0], call);
    let Outcome::Done(ended) = telephony.end_call(access, &call.sid, EndCall::HangUp).await else { panic!("ended") };
    assert_eq!(ended.status, CallStatus::Canceled);
    assert_eq!(telephony.read_call(access, &call.sid).await, Outcome::Done(ended));

    let Outcome::Done(message) = telephony.send_message(access, &message_order()).await else { panic!("sent") };
    assert_eq!(telephony.read_message(access, &message.sid).await, Outcome::Done(message.clone()));
    let filter = MessageFilter { to: Some(message_order().to), ..MessageFilter::default() };
    let Outcome::Done(page) = telephony.list_messages(access, &filter, None).await else { panic!("a page") };
    assert_eq!(page.items[0], message);
    assert!(telephony.is_simulated());
}

#[tokio::test]
async fn the_mock_places_calls_without_a_socket() {
    tells_the_whole_story(&Mock::default(), &vendor::access()).await;
    assert_eq!(
        cause(&Mock::default().end_call(&vendor::access(), &call_sid(), EndCall::Cancel).await),
        Cause::NotFound
    );
}

#[tokio::test]
async fn test_mode_posts_nothing_and_ends_no_real_call() {
    let vendor = Vendor::start(|asked| match asked.path.rsplit('/').next().unwrap_or_default() {
        "Calls.json" => answer(200, r#"{"calls":[]}"#),
        "Messages.json" => answer(200, format!(r#"{{"messages":[{}]}}"#, message_body("sent"))),
        _ => answer(200, call_body("in-progress")),
    })
    .await;
    let test_mode = TestMode::new(vendor::twilio(&vendor::clock()), Arc::default());
    tells_the_whole_story(&test_mode, &vendor.access()).await;
    let Outcome::Done(real) = test_mode.end_call(&vendor.access(), &call_sid(), EndCall::HangUp).await else {
        panic!("read")
    };
    assert_eq!(real.status, CallStatus::InProgress);
    assert!(vendor.asked().iter().all(|asked| asked.method == "GET"), "{:?}", vendor.asked());
}
