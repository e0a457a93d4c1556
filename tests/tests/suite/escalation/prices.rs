//! What calls and messages cost: an estimate first, Twilio's price when there is one.

use callplane_proto::v1 as pb;
use callplane_simulator::Callee;
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN},
    on_both,
};
use tonic::Code;

use super::with_ada;

on_both!(
    what_a_call_cost_is_known_within_minutes_and_gives_the_budget_back_what_it_did_not_cost,
    who_did_not_answer_costs_nothing_and_a_message_its_price,
    a_price_is_asked_for_again_after_a_restart,
);

fn call(to: &str) -> pb::PlaceCallRequest {
    pb::PlaceCallRequest { to: to.into(), text: "Hello".into(), ..Default::default() }
}

async fn placed(plane: &Plane, to: &str) -> pb::Attempt {
    plane.api.calls().place_call(call(to)).await.expect("placed").into_inner().attempt.expect("one")
}

async fn attempt(plane: &Plane, id: &str) -> pb::Attempt {
    let request = pb::GetAttemptRequest { attempt_id: id.to_owned() };
    plane.api.attempts().get_attempt(request).await.expect("one").into_inner().attempt.expect("one")
}

/// What it cost in millionths of a dollar, and whether that is known.
fn cost(attempt: &pb::Attempt) -> (i64, bool) {
    let cost = attempt.cost.clone().expect("a cost");
    (cost.units * 1_000_000 + i64::from(cost.nanos) / 1_000, attempt.cost_is_known)
}

async fn what_a_call_cost_is_known_within_minutes_and_gives_the_budget_back_what_it_did_not_cost(db: Database) {
    let (plane, _) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::presses("1"));
    let daily_budget = Some(pb::Money { currency_code: "USD".into(), units: 0, nanos: 600_000_000 });
    let request = pb::UpdateOutboundPolicyRequest {
        outbound_policy: Some(pb::OutboundPolicy { daily_budget, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["daily_budget".into()] }),
        ..Default::default()
    };
    plane.api.outbound().update_outbound_policy(request).await.expect("changed");
    let first = placed(&plane, ADA).await;
    plane.settle().await;
    let ended = attempt(&plane, &first.id).await;
    assert_eq!((ended.state(), cost(&ended)), (pb::AttemptState::Over, (500_000, false)));
    let refused = plane.api.calls().place_call(call(BEN)).await.expect_err("too much");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    // The simulated Twilio shows a price after three minutes.
    for _ in 0..15 {
        plane.pass(60).await;
    }
    assert_eq!(cost(&attempt(&plane, &first.id).await), (20_000, true));
    placed(&plane, BEN).await;
    plane.settle().await;
}

async fn who_did_not_answer_costs_nothing_and_a_message_its_price(db: Database) {
    let (plane, _) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    let call = placed(&plane, ADA).await;
    let text = pb::SendMessageRequest { to: BEN.into(), text: "Hello".into(), ..Default::default() };
    let text = plane.api.messages().send_message(text).await.expect("sent").into_inner().attempt.expect("one");
    plane.settle().await;
    plane.pass(120).await;
    assert_eq!(cost(&attempt(&plane, &call.id).await), (0, true));
    assert_eq!(cost(&attempt(&plane, &text.id).await), (10_000, false));
    for _ in 0..15 {
        plane.pass(60).await;
    }
    assert_eq!(cost(&attempt(&plane, &text.id).await), (7_500, true));
}

async fn a_price_is_asked_for_again_after_a_restart(db: Database) {
    let (mut plane, _) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::presses("1"));
    let call = placed(&plane, ADA).await;
    plane.settle().await;
    plane.stop().await;
    plane.advance(std::time::Duration::from_secs(4 * 3_600));
    plane.start_again().await;
    plane.api = plane.api_of(0).await;
    plane.settle().await;
    assert_eq!(cost(&attempt(&plane, &call.id).await), (20_000, true));
}
