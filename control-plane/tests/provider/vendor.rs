//! A server that answers as it is told and keeps what it was asked, and the two clients that talk to it.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use callplane_control_plane::{
    clock::ManualClock,
    domain::time::Timestamp,
    provider::{
        Access, AgentKey, Credential,
        elevenlabs::{self, ElevenLabs},
        line::Limits,
        twilio::{self, Twilio},
    },
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const MAIN: &str = "AC00000000000000000000000000000002";
pub const NUMBER: &str = "PN00000000000000000000000000000001";
pub const CALL: &str = "CA00000000000000000000000000000001";
pub const MESSAGE: &str = "SM00000000000000000000000000000001";

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
    },
    /// Closes the connection after the request was read.
    Cut,
    /// Promises more than it sends, then closes.
    CutWithin,
    /// Never answers.
    Silence,
}

/// A plain answer.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: body.into() }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub struct Vendor {
    pub base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    /// Answers every request with what `reply` says.
    pub async fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (Arc::clone(&asked), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                let service = service_fn(move |request| serve(request, Arc::clone(&kept), Arc::clone(&reply)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { base_url, asked }
    }

    /// Always the same answer.
    pub async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Access to the account, at this server.
    pub fn access(&self) -> Access {
        Access { api_base_url: Some(self.base_url.clone()), ..access() }
    }

    pub fn key(&self) -> AgentKey {
        AgentKey { api_key: "xi-secret".to_owned().into(), api_base_url: Some(self.base_url.clone()) }
    }
}

async fn serve(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Asked>>>,
    reply: Arc<impl Fn(&Asked) -> Reply>,
) -> Result<Response<http_body_util::Either<Full<Bytes>, Cut>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let reply = reply(&asked);
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    let (status, headers, body) = match reply {
        Reply::Answer { status, headers, body } => (status, headers, http_body_util::Either::Left(Full::new(body))),
        Reply::CutWithin => (200, Vec::new(), http_body_util::Either::Right(Cut)),
        Reply::Cut => return Err(io::Error::other("cut")),
        Reply::Silence => std::future::pending().await,
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

/// A body that breaks off.
pub struct Cut;

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(None)
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(100)
    }
}

/// Access to the account, nowhere in particular.
pub fn access() -> Access {
    Access::new(ACCOUNT.parse().expect("a SID"), Credential::AuthToken("s3cret-token".to_owned().into()))
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_timestamp(1_800_000_000, 0).expect("in range")))
}

/// A client that gives up soon, so that silence does not take long.
pub fn twilio(clock: &Arc<ManualClock>) -> Twilio {
    let limits = Limits { deadline: Duration::from_millis(400), ..Limits::default() };
    Twilio::new(twilio::Settings { limits, ..Default::default() }, Arc::clone(clock) as _).expect("a client")
}

pub fn elevenlabs(clock: &Arc<ManualClock>) -> ElevenLabs {
    ElevenLabs::new(elevenlabs::Settings::default(), Arc::clone(clock) as _).expect("a client")
}
