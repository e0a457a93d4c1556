//! ElevenLabs' client: the announcement of a call as sent, and which answers are handed on.

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        outcome::{Cause, Outcome},
        phone_number::attachment::{ImportId, ImportOrder},
    },
    provider::{Access, AgentCallDirection, Credential, RegisterCall, VoiceAgents},
};

use crate::vendor::{self, Reply, Vendor, answer};

const TWIML: &str =
    r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://x/"/></Connect></Response>"#;
const SOON: Duration = Duration::from_millis(400);

pub fn call() -> RegisterCall {
    RegisterCall {
        agent_id: "agent_01".to_owned(),
        from: "+14155550199".into(),
        to: "+14155550123".into(),
        direction: AgentCallDirection::Inbound,
        dynamic_variables: [("callplane_call_id".to_owned(), "call_01".to_owned())].into(),
    }
}

#[tokio::test]
async fn a_call_is_announced_and_the_twiml_comes_back_unchanged() {
    for body in [TWIML.to_owned(), serde_json::to_string(TWIML).expect("a string")] {
        let vendor = Vendor::always(answer(200, body)).await;
        let client = vendor::elevenlabs(&vendor::clock());
        assert_eq!(client.register_call(&vendor.key(), &call(), SOON).await, Outcome::Done(TWIML.to_owned()));
        let asked = &vendor.asked()[0];
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/convai/twilio/register-call"));
        assert_eq!(asked.header("xi-api-key"), "xi-secret");
        let sent: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(sent["direction"], "inbound");
        assert_eq!(sent["conversation_initiation_client_data"]["dynamic_variables"]["callplane_call_id"], "call_01");
    }
}

