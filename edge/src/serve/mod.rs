//! The server: starts everything, stops it in order, and says where it listens.

mod accept;
mod admin;
mod answer;
mod authenticate;
mod cron;
mod degraded;
mod hold;
mod places;
mod rejection;
pub mod request;
mod texts;
mod tls;
mod webhook;

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc};

use callplane_telemetry::Tracer;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    control_plane::ControlPlane,
    forward::{Forwarder, Grpc, Transport},
    metrics::Metrics,
    settings::Settings,
    state::{self, Directory},
};
use webhook::Edge;

/// A started edge.
pub struct Running {
    /// Where webhooks arrive, with the port that was given out.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub admin_address: SocketAddr,
    directory: Arc<Directory>,
    stopped: JoinHandle<()>,
}

impl Running {
    /// Waits until accounts and numbers are known, and webhooks can be checked.
    pub async fn loaded(&self) {
        self.directory.loaded().await;
    }

    /// What this edge knows of accounts and numbers.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Waits until everything has stopped.
    pub async fn stopped(self) {
        // A panic in the server has been reported by the panic hook; there is nothing to add.
        drop(self.stopped.await);
    }
}

/// Why an edge could not start: one clear line.
#[derive(Debug)]
pub enum StartError {
    /// An address is taken or not ours.
    Address(&'static str, SocketAddr, io::Error),
    /// A certificate, key or token cannot be used.
    Unusable(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(setting, address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(formatter, "{setting}: {address} is in use by another program; stop it or choose another port")
            }
            Self::Address(setting, address, error) => {
                write!(formatter, "{setting}: cannot listen on {address}: {error}")
            }
            Self::Unusable(problem) => formatter.write_str(problem),
        }
    }
}

impl std::error::Error for StartError {}

/// Uses the files that the settings name, so that `check` finds what `serve` would. Needs a runtime, like `serve`.
pub fn check_files(settings: &Settings) -> Result<(), String> {
    install_crypto();
    settings.tls.as_ref().map(tls::acceptor).transpose()?;
    ControlPlane::all(settings, &Tracer::default()).map(drop)
}

/// Starts an edge and returns as soon as it listens; it stops when `shutdown` ends.
pub async fn serve(
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Running, StartError> {
    install_crypto();
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose().map_err(StartError::Unusable)?;
    let metrics = Arc::new(Metrics::default());
    let tracer = Tracer::start(&settings.tracing, "callplane-edge", metrics.spans.clone());
    let control_planes = ControlPlane::all(&settings, &tracer).map_err(StartError::Unusable)?;
    let listener = listen("CALLPLANE_EDGE_LISTEN", settings.listen).await?;
    let admin = listen("CALLPLANE_EDGE_ADMIN_LISTEN", settings.admin_listen).await?;
    let address = bound("CALLPLANE_EDGE_LISTEN", &listener, settings.listen)?;
    let admin_address = bound("CALLPLANE_EDGE_ADMIN_LISTEN", &admin, settings.admin_listen)?;

    warn_of_cleartext(&settings);

    let directory = Arc::new(Directory::default());
    let forwarder = Arc::new(forwarder(&settings, &control_planes, &metrics));
    let cron = cron::Cron::new(&settings, control_planes.clone());
    let follower = {
        let (forwarder, edge_id) = (forwarder.clone(), settings.edge_id.clone());
        let heard_of = move |index| forwarder.heard_of(index);
        tokio::spawn(state::follow(directory.clone(), control_planes, edge_id, heard_of))
    };
    let edge = Arc::new(Edge::new(settings, directory.clone(), (forwarder, cron), metrics, tracer.clone()));
    tracing::info!(%address, %admin_address, edge_id = edge.settings.edge_id, "edge listens");

    let stopped = tokio::spawn(async move {
        let (stop, stopping) = watch::channel(false);
        let admin = tokio::spawn(admin::serve(admin, edge.clone(), stopping.clone()));
        let accepting = tokio::spawn(accept::serve(listener, tls, edge, stopping));
        shutdown.await;
        tracing::info!("edge stops: no new webhooks, open ones are finished");
        stop.send_replace(true);
        drop(accepting.await);
        follower.abort();
        admin.abort();
        tracer.flush().await;
        tracing::info!("edge has stopped");
    });
    Ok(Running { address, admin_address, directory, stopped })
}

/// Private networks are a fact, so this is no error; but whoever listens there could act as this edge.
fn warn_of_cleartext(settings: &Settings) {
    let is_remote = |uri: &&tonic::transport::Uri| {
        let host = uri.host().unwrap_or_default();
        uri.scheme_str() == Some("http") && !matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    };
    for uri in settings.control_planes.iter().filter(is_remote) {
        tracing::warn!(control_plane = %uri, "the token and all webhooks go to this control plane unencrypted; use https");
    }
}

fn forwarder(settings: &Settings, control_planes: &[ControlPlane], metrics: &Metrics) -> Forwarder {
    let limits = &settings.limits;
    let transport = |control_plane: &ControlPlane| {
        let transport: Box<dyn Transport> = Box::new(Grpc(control_plane.clone(), limits.answer_deadline));
        transport
    };
    Forwarder::start(control_planes.iter().map(transport).collect(), &settings.edge_id, limits, metrics)
}

async fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Address(setting, address, error))
}

fn bound(setting: &'static str, listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|error| StartError::Address(setting, asked, error))
}

/// One crypto provider for the whole process; a host that has installed one keeps it.
fn install_crypto() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
