//! A control plane that remembers nothing: what is left of the way is the edge and the hop.

use std::{net::SocketAddr, pin::Pin};

use callplane_control_plane::secret::hmac_states;
use callplane_proto::edge::v1::{
    self as pb,
    edge_service_server::{EdgeService, EdgeServiceServer},
    reply::Outcome,
    state_change::Kind,
    webhook::Event,
};
use futures::{Stream, StreamExt, stream};
use secrecy::SecretString;
use tonic::{Request, Response, Status, transport::Server};

use super::{Failure, world};

struct NoOp;

/// Serves until it is killed.
pub async fn serve(listen: SocketAddr) -> Result<(), Failure> {
    Ok(Server::builder().add_service(EdgeServiceServer::new(NoOp)).serve(listen).await?)
}

/// What the real control plane answers to a call for an agent behind a media stream, as long as that is.
pub fn instructions() -> pb::Instructions {
    let parameter = |name: &str, value: String| pb::StreamParameter { name: name.to_owned(), value };
    let stream = pb::Stream {
        url: world::VOICE_SERVER.to_owned(),
        parameters: vec![
            parameter("call_id", "call_01jb3y6m5ye3hr9zj0t4n6q8rs".to_owned()),
            parameter("token", "t".repeat(120)),
        ],
        ..Default::default()
    };
    pb::Instructions { verbs: vec![pb::Verb { kind: Some(pb::verb::Kind::Stream(stream)) }], ..Default::default() }
}

#[tonic::async_trait]
impl EdgeService for NoOp {
    async fn handle(&self, request: Request<pb::HandleRequest>) -> Result<Response<pb::HandleResponse>, Status> {
        let replies = request.into_inner().webhooks.into_iter().map(|webhook| pb::Reply {
            outcome: Some(match webhook.event {
                Some(Event::CallReceived(_)) => Outcome::Instructions(instructions()),
                _ => Outcome::Accepted(pb::Accepted {}),
            }),
            delivery_key: webhook.delivery_key,
        });
        Ok(Response::new(pb::HandleResponse { replies: replies.collect() }))
    }

    type WatchStateStream = Pin<Box<dyn Stream<Item = Result<pb::WatchStateResponse, Status>> + Send>>;

    async fn watch_state(&self, _: Request<pb::WatchStateRequest>) -> Result<Response<Self::WatchStateStream>, Status> {
        let snapshot = pb::WatchStateResponse {
            resume_token: "all".to_owned(),
            changes: state(),
            snapshot_begin: true,
            snapshot_complete: true,
        };
        Ok(Response::new(stream::iter([Ok(snapshot)]).chain(stream::pending()).boxed()))
    }
}

fn state() -> Vec<pb::StateChange> {
    let accounts = (0..world::ACCOUNTS).map(|account| {
        let states = hmac_states(&SecretString::from(world::auth_token(account)));
        let (inner, outer) = (states.inner.to_vec().into(), states.outer.to_vec().into());
        let verifiers = vec![pb::Verifier { inner, outer, kind: pb::VerifierKind::Primary.into() }];
        Kind::Account(pb::AccountState { account_sid: world::account_sid(account), verifiers, active: true })
    });
    let numbers = (0..world::NUMBERS).map(|number| {
        let account_sid = world::account_sid(world::owner(number));
        Kind::Number(pb::NumberState { e164: world::e164(number), account_sid, fallback: None })
    });
    accounts.chain(numbers).map(|kind| pb::StateChange { kind: Some(kind) }).collect()
}
