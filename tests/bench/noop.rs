//! A control plane that remembers nothing: what is left of the way is the edge and the hop. Knows as many accounts and
//! numbers as it is asked to.

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

/// How many changes one message of a snapshot holds, as the real control plane sends it.
const CHUNK: usize = 500;

/// What edges are told.
#[derive(Clone, Copy, clap::Args)]
pub struct Size {
    /// Accounts.
    #[arg(long, default_value_t = world::ACCOUNTS)]
    pub accounts: usize,
    /// Numbers, spread evenly over them.
    #[arg(long, default_value_t = world::NUMBERS)]
    pub numbers: usize,
    /// Each number has fallback instructions of its own.
    #[arg(long)]
    pub fallbacks: bool,
}

struct NoOp(Size);

/// Serves until it is killed.
pub async fn serve(listen: SocketAddr, size: Size) -> Result<(), Failure> {
    Ok(Server::builder().add_service(EdgeServiceServer::new(NoOp(size))).serve(listen).await?)
}

/// What the real control plane answers to a call for an agent behind a media stream, as long as that is.
pub fn instructions() -> pb::Instructions {
    stream(world::VOICE_SERVER, "call_01jb3y6m5ye3hr9zj0t4n6q8rs", &"t".repeat(120))
}

/// Connects a call to a voice server, and tells it which call it is.
pub fn stream(url: &str, call_id: &str, token: &str) -> pb::Instructions {
    let parameter = |name: &str, value: &str| pb::StreamParameter { name: name.to_owned(), value: value.to_owned() };
    let parameters = vec![parameter("call_id", call_id), parameter("token", token)];
    alone(pb::verb::Kind::Stream(pb::Stream { url: url.to_owned(), parameters, ..Default::default() }))
}

fn alone(kind: pb::verb::Kind) -> pb::Instructions {
    pb::Instructions { verbs: vec![pb::Verb { kind: Some(kind) }], ..Default::default() }
}

/// A person's telephone, another one for each number: equal fallbacks would share their bytes.
fn fallback(number: usize) -> pb::Instructions {
    let kind = Some(pb::dial_target::Kind::Number(format!("+1777{number:07}")));
    let targets = vec![pb::DialTarget { kind, ..Default::default() }];
    alone(pb::verb::Kind::Dial(pb::Dial { targets, answer_on_bridge: true, ..Default::default() }))
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

    async fn run_health_checks(
        &self,
        _: Request<pb::RunHealthChecksRequest>,
    ) -> Result<Response<pb::RunHealthChecksResponse>, Status> {
        Ok(Response::new(pb::RunHealthChecksResponse::default()))
    }

    async fn watch_state(&self, _: Request<pb::WatchStateRequest>) -> Result<Response<Self::WatchStateStream>, Status> {
        let size = self.0;
        let parts = (size.accounts + size.numbers).div_ceil(CHUNK);
        let snapshot = stream::iter((0..parts).map(move |part| {
            Ok(pb::WatchStateResponse {
                resume_token: "all".to_owned(),
                changes: changes(size, part),
                snapshot_begin: part == 0,
                snapshot_complete: part + 1 == parts,
            })
        }));
        Ok(Response::new(snapshot.chain(stream::pending()).boxed()))
    }
}

/// The accounts, then the numbers.
fn changes(size: Size, part: usize) -> Vec<pb::StateChange> {
    let end = size.accounts + size.numbers;
    let kinds = (part * CHUNK..end.min((part + 1) * CHUNK)).map(|index| match index.checked_sub(size.accounts) {
        None => Kind::Account(account(index)),
        Some(number) => Kind::Number(pb::NumberState {
            e164: world::e164(number),
            account_sid: world::account_sid(number % size.accounts),
            fallback: size.fallbacks.then(|| fallback(number)),
        }),
    });
    kinds.map(|kind| pb::StateChange { kind: Some(kind) }).collect()
}

fn account(account: usize) -> pb::AccountState {
    let states = hmac_states(&SecretString::from(world::auth_token(account)));
    let (inner, outer) = (states.inner.to_vec().into(), states.outer.to_vec().into());
    let verifiers = vec![pb::Verifier { inner, outer, kind: pb::VerifierKind::Primary.into() }];
    pb::AccountState { account_sid: world::account_sid(account), verifiers, active: true }
}
