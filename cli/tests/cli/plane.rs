//! A gRPC server that knows every method by its descriptor, keeps what it was asked, and answers as a test says.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{BufMut, Bytes, BytesMut};
use callplane_proto::descriptors;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{HeaderMap, Request, Response, body::Incoming, header::HeaderValue, service::service_fn};
use hyper_util::{rt::TokioExecutor, rt::TokioIo, server::conn::auto};
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::Value;
use tonic::Status;

use crate::answers;

/// One call as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub request: DynamicMessage,
    pub headers: HeaderMap,
}

/// What the next call gets: messages, then a status, or nothing more for ever.
struct Answer {
    messages: Vec<Value>,
    status: Option<Status>,
    held: bool,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    scripted: Mutex<VecDeque<Answer>>,
}

/// A running server; it stops with its test.
pub struct Plane {
    pub address: String,
    state: Arc<State>,
    _runtime: tokio::runtime::Runtime,
}

impl Plane {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let state = Arc::new(State::default());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))
            .expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        runtime.spawn(serve(listener, state.clone()));
        Plane { address, state, _runtime: runtime }
    }

    /// Says what the next call gets; calls without a script get a reply with every field filled.
    pub fn answer(&self, messages: impl IntoIterator<Item = Value>, status: Option<Status>) {
        self.script(Answer { messages: messages.into_iter().collect(), status, held: false });
    }

    /// Says that the next call gets these messages and then waits for ever.
    pub fn hold(&self, messages: impl IntoIterator<Item = Value>) {
        self.script(Answer { messages: messages.into_iter().collect(), status: None, held: true });
    }

    fn script(&self, answer: Answer) {
        lock(&self.state.scripted).push_back(answer);
    }

    /// The calls so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: tokio::net::TcpListener, state: Arc<State>) {
    while let Ok((socket, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(request, state.clone()));
            // A client that hangs up is no failure of the test.
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn handle(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let headers = request.headers().clone();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let Some(method) = find(&path) else { return Ok(reply(Bytes::new(), &Status::unimplemented(path), false)) };
    let message =
        DynamicMessage::decode(method.input(), body.get(5..).unwrap_or_default()).expect("a request that fits");
    lock(&state.seen).push(Seen { method: path, request: message, headers });
    let scripted = lock(&state.scripted).pop_front();
    let filled = || Answer { messages: vec![answers::filled(&method.output())], status: None, held: false };
    let answer = scripted.unwrap_or_else(filled);
    let mut frames = BytesMut::new();
    answer.messages.iter().for_each(|json| frame(&mut frames, &answers::parse(&method.output(), json)));
    Ok(reply(frames.freeze(), &answer.status.unwrap_or_else(|| Status::ok("")), answer.held))
}

fn find(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.split_once('/')?;
    descriptors::pool().get_service_by_name(service)?.methods().find(|known| known.name() == method)
}

fn frame(frames: &mut BytesMut, message: &DynamicMessage) {
    let encoded = message.encode_to_vec();
    frames.put_u8(0);
    frames.put_u32(u32::try_from(encoded.len()).expect("a small message"));
    frames.put_slice(&encoded);
}

fn reply(frames: Bytes, status: &Status, held: bool) -> Response<BoxBody<Bytes, Infallible>> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers).expect("a status fits in trailers");
    let end = async move {
        if held {
            std::future::pending::<()>().await;
        }
        Some(Ok(trailers))
    };
    let body = Full::new(frames).with_trailers(end).boxed();
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}
