//! Messages are stored once, whoever repeats them, and their status ends where it ended.

use callplane_proto::v1::{self as pb, MessageDirection};
use callplane_simulator::{Delivery, DeliveryRule, InboundMessage, Kind};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{CALLER, NUMBER, announcement},
    webhooks::form,
};

on_both!(an_inbound_message_is_stored_once, the_status_of_a_message_ends_where_it_ended_in_any_order);

const BODY: &str = "The meeting moved to half past four";

async fn messages(plane: &Plane) -> Vec<pb::Message> {
    let listed = plane.api.messages().list_messages(pb::ListMessagesRequest::default()).await.expect("listed");
    listed.into_inner().messages
}

async fn an_inbound_message_is_stored_once(db: Database) {
    let plane = Plane::start(db).await;
    let (account, number, _) = plane.answered_by(announcement("Hello.")).await;
    plane.logs.never(BODY);
    plane.logs.never(CALLER);
    plane.twilio.add_delivery_rule(DeliveryRule::of(Kind::Message, Delivery::Twice));
    let media = vec!["image/png".to_owned()];
    let message =
        InboundMessage { from: CALLER.into(), to: NUMBER.into(), body: BODY.into(), media, ..Default::default() };
    let sent = plane.twilio.send_inbound_message(message).await.expect("sent");
    assert!(sent.warnings.is_empty() && sent.replies.is_empty(), "{sent:?}");
    plane.settle().await;
    let stored = messages(&plane).await;
    let [message] = stored.as_slice() else { panic!("one message: {stored:?}") };
    assert_eq!((message.message_sid.as_str(), message.body.as_str()), (sent.message_sid.as_str(), BODY));
    assert_eq!((&message.phone_number_id, &message.account_id), (&number.id, &account.id));
    assert_eq!((message.direction(), message.media.len()), (MessageDirection::Inbound, 1));
    assert_eq!((message.from_number.as_str(), message.to_number.as_str()), (CALLER, NUMBER));
}

async fn the_status_of_a_message_ends_where_it_ended_in_any_order(db: Database) {
    let plane = Plane::start(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    plane.logs.never(CALLER);
    let orders = [["sent", "delivered", "queued"], ["delivered", "queued", "sent"], ["queued", "sent", "delivered"]];
    for (turn, order) in orders.into_iter().enumerate() {
        let sid = format!("SM{turn:032x}");
        for status in order.into_iter().chain(order) {
            let form = form([("MessageSid", &sid), ("MessageStatus", status), ("From", NUMBER), ("To", CALLER)]);
            let (code, body) = plane.post(&account, "/twilio/message/status", &form).await;
            assert_eq!(code, 204, "{body}");
        }
        let request = pb::GetMessageRequest { message_id: sid };
        let message = plane.api.messages().get_message(request).await.expect("stored").into_inner().message;
        assert_eq!(message.expect("a message").status, "delivered", "{order:?}");
    }
    assert_eq!(messages(&plane).await.len(), 3);
    plane.settle().await;
}
