//! Something that answers as an edge would, and keeps what it was sent.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

type Kept = Arc<Mutex<Vec<Sent>>>;

/// One webhook as it arrived.
#[derive(Clone)]
pub struct Sent {
    pub path: String,
    pub headers: HeaderMap,
    pub form: Vec<(String, String)>,
}

/// A running edge that answers everything with the same.
pub struct Edge {
    pub address: String,
    kept: Kept,
    _runtime: tokio::runtime::Runtime,
}

impl Edge {
    pub fn start(status: u16, body: &'static str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let bound = runtime.block_on(tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))));
        let listener = bound.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let kept = Kept::default();
        runtime.spawn(serve(listener, kept.clone(), status, body));
        Edge { address, kept, _runtime: runtime }
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: tokio::net::TcpListener, kept: Kept, status: u16, body: &'static str) {
    while let Ok((socket, _)) = listener.accept().await {
        let kept = kept.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, kept.clone(), status, body));
            // A client that hangs up is no failure of the test.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    kept: Kept,
    status: u16,
    body: &'static str,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, incoming) = request.into_parts();
    let form = incoming.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let form = form_urlencoded::parse(&form).into_owned().collect();
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(Sent {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        form,
    });
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
    Ok(response)
}