#[tokio::test]
async fn nothing_but_twiml_is_handed_on() {
    for (name, reply) in [
        ("json", answer(200, r#"{"twiml":"<Response/>"}"#)),
        ("html", answer(200, "<html></html>")),
        ("oversize", answer(200, vec![b' '; (1 << 20) + 1])),
        ("server error", answer(500, TWIML)),
        ("cut", Reply::Cut),
        ("silence", Reply::Silence),
    ] {
        let vendor = Vendor::always(reply).await;
        let outcome = vendor::elevenlabs(&vendor::clock()).register_call(&vendor.key(), &call(), SOON).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_why_without_the_vendors_words() {
    let body = r#"{"detail":[{"loc":["body","to_number"],"msg":"+14155550123 is bad","type":"value"}]}"#;
    let vendor = Vendor::always(answer(422, body)).await;
    let outcome = vendor::elevenlabs(&vendor::clock()).register_call(&vendor.key(), &call(), SOON).await;
    let Outcome::Refused(refused) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refused.cause, Cause::Invalid);
    assert!(!refused.message.contains("5550123"), "{}", refused.message);
}

#[tokio::test]
async fn an_agent_that_does_not_speak_telephone_audio_is_seen_to() {
    for (output, expected) in [("ulaw_8000", true), ("pcm_16000", false)] {
        let body = format!(
            r#"{{"agent_id":"agent_01","name":"Reception","conversation_config":{{"asr":{{"user_input_audio_format":"ulaw_8000"}},"tts":{{"agent_output_audio_format":"{output}"}}}}}}"#
        );
        let vendor = Vendor::always(answer(200, body)).await;
        let outcome = vendor::elevenlabs(&vendor::clock()).get_agent(&vendor.key(), "agent_01").await;
        let Outcome::Done(agent) = outcome else { panic!("{outcome:?}") };
        assert_eq!(agent.telephone_audio, expected);
    }
}

#[tokio::test]
async fn an_agent_id_cannot_leave_its_place_in_the_path() {
    let vendor = Vendor::always(answer(200, "{}")).await;
    let client = vendor::elevenlabs(&vendor::clock());
    for bad in ["", "..", "a/b", "a?b", "%2e%2e", "é"] {
        assert!(matches!(client.get_agent(&vendor.key(), bad).await, Outcome::Refused(_)), "{bad}");
    }
    assert!(vendor.asked().is_empty());
}

fn order() -> ImportOrder {
    ImportOrder {
        e164: "+14155550123".parse().expect("a number"),
        label: "Callplane num_01".to_owned(),
        vendor_agent_id: "agent_01".to_owned(),
    }
}

#[tokio::test]
async fn an_import_hands_over_the_auth_token_and_nothing_else_will_do() {
    let vendor = Vendor::always(answer(200, r#"{"phone_number_id":"phnum_01"}"#)).await;
    let client = vendor::elevenlabs(&vendor::clock());
    let outcome = client.import_number(&vendor.key(), &vendor::access(), &order()).await;
    assert_eq!(outcome, Outcome::Done(ImportId("phnum_01".to_owned())));
    let sent: serde_json::Value = serde_json::from_str(&vendor.asked()[0].body).expect("JSON");
    assert_eq!((&sent["sid"], &sent["token"]), (&vendor::ACCOUNT.into(), &"s3cret-token".into()));
    assert_eq!((&sent["label"], &sent["agent_id"]), (&"Callplane num_01".into(), &"agent_01".into()));

    let key = "SK00000000000000000000000000000001".parse().expect("a SID");
    let credential = Credential::ApiKey { sid: key, secret: "key-secret".to_owned().into() };
    let outcome = client.import_number(&vendor.key(), &Access { credential, ..vendor::access() }, &order()).await;
    let Outcome::Refused(refused) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refused.cause, vendor.asked().len()), (Cause::Credentials, 1));
}

#[tokio::test]
async fn numbers_are_read_whatever_else_they_say_and_what_is_no_telephone_number_is_left_out() {
    let body = r#"[
        {"provider":"twilio","phone_number":"+14155550123","label":"One","phone_number_id":"phnum_01","assigned_agent":{"agent_id":"agent_01","agent_name":"A","branch_id":"b"},"new":[1]},
        {"provider":"sip_trunk","phone_number":"+14155550124","phone_number_id":"phnum_02","assigned_agent":null},
        {"provider":"sip_trunk","phone_number":"reception","label":"SIP user","phone_number_id":"phnum_03"}
    ]"#;
    let vendor = Vendor::always(answer(200, body)).await;
    let outcome = vendor::elevenlabs(&vendor::clock()).list_imports(&vendor.key()).await;
    let Outcome::Done(seen) = outcome else { panic!("{outcome:?}") };
    let agents: Vec<_> = seen.iter().map(|one| (one.vendor_agent_id.as_deref(), one.is_twilio)).collect();
    assert_eq!(agents, [(Some("agent_01"), true), (None, false)]);
}

#[tokio::test]
async fn another_number_than_the_one_asked_for_is_not_believed() {
    let body = r#"{"provider":"twilio","phone_number":"+14155550123","phone_number_id":"phnum_02"}"#;
    let vendor = Vendor::always(answer(200, body)).await;
    let client = vendor::elevenlabs(&vendor::clock());
    let id = ImportId("phnum_01".to_owned());
    assert!(matches!(client.read_import(&vendor.key(), &id).await, Outcome::Unknown(_)));
    assert!(matches!(client.assign_import(&vendor.key(), &id, None).await, Outcome::Unknown(_)));
    let bad = ImportId("../agents".to_owned());
    assert!(matches!(client.delete_import(&vendor.key(), &bad).await, Outcome::Refused(_)));
    assert_eq!(vendor.asked().len(), 2);
}

#[tokio::test]
async fn imports_that_fail_do_not_keep_callers_from_being_announced() {
    let vendor = Vendor::start(|asked| match asked.path.ends_with("/register-call") {
        true => answer(200, TWIML),
        false => answer(500, ""),
    })
    .await;
    let client = vendor::elevenlabs(&vendor::clock());
    for _ in 0..10 {
        let outcome = client.import_number(&vendor.key(), &vendor::access(), &order()).await;
        assert!(!matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
    assert!(vendor.asked().len() < 10, "the desk gives up for a while");
    assert_eq!(client.register_call(&vendor.key(), &call(), SOON).await, Outcome::Done(TWIML.to_owned()));
}
