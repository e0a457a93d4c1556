//! The admin port: health, readiness and metrics over plain HTTP, for probes and Prometheus.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{error::Result, monitor::Verdict, time::Timestamp},
    flow::{Context, Inbox, monitor},
    store,
};

/// How long a scrape waits for the database.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
/// How long a control plane that just started may be late with what was due before.
const CATCH_UP: chrono::Duration = chrono::Duration::seconds(90);

/// What the admin port shows.
pub struct Admin {
    /// For readiness and the figures of the database.
    pub ctx: Arc<Context>,
    /// For the depth of the queue.
    pub inbox: Inbox,
    /// When the control plane started.
    pub start_time: Timestamp,
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
        "/ready" => match readiness(admin).await {
            Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
            Err(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        },
        "/metrics" => open_metrics(metrics(admin).await),
        _ => text(StatusCode::NOT_FOUND, "there is /health, /ready and /metrics\n".to_owned()),
    }
}

/// Whether callers should be sent here, or why not. A control plane that has just started gets time to catch up with what
/// nobody could do before.
async fn readiness(admin: &Admin) -> std::result::Result<(), &'static str> {
    let (ctx, away) = (&admin.ctx, "the database does not answer");
    store::event::head(&ctx.store).await.map_err(|_| away)?;
    let now = ctx.clock.now();
    if !monitor::is_on(ctx) || now - admin.start_time < CATCH_UP {
        return Ok(());
    }
    match store::monitor::late(ctx.store.read(), now).await.map_err(|_| away)? {
        0 => Ok(()),
        _ => Err("accounts were not probed for more than three times their cadence: do workers run?"),
    }
}

/// Counters are told whatever the database does; what only it knows stays as it was when it last answered.
async fn metrics(admin: &Admin) -> String {
    let standing = &admin.ctx.metrics.standing;
    standing.queue.set(i64::try_from(admin.inbox.depth()).unwrap_or(i64::MAX));
    for (pool, figures) in admin.ctx.store.pools() {
        standing.pool(pool, figures);
    }
    let asked = tokio::time::timeout(PATIENCE, ask(&admin.ctx)).await;
    standing.database_up.set(i64::from(matches!(asked, Ok(Ok(())))));
    admin.ctx.metrics.text()
}

async fn ask(ctx: &Context) -> Result<()> {
    let standing = &ctx.metrics.standing;
    let (now, db) = (ctx.clock.now(), ctx.store.read());
    standing.event_sequence.set(store::event::head(&ctx.store).await?);
    standing.effects_open.set(i64::try_from(store::effect::open(&ctx.store).await?).unwrap_or(i64::MAX));
    let overdue = |due: Option<Timestamp>| due.map_or(0, |due| (now - due).num_seconds().max(0));
    standing.effect_overdue.set(overdue(store::effect::next_time(&ctx.store).await?));
    let accounts = store::account::due(db, now, 1).await?.into_iter().map(|(_, _, due)| due);
    let numbers = store::phone_number::due(db, now, 1).await?.into_iter().map(|(_, _, due)| due);
    let calls = store::call::due(db, now, 1).await?.into_iter().map(|(_, _, due)| due);
    let failovers = store::failover::due(db, now, 1).await?.into_iter().map(|(_, _, due)| due);
    let moves = store::failover::moves::due(db, now, 1).await?.into_iter().map(|(_, _, due)| due);
    standing.deadline_overdue.set(overdue(accounts.chain(numbers).chain(calls).chain(failovers).chain(moves).min()));
    let (due, first) = store::reconciliation::backlog(db, now).await?;
    standing.reconciliations_due.set(i64::try_from(due).unwrap_or(i64::MAX));
    standing.reconciliation_overdue.set(overdue(first));
    let (accounts, lines) = store::pool::uncovered(db).await?;
    standing.pool_accounts_short.set(accounts);
    standing.pool_lines_left_out.set(lines);
    let (open, stuck) = store::failover::open(db).await?;
    standing.failovers_open.set(i64::try_from(open).unwrap_or(i64::MAX));
    standing.failovers_stuck.set(i64::try_from(stuck).unwrap_or(i64::MAX));
    standing.last_run_age.set(overdue(store::monitor::oldest_run(db).await?));
    standing.monitors_late.set(i64::try_from(store::monitor::late(db, now).await?).unwrap_or(i64::MAX));
    let verdicts = store::monitor::verdicts(db).await?;
    for verdict in Verdict::ALL {
        let accounts = verdicts.iter().find(|(known, _)| known == verdict);
        standing.verdict(*verdict, accounts.map_or(0, |(_, accounts)| *accounts));
    }
    Ok(())
}

/// Prometheus 3 takes no answer that does not say what it is.
fn open_metrics(body: String) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::OK, body);
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
