//! Inbound messages, and what their answers do.

use callplane_simulator::signature::sign;
use callplane_simulator::{
    Delivery, DeliveryRule, InboundMessage, Kind, LedgerFilter, MessageFate, NewAccount, NewNumber, Simulator,
    SimulatorHandle, SimulatorOptions,
};

use crate::host::Host;

const OURS: &str = "+15550100001";
const WRITER: &str = "+15550100099";

async fn scene() -> (SimulatorHandle, Host) {
    let simulator = Simulator::start(SimulatorOptions::default()).await.expect("a free port");
    let host = Host::start().await;
    let account = simulator.add_account(NewAccount::default()).expect("a new account");
    let number = NewNumber {
        sms_url: Some(host.url("/sms")),
        sms_fallback_url: Some(host.url("/sms-fallback")),
        ..NewNumber::new(OURS, &account.sid)
    };
    simulator.add_number(number).expect("a new number");
    (simulator, host)
}

fn message(body: &str) -> InboundMessage {
    InboundMessage { to: OURS.into(), from: WRITER.into(), body: body.into(), ..InboundMessage::default() }
}

#[tokio::test]
async fn an_inbound_message_is_signed_and_the_answer_is_sent_back() {
    let (simulator, host) = scene().await;
    host.says("/sms", r#"<Message statusCallback="/sent">Thanks</Message>"#);
    let transcript = simulator.send_inbound_message(message("Hello & more")).await.expect("the message arrives");
    assert_eq!(transcript.replies, ["Thanks"]);
    simulator.settle().await;
    let received = &host.at("/sms")[0];
    assert_eq!((received.value("Body"), received.value("SmsStatus")), (Some("Hello & more"), Some("received")));
    let signature = sign(&simulator.accounts()[0].auth_token, &host.url("/sms"), &received.form);
    assert_eq!(received.header("x-twilio-signature"), Some(signature.as_str()));
    assert_eq!(host.at("/sent").len(), 2);
    assert_eq!(simulator.ledger_of(&LedgerFilter::kind("message_sent")).len(), 1);
}

#[tokio::test]
async fn a_message_with_media_or_from_whatsapp_carries_its_parameters() {
    let (simulator, host) = scene().await;
    host.says("/sms", "");
    let media = InboundMessage {
        from: format!("whatsapp:{WRITER}"),
        to: format!("whatsapp:{OURS}"),
        media: vec!["image/jpeg".into()],
        ..message("")
    };
    let transcript = simulator.send_inbound_message(media).await.expect("the message arrives");
    assert!(transcript.message_sid.starts_with("MM"));
    let received = &host.at("/sms")[0];
    assert_eq!((received.value("NumMedia"), received.value("MediaContentType0")), (Some("1"), Some("image/jpeg")));
    assert_eq!((received.value("WaId"), received.value("FromCity")), (Some("15550100099"), None));
}

#[tokio::test]
async fn when_the_sms_url_fails_the_fallback_is_asked() {
    let (simulator, host) = scene().await;
    host.answers("/sms", 500, "");
    host.says("/sms-fallback", "");
    simulator.send_inbound_message(message("Hello")).await.expect("the message arrives");
    assert_eq!(host.at("/sms-fallback")[0].value("ErrorCode"), Some("11200"));
}

#[tokio::test]
async fn a_message_can_come_twice_and_a_reply_can_fail() {
    let (simulator, host) = scene().await;
    host.says("/sms", r#"<Message statusCallback="/sent">Thanks</Message>"#);
    simulator.add_delivery_rule(DeliveryRule::of(Kind::Message, Delivery::Twice));
    simulator.set_message_fate(WRITER, MessageFate::Undelivered(30003));
    simulator.send_inbound_message(message("Hello")).await.expect("the message arrives");
    simulator.settle().await;
    let twice = host.at("/sms");
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].header("i-twilio-idempotency-token"), twice[1].header("i-twilio-idempotency-token"));
    let last = host.at("/sent").pop().expect("a report");
    assert_eq!((last.value("MessageStatus"), last.value("ErrorCode")), (Some("undelivered"), Some("30003")));
}
