//! ElevenLabs' client: the announcement of a call as sent, and which answers are handed on.

use std::time::Duration;

use callplane_control_plane::{
    domain::outcome::{Cause, Outcome},
    provider::{AgentCallDirection, RegisterCall, VoiceAgents},
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
