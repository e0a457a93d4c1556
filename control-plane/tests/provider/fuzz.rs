//! Whatever a vendor sends: an outcome, never a panic, and never more certainty than there is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use callplane_control_plane::{
    domain::{outcome::Outcome, telephony::EndCall},
    provider::{Telephony, VoiceAgents},
};
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    elevenlabs::call,
    outward::{call_order, message_order},
    vendor::{self, CALL, MESSAGE, Vendor, answer},
};

const BODIES: usize = 10_000;

/// Bytes, text, JSON that is nearly right, and TwiML that is nearly right.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..100), vec(select(PIECES), 0..30).prop_map(|pieces| pieces.concat().into_bytes()),]
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "null",
    "-1",
    "99999999999999999999",
    "\\u0000",
    "é",
    "\0",
    "\"sid\":\"AC00000000000000000000000000000001\"",
    "\"status\":\"active\"",
    "\"start_time\":\"Fri, 32 Oct 2019\"",
    "\"duration\":\"x\"",
    "\"code\":",
    "\"detail\":",
    "\"sid\":\"CA00000000000000000000000000000001\"",
    "\"sid\":\"SM00000000000000000000000000000001\"",
    "\"account_sid\":\"AC00000000000000000000000000000001\"",
    "\"status\":\"queued\"",
    "\"direction\":\"outbound-api\"",
    "\"price\":\"-0.x\"",
    "\"price\":-1e400",
    "\"price_unit\":\"usd\"",
    "\"error_code\":30003",
    "\"code\":21220",
    "\"calls\":[",
    "\"messages\":[",
    "\"incoming_phone_numbers\":[",
    "\"next_page_uri\":\"//\"",
    "<Response",
    "</Response>",
    "<?xml",
    "?>",
];

#[tokio::test]
async fn ten_thousand_odd_answers_end_in_an_outcome() {
    let next = Arc::new(Mutex::new((200_u16, Vec::new())));
    let told = Arc::clone(&next);
    let vendor = Vendor::start(move |_| {
        let (status, body) = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answer(status, body)
    })
    .await;
    let clock = vendor::clock();
    let (twilio, elevenlabs) = (vendor::twilio(&clock), vendor::elevenlabs(&clock));
    let (call_sid, message_sid) = (CALL.parse().expect("a SID"), MESSAGE.parse().expect("a SID"));
    let mut runner = TestRunner::deterministic();
    let strategy = (prop_oneof![Just(200_u16), 200..600_u16], bodies());
    for round in 0..BODIES {
        let (status, body) = strategy.new_tree(&mut runner).expect("a strategy").current();
        *next.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.clone());
        // Past every pause of the circuit, so that each answer is really read.
        clock.advance(chrono::Duration::seconds(60));
        let access = vendor.access();
        let done = match round % 10 {
            4 => matches!(twilio.create_call(&access, &call_order()).await, Outcome::Done(_)),
            5 => matches!(twilio.send_message(&access, &message_order()).await, Outcome::Done(_)),
            6 => matches!(twilio.end_call(&access, &call_sid, EndCall::Cancel).await, Outcome::Done(_)),
            7 => matches!(twilio.read_message(&access, &message_sid).await, Outcome::Done(_)),
            8 => matches!(twilio.list_messages(&access, &Default::default(), None).await, Outcome::Done(_)),
            9 => matches!(twilio.read_call(&access, &call_sid).await, Outcome::Done(_)),
            0 => matches!(twilio.read_account(&access).await, Outcome::Done(_)),
            1 => matches!(twilio.list_calls(&access, &Default::default(), None).await, Outcome::Done(_)),
            2 => matches!(twilio.list_numbers(&access, None).await, Outcome::Done(_)),
            _ => matches!(
                elevenlabs.register_call(&vendor.key(), &call(), Duration::from_secs(5)).await,
                Outcome::Done(_)
            ),
        };
        assert!(!done || (200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&body));
    }
}
