//! A collector of traces: takes spans over OTLP like a real one, and remembers them and every byte.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use crate::plane::PATIENCE;

/// A span as a reader of traces sees it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The program.
    pub service: String,
    /// The span.
    pub span: Span,
}

impl Told {
    /// What it says under this name.
    pub fn attribute(&self, name: &str) -> Option<String> {
        read(&self.span.attributes).remove(name)
    }
}

fn read(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let shown = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let value = |pair: &KeyValue| pair.value.as_ref().and_then(|value| value.value.as_ref()).map(shown);
    attributes.iter().map(|pair| (pair.key.clone(), value(pair).unwrap_or_default())).collect()
}

#[derive(Default)]
struct Heard {
    spans: Vec<Told>,
    bytes: Vec<u8>,
}

/// Takes spans.
pub struct Collector {
    endpoint: String,
    heard: watch::Sender<Heard>,
    serving: JoinHandle<()>,
}

impl Collector {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it listens"));
        let heard = watch::Sender::new(Heard::default());
        let service = TraceServiceServer::new(Ear(heard.clone()));
        let serving = tokio::spawn(async move {
            let served = Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener));
            served.await.expect("it serves");
        });
        Self { endpoint, heard, serving }
    }

    /// For `CALLPLANE_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Waits for enough spans; gives all of them.
    pub async fn until(&self, enough: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let mut heard = self.heard.subscribe();
        let waiting = heard.wait_for(|heard| enough(&heard.spans));
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(heard) => heard.expect("the collector lives").spans.clone(),
            Err(_) => panic!("spans are missing; there are {:#?}", names(&self.heard.borrow().spans)),
        }
    }

    /// Every byte so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.heard.borrow().bytes.clone()
    }
}

fn names(spans: &[Told]) -> Vec<String> {
    spans.iter().map(|told| format!("{} {}", told.service, told.span.name)).collect()
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Ear(watch::Sender<Heard>);

#[tonic::async_trait]
impl TraceService for Ear {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        self.0.send_modify(|heard| {
            heard.bytes.extend(request.encode_to_vec());
            for of_one in request.resource_spans {
                let resource = of_one.resource.map(|resource| read(&resource.attributes)).unwrap_or_default();
                let service = resource.get("service.name").cloned().unwrap_or_default();
                let spans = of_one.scope_spans.into_iter().flat_map(|scope| scope.spans);
                heard.spans.extend(spans.map(|span| Told { service: service.clone(), span }));
            }
        });
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
