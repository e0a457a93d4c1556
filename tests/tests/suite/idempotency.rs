//! A request sent twice is done once: the answer is replayed for a day.

use std::time::Duration;

use callplane_proto::v1 as pb;
use callplane_tests::{Database, Plane, on_both, scene::announcement};
use futures::future::join_all;
use prost::Message;
use tonic::Code;

on_both!(
    a_repeated_request_gets_the_same_answer_and_makes_nothing_new,
    the_same_request_sent_many_times_at_once_is_done_once,
    a_key_used_for_something_else_is_refused,
    a_key_is_forgotten_after_a_day_and_is_nobody_elses,
    validate_only_leaves_nothing_behind,
);

fn desk(request_id: &str) -> pb::CreateAgentRequest {
    let agent = pb::Agent { display_name: "Desk".into(), endpoint: Some(announcement("Hello.")), ..Default::default() };
    pb::CreateAgentRequest { agent: Some(agent), request_id: request_id.to_owned() }
}

async fn agents(plane: &Plane) -> usize {
    let listed = plane.api.agents().list_agents(pb::ListAgentsRequest::default()).await.expect("listed");
    listed.into_inner().agents.len()
}

async fn a_repeated_request_gets_the_same_answer_and_makes_nothing_new(db: Database) {
    let plane = Plane::start(db).await;
    let first = plane.api.agents().create_agent(desk("once")).await.expect("created").into_inner();
    plane.advance(Duration::from_secs(3600));
    let second = plane.api.agents().create_agent(desk("once")).await.expect("replayed").into_inner();
    assert_eq!(first.encode_to_vec(), second.encode_to_vec());
    assert_eq!(agents(&plane).await, 1);
    plane.api.agents().create_agent(desk("")).await.expect("created");
    plane.api.agents().create_agent(desk("")).await.expect("created");
    assert_eq!(agents(&plane).await, 3, "without a key nothing is the same");
}

async fn the_same_request_sent_many_times_at_once_is_done_once(db: Database) {
    let plane = Plane::start(db).await;
    let sent = (0..16).map(|_| {
        let mut agents = plane.api.agents();
        async move { agents.create_agent(desk("once")).await }
    });
    let answers = join_all(sent).await;
    let mut replies: Vec<_> = Vec::new();
    for answer in answers {
        match answer {
            Ok(reply) => replies.push(reply.into_inner().encode_to_vec()),
            Err(status) => assert_eq!(status.code(), Code::Aborted, "{status:?}"),
        }
    }
    replies.dedup();
    assert_eq!((replies.len(), agents(&plane).await), (1, 1));
}

async fn a_key_used_for_something_else_is_refused(db: Database) {
    let plane = Plane::start(db).await;
    plane.api.agents().create_agent(desk("once")).await.expect("created");
    let mut other = desk("once");
    other.agent.as_mut().expect("an agent").display_name = "Another".into();
    let refused = plane.api.agents().create_agent(other).await.expect_err("the key is taken");
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(agents(&plane).await, 1);
}

async fn a_key_is_forgotten_after_a_day_and_is_nobody_elses(db: Database) {
    let plane = Plane::start(db).await;
    let (_, next_door) = plane.neighbour().await;
    let ours = plane.api.agents().create_agent(desk("once")).await.expect("created").into_inner();
    let theirs = next_door.agents().create_agent(desk("once")).await.expect("created").into_inner();
    assert_ne!(ours.agent.map(|agent| agent.id), theirs.agent.map(|agent| agent.id));
    plane.advance(Duration::from_secs(25 * 3600));
    plane.api.agents().create_agent(desk("once")).await.expect("created anew");
    assert_eq!(agents(&plane).await, 2);
}

async fn validate_only_leaves_nothing_behind(db: Database) {
    let plane = Plane::start(db).await;
    let account =
        pb::Account { display_name: "Main".into(), account_sid: format!("AC{}", "1".repeat(32)), ..Default::default() };
    let request = pb::CreateAccountRequest { account: Some(account), validate_only: true, ..Default::default() };
    plane.api.accounts().create_account(request).await.expect("valid");
    let listed = plane.api.accounts().list_accounts(pb::ListAccountsRequest::default()).await.expect("listed");
    assert!(listed.into_inner().accounts.is_empty());
}
