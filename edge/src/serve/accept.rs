//! Takes connections in: places, TLS, HTTP/1.1 with its bounds and timeouts, and a stop that lets open requests finish.

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    places::{Place, Places},
    webhook::Edge,
};

/// Before accepting again when the system has no descriptor left.
const BREATH: Duration = Duration::from_millis(50);

/// Until told to stop; then until open requests are finished or the time for that is over.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    edge: Arc<Edge>,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Places::new(&edge.settings.limits, edge.metrics.clone());
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(BREATH).await;
                continue;
            }
        };
        match places.take(address.ip()) {
            Ok(place) => drop(tokio::spawn(connection(stream, tls.clone(), edge.clone(), graceful.watcher(), place))),
            Err(reason) => edge.metrics.connection_dropped(reason),
        }
    }
    drop(listener);
    if timeout(edge.settings.limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still open when the time to stop was over");
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, edge: Arc<Edge>, watcher: Watcher, _place: Place) {
    // Answers are small and wanted at once.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Some(tls) = tls else { return http(stream, edge, watcher).await };
    match timeout(edge.settings.limits.tls_timeout, tls.accept(stream)).await {
        Ok(Ok(stream)) => http(stream, edge, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => edge.metrics.connection_dropped("slow_tls"),
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, edge: Arc<Edge>, watcher: Watcher) {
    let limits = &edge.settings.limits;
    let mut builder = http1::Builder::new();
    builder
        // Without a timer hyper has no header timeout at all.
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes + limits.body_bytes);
    let service = service_fn(|request| {
        let edge = edge.clone();
        async move { Ok::<_, Infallible>(edge.respond(request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}
