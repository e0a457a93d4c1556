//! The connection to one control plane, and the bearer token it is used with. Knows gRPC; decides nothing.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use callplane_proto::edge::v1::{
    HandleResponse, RunHealthChecksRequest, RunHealthChecksResponse, WatchStateRequest, WatchStateResponse,
    edge_service_client::EdgeServiceClient,
};
use callplane_telemetry::{Kind, Span, TraceParent, Tracer};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Uri},
};
use tonic_prost::ProstCodec;

use crate::{
    forward::Batch,
    settings::{Settings, Token},
};

const LARGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// Wishes for many accounts are many rows.
const TRIGGER: Duration = Duration::from_secs(20);

type Client = EdgeServiceClient<InterceptedService<Channel, Bearer>>;

/// One control plane. Connects when first used and again when needed.
#[derive(Clone)]
pub struct ControlPlane {
    name: Arc<str>,
    client: Client,
    handling: Grpc<InterceptedService<Channel, Bearer>>,
    bearer: Bearer,
    tracer: Tracer,
}

impl ControlPlane {
    /// All control planes of the settings.
    pub fn all(settings: &Settings, tracer: &Tracer) -> Result<Vec<Self>, String> {
        let authority = match &settings.control_plane_ca {
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                Some(Certificate::from_pem(pem))
            }
            None => None,
        };
        let bearer = Bearer::new(settings.token.clone())?;
        settings.control_planes.iter().map(|uri| Self::new(uri, authority.as_ref(), bearer.clone(), tracer)).collect()
    }

    fn new(uri: &Uri, authority: Option<&Certificate>, bearer: Bearer, tracer: &Tracer) -> Result<Self, String> {
        let name: Arc<str> = uri.authority().map_or("", |authority| authority.as_str()).into();
        let mut endpoint = Endpoint::from(uri.clone())
            .connect_timeout(Duration::from_secs(2))
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true)
            .tcp_nodelay(true);
        if uri.scheme_str() == Some("https") {
            let tls = authority.into_iter().fold(ClientTlsConfig::new(), |tls, ca| tls.ca_certificate(ca.clone()));
            endpoint =
                endpoint.tls_config(tls).map_err(|error| format!("the control plane's CA cannot be used: {error}"))?;
        }
        // A part of a snapshot may be larger than tonic's usual 4 MiB.
        let channel = endpoint.connect_lazy();
        let client = EdgeServiceClient::with_interceptor(channel.clone(), bearer.clone())
            .max_decoding_message_size(LARGEST_MESSAGE);
        let handling = Grpc::new(InterceptedService::new(channel, bearer.clone()));
        Ok(Self { name, client, handling, bearer, tracer: tracer.clone() })
    }

    /// Host and port, for logs and metrics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a batch of webhooks, which are encoded already: what the generated client does with a `HandleRequest`.
    pub async fn handle(&self, batch: Batch, deadline: Duration) -> Result<HandleResponse, Status> {
        let mut span = self.span(&batch);
        let answer = self.send(batch, deadline, span.parent()).await;
        let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
        span.set("rpc.grpc.status_code", i64::from(i32::from(code)));
        if code != Code::Ok {
            span.fail();
        }
        answer
    }

    async fn send(
        &self,
        batch: Batch,
        deadline: Duration,
        parent: Option<TraceParent>,
    ) -> Result<HandleResponse, Status> {
        let mut request = Request::new(batch);
        request.set_timeout(deadline);
        if let Some(parent) = parent.and_then(|parent| parent.to_string().parse().ok()) {
            request.metadata_mut().insert("traceparent", parent);
        }
        let mut client = self.handling.clone();
        client.ready().await.map_err(|error| Status::unavailable(format!("not connected: {error}")))?;
        let path = PathAndQuery::from_static("/callplane.edge.v1.EdgeService/Handle");
        client.unary(request, path, ProstCodec::default()).await.map(tonic::Response::into_inner)
    }

    /// A batch belongs to the trace of its first sampled webhook, and is linked to the others.
    fn span(&self, batch: &Batch) -> Span {
        if !self.tracer.is_on() {
            return Span::default();
        }
        let mut sampled = batch.webhooks.iter().filter_map(|webhook| Traced::decode(webhook.clone()).ok()?.parent());
        let mut span = self.tracer.child(sampled.next(), ("callplane.edge.v1.EdgeService/Handle", ""), Kind::Client);
        span.set("rpc.system", "grpc");
        span.set("rpc.service", "callplane.edge.v1.EdgeService");
        span.set("rpc.method", "Handle");
        span.set("callplane.webhooks", i64::try_from(batch.webhooks.len()).unwrap_or(i64::MAX));
        sampled.for_each(|other| span.link(other));
        span
    }

    /// Opens the stream of accounts and numbers.
    pub async fn watch_state(&self, request: WatchStateRequest) -> Result<Streaming<WatchStateResponse>, Status> {
        self.client.clone().watch_state(request).await.map(tonic::Response::into_inner)
    }

    /// Wants every account looked at.
    pub async fn run_health_checks(&self, edge_id: &str) -> Result<RunHealthChecksResponse, Status> {
        let mut request = Request::new(RunHealthChecksRequest { edge_id: edge_id.to_owned() });
        request.set_timeout(TRIGGER);
        self.client.clone().run_health_checks(request).await.map(tonic::Response::into_inner)
    }

    /// The token was refused: it may have been rotated in its file.
    pub fn read_token_again(&self) {
        if let Err(problem) = self.bearer.read_again() {
            tracing::error!("{problem}");
        }
    }
}

/// What an encoded webhook says of its trace; everything else in it is passed over.
#[derive(Clone, PartialEq, Message)]
struct Traced {
    #[prost(string, tag = "6")]
    trace_parent: String,
}

impl Traced {
    fn parent(&self) -> Option<TraceParent> {
        self.trace_parent.parse().ok()
    }
}

/// Adds the token to every call.
#[derive(Clone)]
struct Bearer {
    source: Token,
    header: Arc<RwLock<Option<MetadataValue<Ascii>>>>,
}

impl Bearer {
    fn new(source: Token) -> Result<Self, String> {
        let bearer = Self { source, header: Arc::default() };
        bearer.read_again()?;
        Ok(bearer)
    }

    fn read_again(&self) -> Result<(), String> {
        let token = self.source.read().map_err(|error| format!("the edge's token cannot be read: {error}"))?;
        let header = match token {
            None => None,
            Some(token) => {
                let mut header = MetadataValue::try_from(format!("Bearer {token}"))
                    .map_err(|_| "the edge's token holds a character that no token has".to_owned())?;
                // Keeps it out of every debug print of the request.
                header.set_sensitive(true);
                Some(header)
            }
        };
        *self.header.write().expect("nobody panics while holding the token") = header;
        Ok(())
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let header = self.header.read().expect("nobody panics while holding the token").clone();
        if let Some(header) = header {
            request.metadata_mut().insert("authorization", header);
        }
        Ok(request)
    }
}
