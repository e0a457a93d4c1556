//! The admin port: health, readiness and metrics over plain HTTP, for probes and Prometheus.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::{encoding::text::encode, metrics::gauge::Gauge, registry::Registry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
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

async fn metrics(admin: &Admin) -> crate::domain::error::Result<String> {
    let mut registry = Registry::with_prefix("callplane");
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    gauge(
        "webhook_queue_depth",
        "Webhooks that wait to be stored",
        i64::try_from(admin.inbox.depth()).unwrap_or(i64::MAX),
    );
    gauge("event_sequence", "The number of the last event", store::event::head(&admin.ctx.store).await?);
    let now = admin.ctx.clock.now();
    let overdue = store::effect::next_time(&admin.ctx.store).await?.map_or(0, |next| (now - next).num_seconds().max(0));
    gauge("effect_lateness_seconds", "How long the most overdue effect has waited", overdue);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(crate::domain::error::Error::internal)?;
    Ok(text)
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
