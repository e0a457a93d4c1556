//! The gRPC services behind their gate: who may call, is the request well-formed, then the service.

use std::{fs, sync::Arc, time::Duration};

use callplane_proto::{descriptors, edge::v1::edge_service_server::EdgeServiceServer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    service::Routes,
    transport::{Certificate, Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use tonic_web::GrpcWebLayer;

use super::Plane;
use crate::{
    domain::error::{Error, Kind, Result},
    flow::Inbox,
    rpc::{self, gate::Gate, observe::Observe, validate::Validation},
    settings::{Settings, Tls},
};

/// How long requests under way may take once we stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// How long a request may take until its answer begins; a slow body is cut by it too.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
/// How many requests one connection may have under way.
const AT_ONCE: usize = 512;

/// Serves until `stop`, then lets requests under way end.
pub async fn serve(
    settings: &Settings,
    plane: &Plane,
    inbox: Inbox,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<()> {
    let revocations = Arc::new(rpc::revocations::Stored::new(plane.ctx.store.clone()));
    let tokens = Arc::clone(&plane.token_keys);
    let clock = Arc::clone(&plane.ctx.clock);
    let gate = Gate::new(descriptors::pool(), tokens, revocations, clock, settings.reflection)?;
    let validation = Validation::new(descriptors::pool(), &gate.policies())?;
    let routes = routes(settings, plane, inbox, &stop).await?;
    let mut server = Server::builder();
    if let Some(tls) = &settings.tls {
        server = server.tls_config(tls_config(tls)?).map_err(Error::internal)?;
    }
    // With Nagle's algorithm the frames of a small answer wait for the peer's delayed acknowledgement, 40 ms each time.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = server
        .accept_http1(true)
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .timeout(LONGEST_REQUEST)
        .concurrency_limit_per_connection(AT_ONCE)
        .layer(GrpcWebLayer::new())
        .layer(Observe::new(Arc::clone(&plane.ctx)))
        .layer(gate)
        .layer(validation)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
    tokio::select! {
        served = serving => served.map_err(Error::internal),
        // An idle watcher could hold the door open for ever.
        () = async { stop.cancelled().await; tokio::time::sleep(LAST_REQUESTS).await } => Ok(()),
    }
}

async fn routes(settings: &Settings, plane: &Plane, inbox: Inbox, stop: &CancellationToken) -> Result<Routes> {
    let edge = rpc::edge::Edge::new(Arc::clone(&plane.ctx), inbox, Arc::clone(&plane.registrar), stop.clone());
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let leaving = stop.clone();
    tokio::spawn(async move {
        leaving.cancelled().await;
        health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    });
    let mut routes = Routes::new(health_service).add_service(EdgeServiceServer::new(edge));
    routes = rpc::services::add(routes, &plane.ctx, &plane.token_keys, stop);
    if settings.reflection {
        let builder = || {
            tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(descriptors::ENCODED)
        };
        routes = routes.add_service(builder().build_v1().map_err(Error::internal)?);
        routes = routes.add_service(builder().build_v1alpha().map_err(Error::internal)?);
    }
    Ok(routes)
}

fn tls_config(tls: &Tls) -> Result<ServerTlsConfig> {
    let read = |path: &std::path::Path| {
        fs::read(path).map_err(|error| {
            Error::new(Kind::InvalidArgument, "TLS_FILE", format!("{} cannot be read: {error}", path.display()))
        })
    };
    let mut config = ServerTlsConfig::new().identity(Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?));
    if let Some(ca) = &tls.client_ca {
        config = config.client_ca_root(Certificate::from_pem(read(ca)?));
    }
    Ok(config)
}
