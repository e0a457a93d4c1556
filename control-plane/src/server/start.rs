//! Starting and stopping in order: listen, answer, work; then stop listening, store what was left, end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Plane, admin, grpc};
use crate::{
    domain::error::{Error, Kind, Result},
    flow::ingest,
    settings::Settings,
    worker,
};

/// How long stopping may take in all.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// A running control plane.
pub struct Running {
    /// Where gRPC is served.
    pub address: SocketAddr,
    /// Where metrics and health are served.
    pub admin_address: SocketAddr,
    /// Everything it is made of.
    pub plane: Arc<Plane>,
    stop: CancellationToken,
    done: JoinHandle<Result<()>>,
}

impl Running {
    /// Stops it: no new requests, those under way end, what was left in the inbox is stored.
    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        match tokio::time::timeout(LAST_WORDS, self.done).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => Err(Error::new(Kind::Unavailable, "STOP_TIMEOUT", "something did not stop in time")),
        }
    }

    /// Until it ends by itself, which it does only when something is wrong.
    pub async fn ended(&mut self) -> Result<()> {
        (&mut self.done).await.map_err(Error::internal)?
    }
}

/// Starts a control plane.
pub async fn start(settings: Settings, plane: Plane) -> Result<Running> {
    let listener = bind("CALLPLANE_LISTEN", settings.listen).await?;
    let admin_listener = bind("CALLPLANE_ADMIN_LISTEN", settings.admin_listen).await?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let admin_address = admin_listener.local_addr().map_err(Error::internal)?;
    let stop = CancellationToken::new();
    let plane = Arc::new(plane);
    let done = tokio::spawn(run(settings, Arc::clone(&plane), listener, admin_listener, stop.clone()));
    Ok(Running { address, admin_address, plane, stop, done })
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let message = format!("{setting}: cannot listen on {address}: {error}");
        Error::new(Kind::Unavailable, "PORT_UNUSABLE", message)
    })
}

async fn run(
    settings: Settings,
    plane: Arc<Plane>,
    listener: TcpListener,
    admin_listener: TcpListener,
    stop: CancellationToken,
) -> Result<()> {
    // The writer outlives the services: what they left in the inbox is stored.
    let writer_stop = CancellationToken::new();
    let (inbox, writer) = ingest::writer(Arc::clone(&plane.ctx), writer_stop.clone());
    let writer = tokio::spawn(writer);
    let workers = tokio::spawn(worker::run(plane.crew.clone(), stop.clone()));
    let start_time = plane.ctx.clock.now();
    let admin = Arc::new(admin::Admin { ctx: Arc::clone(&plane.ctx), inbox: inbox.clone(), start_time });
    let admin = tokio::spawn(admin::serve(admin, admin_listener, stop.clone()));
    let served = grpc::serve(&settings, &plane, inbox, listener, stop.clone()).await;
    stop.cancel();
    for task in [workers, admin] {
        if task.await.is_err() {
            tracing::error!("a task ended badly");
        }
    }
    writer_stop.cancel();
    if writer.await.is_err() {
        tracing::error!("the writer of webhooks ended badly");
    }
    plane.ctx.tracer.flush().await;
    served
}
