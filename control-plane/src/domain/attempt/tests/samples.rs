//! What was ever stored still loads.

use super::*;

/// A call in the middle of everything, with each field filled.
const STORED: &str = include_str!("stored.json");

fn full() -> Attempt {
    let check = crate::domain::guard::Check {
        guard: crate::domain::guard::Guard::Window,
        passed: true,
        saw: "open for another 120 s".into(),
    };
    let talk = Talk {
        text: "The board meets".into(),
        menu: "Press 1".into(),
        language: "en-GB".into(),
        voice: "alice".into(),
        asks: true,
        offers_opt_out: true,
    };
    Attempt {
        content: Content::Talk(talk),
        account_id: Some(account(6)),
        phone_number_id: Some(PhoneNumberId::from_uuid(Uuid::from_u128(7))),
        from: Some("+15005550006".parse().expect("a number")),
        avoided: vec![account(5)],
        verdict: Verdict { checks: vec![check] },
        work: Work::Over,
        round: 4,
        tries: 2,
        owes_slot: false,
        vendor_sid: "CA00000000000000000000000000000001".into(),
        call_id: Some(CallId::from_uuid(Uuid::from_u128(8))),
        message_id: Some(MessageId::from_uuid(Uuid::from_u128(9))),
        heard: Heard {
            call: Some(call::Status::Completed),
            message: Some(MessageStatus::Sent),
            answered_by: "human".into(),
            key: "1".into(),
            error_code: 30003,
        },
        menus: 1,
        withdrawn: "resolved".into(),
        ending: Some(Ending::Answered),
        reason: "because".into(),
        error: "for people".into(),
        error_code: 30003,
        simulated: true,
        cost_micros: 14_000,
        begin_time: Some(begin()),
        end_time: Some(wall()),
        version: 7,
        ..attempt(Channel::Voice)
    }
}

#[test]
fn a_stored_attempt_still_loads_and_is_written_as_it_was() {
    let loaded: Attempt = serde_json::from_str(STORED).expect("loads");
    assert_eq!(loaded, full());
    let stored: serde_json::Value = serde_json::from_str(STORED).expect("JSON");
    assert_eq!(serde_json::to_value(full()).expect("plain"), stored);
}

#[test]
fn every_stored_place_of_an_attempt_still_loads() {
    let later = wall();
    for (stored, work) in [
        (r#"{"state":"waiting","until":"2026-08-04T09:00:00Z"}"#, Work::Waiting { until: later }),
        (r#"{"state":"creating"}"#, Work::Creating),
        (
            r#"{"state":"doubtful","looks":1,"until":"2026-08-04T09:00:00Z"}"#,
            Work::Doubtful { looks: 1, absent: 0, until: later },
        ),
        (
            r#"{"state":"doubtful","looks":1,"absent":1,"until":"2026-08-04T09:00:00Z"}"#,
            Work::Doubtful { looks: 1, absent: 1, until: later },
        ),
        (r#"{"state":"looking","looks":2}"#, Work::Looking { looks: 2, absent: 0 }),
        (r#"{"state":"looking","looks":2,"absent":1}"#, Work::Looking { looks: 2, absent: 1 }),
        (r#"{"state":"placed","watch":"2026-08-04T09:00:00Z"}"#, Work::Placed { watch: Some(later) }),
        (r#"{"state":"placed","watch":null}"#, Work::Placed { watch: None }),
        (
            r#"{"state":"ending","tries":3,"again":"2026-08-04T09:00:00Z"}"#,
            Work::Ending { tries: 3, again: Some(later) },
        ),
        (r#"{"state":"over"}"#, Work::Over),
    ] {
        assert_eq!(serde_json::from_str::<Work>(stored).expect(stored), work);
    }
}

#[test]
fn every_stored_price_and_other_call_still_loads() {
    let later = wall();
    for (stored, pricing) in [
        (r#"{"state":"estimated"}"#, Pricing::Estimated),
        (r#"{"state":"due","looks":2,"at":"2026-08-04T09:00:00Z"}"#, Pricing::Due { looks: 2, at: later }),
        (r#"{"state":"asking","looks":2}"#, Pricing::Asking { looks: 2 }),
        (r#"{"state":"known"}"#, Pricing::Known),
    ] {
        assert_eq!(serde_json::from_str::<Pricing>(stored).expect(stored), pricing);
    }
    let stored =
        r#"{"sid":"CA2","account_id":"acc_00000000000000000000000009","tries":3,"again":"2026-08-04T09:00:00Z"}"#;
    let stray: Stray = serde_json::from_str(stored).expect("loads");
    assert_eq!(stray, Stray { sid: "CA2".into(), account_id: account(9), tries: 3, again: Some(later) });
}

#[test]
fn every_stored_content_still_loads() {
    for stored in
        [r#"{"talk":{"text":"Hello"}}"#, r#"{"text":"Hello"}"#, r#"{"mail":{"subject":"Hello","text":"Hello"}}"#]
    {
        let content: Content = serde_json::from_str(stored).expect(stored);
        assert!(!format!("{content:?}").contains("Hello"), "what people tell each other is not logged");
    }
}

#[test]
fn nothing_personal_is_shown() {
    let shown = format!("{:?}", full());
    assert!(!shown.contains("+14155550155") && !shown.contains("board meets"), "{shown}");
    assert!(shown.contains("****0155"));
    assert_eq!(Address("ada@example.com".into()).masked(), "****@example.com");
}
