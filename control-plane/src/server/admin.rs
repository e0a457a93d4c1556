//! The admin port: health, readiness and metrics over plain HTTP, for probes and Prometheus.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{error::Result, time::Timestamp},
    flow::{Context, Inbox},
    store,
};

/// What the admin port shows.
pub struct Admin {
    /// For readiness and the figures of the database.
    pub ctx: Arc<Context>,
    /// For the depth of the queue.
    pub inbox: Inbox,
}

/// Serves until `stop`.
pub async fn serve(admin: Arc<Admin>, listener: TcpListener, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let admin = Arc::clone(&admin);
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<Incoming>| {
                let admin = Arc::clone(&admin);
                async move { Ok::<_, Infallible>(answer(&admin, request.uri().path()).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(std::time::Duration::from_secs(5))
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an admin connection ended badly");
            }
        });
    }
}

async fn answer(admin: &Admin, path: &str) -> Response<Full<Bytes>> {
    match path {
        "/health" => text(StatusCode::OK, "ok\n".to_owned()),
        "/ready" => match store::event::head(&admin.ctx.store).await {
            Ok(_) => text(StatusCode::OK, "ready\n".to_owned()),
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned()),
        },
        "/metrics" => match metrics(admin).await {
            Ok(metrics) => text(StatusCode::OK, metrics),
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned()),
        },
        _ => text(StatusCode::NOT_FOUND, "there is /health, /ready and /metrics\n".to_owned()),
    }
}

async fn metrics(admin: &Admin) -> Result<String> {
    let ctx = &admin.ctx;
    let standing = &ctx.metrics.standing;
    standing.queue.set(i64::try_from(admin.inbox.depth()).unwrap_or(i64::MAX));
    standing.event_sequence.set(store::event::head(&ctx.store).await?);
    let now = ctx.clock.now();
    let overdue = |due: Option<Timestamp>| due.map_or(0, |due| (now - due).num_seconds().max(0));
    standing.effect_overdue.set(overdue(store::effect::next_time(&ctx.store).await?));
    Ok(ctx.metrics.text())
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
