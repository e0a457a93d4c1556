//! `/health`, `/ready` and `/metrics`, on a port of their own that Twilio never sees.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep},
};

use super::webhook::Edge;

/// Until aborted.
pub async fn serve(listener: TcpListener, edge: Arc<Edge>, stopping: watch::Receiver<bool>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (edge, stopping) = (edge.clone(), stopping.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&edge, &request, *stopping.borrow());
                async { Ok::<_, Infallible>(response) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
            // A scraper that hangs up is no news.
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn answer<B>(edge: &Edge, request: &Request<B>, stopping: bool) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/health") => text(StatusCode::OK, "ok\n"),
        (&Method::GET, "/ready") => ready(edge, stopping),
        (&Method::GET, "/metrics") => metrics(edge),
        (_, "/health" | "/ready" | "/metrics") => text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n"),
        _ => text(StatusCode::NOT_FOUND, "there are /health, /ready and /metrics\n"),
    }
}

/// An edge without control planes still answers callers with their numbers' fallbacks, so it stays ready.
fn ready(edge: &Edge, stopping: bool) -> Response<Full<Bytes>> {
    if stopping {
        text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if edge.directory.is_loaded() {
        text(StatusCode::OK, "ready\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "no control plane has told this edge its accounts yet\n")
    }
}

fn metrics(edge: &Edge) -> Response<Full<Bytes>> {
    edge.metrics.state(edge.directory.age(Instant::now()), edge.directory.size());
    let mut response = text(StatusCode::OK, edge.metrics.text());
    let kind = header::HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}
