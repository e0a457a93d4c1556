//! Whatever a vendor sends: an outcome, never a panic, and never more certainty than there is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use callplane_control_plane::{
    domain::outcome::Outcome,
    provider::{Telephony, VoiceAgents},
};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    elevenlabs::call,
    vendor::{self, Vendor, answer},
};

const BODIES: usize = 10_000;

/// Bytes, text, JSON that is nearly right, and TwiML that is nearly right.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just(",".to_owned()),
        Just("\"sid\":\"AC00000000000000000000000000000001\"".to_owned()),
        Just("\"status\":\"active\"".to_owned()),
        Just("\"code\":".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("null".to_owned()),
        Just("\"detail\":".to_owned()),
        Just("\"calls\":[".to_owned()),
        Just("\"next_page_uri\":\"//\"".to_owned()),
        Just("<Response".to_owned()),
        Just("</Response>".to_owned()),
        Just("<?xml".to_owned()),
        Just("?>".to_owned()),
        Just("\"".to_owned()),
        Just("\\u0000".to_owned()),
        Just("é".to_owned()),
        Just("\"start_time\":\"Fri, 32 Oct 2019\"".to_owned()),
        "\\PC{0,20}",
    ];
    prop_oneof![vec(any::<u8>(), 0..200), vec(pieces, 0..30).prop_map(|pieces| pieces.concat().into_bytes()),]
}

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
    let mut runner = TestRunner::deterministic();
    let strategy = (prop_oneof![Just(200_u16), 200..600_u16], bodies());
    for round in 0..BODIES {
        let (status, body) = strategy.new_tree(&mut runner).expect("a strategy").current();
        *next.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.clone());
        // Past every pause of the circuit, so that each answer is really read.
        clock.advance(chrono::Duration::seconds(60));
        let access = vendor.access();
        let done = match round % 4 {
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
