//! The way of ended spans to the collector: a bounded queue that nobody waits for, and one task that sends what has gathered.
//! A collector that is slow or gone costs spans, which are counted, and nothing else.

use std::{borrow::Cow, time::Duration};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span as Wire, Status, span, status},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use tonic::transport::{Channel, Endpoint, Uri};

use crate::{
    TraceParent,
    span::{Kind, Record, Value},
};

/// Spans that may wait: some seconds' worth of a busy server, a few megabytes.
const WAITING: usize = 8192;
/// Spans of one message.
const TOGETHER: usize = 512;
/// How long spans gather before a message is sent.
const GATHER: Duration = Duration::from_millis(200);
/// A collector that needs longer has lost the message.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a stopping server waits for its last spans.
const LAST_WORDS: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    result: &'static str,
}

/// What became of spans.
#[derive(Clone, Default)]
pub struct SpanCounts {
    exported: Counter,
    failed: Counter,
    dropped: Counter,
}

impl SpanCounts {
    /// Counters in this registry.
    pub fn register(registry: &mut Registry) -> Self {
        let spans = Family::<Ended, Counter>::default();
        let counter = |result| spans.get_or_create_owned(&Ended { result });
        let counts = Self { exported: counter("exported"), failed: counter("failed"), dropped: counter("dropped") };
        let help =
            "Spans by what became of them: exported, failed at the collector, dropped because the queue was full";
        registry.register("trace_spans", help, spans);
        counts
    }
}

enum Item {
    Span(Box<Record>),
    Flush(oneshot::Sender<()>),
}

/// The asking side of the queue.
pub struct Exporter {
    queue: mpsc::Sender<Item>,
    counts: SpanCounts,
}

impl Exporter {
    /// Starts the task that sends. It connects when there is something to send.
    pub fn start(endpoint: Uri, service: &'static str, counts: SpanCounts) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        let channel = Endpoint::from(endpoint).connect_timeout(PATIENCE).timeout(PATIENCE).connect_lazy();
        let sender = Sender {
            client: TraceServiceClient::new(channel),
            resource: resource(service),
            counts: counts.clone(),
            is_well: true,
        };
        tokio::spawn(sender.run(waiting));
        Self { queue, counts }
    }

    /// Takes a span, or drops and counts it. Never waits.
    pub fn take(&self, record: Box<Record>) {
        if self.queue.try_send(Item::Span(record)).is_err() {
            self.counts.dropped.inc();
        }
    }

    /// Until everything before is sent, or it takes too long.
    pub async fn flush(&self) {
        let flushing = async {
            let (done, flushed) = oneshot::channel();
            if self.queue.send(Item::Flush(done)).await.is_ok() {
                // An error is the exporter's end; then there is nothing to wait for.
                let _ = flushed.await;
            }
        };
        if timeout(LAST_WORDS, flushing).await.is_err() {
            tracing::warn!("the last spans could not be sent in time");
        }
    }
}

struct Sender {
    client: TraceServiceClient<Channel>,
    resource: Resource,
    counts: SpanCounts,
    is_well: bool,
}

impl Sender {
    /// Until nobody can leave spans any more.
    async fn run(mut self, mut waiting: mpsc::Receiver<Item>) {
        let mut items = Vec::with_capacity(TOGETHER);
        while waiting.recv_many(&mut items, TOGETHER).await > 0 {
            if items.iter().all(|item| matches!(item, Item::Span(_))) && items.len() < TOGETHER {
                sleep(GATHER).await;
                while items.len() < TOGETHER
                    && let Ok(item) = waiting.try_recv()
                {
                    items.push(item);
                }
            }
            let (mut spans, mut flushed) = (Vec::with_capacity(items.len()), Vec::new());
            for item in items.drain(..) {
                match item {
                    Item::Span(record) => spans.push(wire(*record)),
                    Item::Flush(done) => flushed.push(done),
                }
            }
            if !spans.is_empty() {
                self.send(spans).await;
            }
            // Who has given up waiting needs no word.
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    async fn send(&mut self, spans: Vec<Wire>) {
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let scope = InstrumentationScope { name: "callplane".to_owned(), ..Default::default() };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }];
        let resource_spans = ResourceSpans { resource: Some(self.resource.clone()), scope_spans, ..Default::default() };
        let request = ExportTraceServiceRequest { resource_spans: vec![resource_spans] };
        match timeout(PATIENCE, self.client.export(request)).await {
            Ok(Ok(answer)) => {
                let rejected = answer.into_inner().partial_success.map_or(0, |partial| partial.rejected_spans);
                let rejected = u64::try_from(rejected).unwrap_or(0).min(count);
                self.counts.exported.inc_by(count - rejected);
                self.counts.failed.inc_by(rejected);
                self.note(true, None);
            }
            Ok(Err(status)) => {
                self.counts.failed.inc_by(count);
                self.note(false, Some(status.code()));
            }
            Err(_) => {
                self.counts.failed.inc_by(count);
                self.note(false, None);
            }
        }
    }

    /// One line when it begins to fail and one when it goes again, not one for each message.
    fn note(&mut self, is_well: bool, code: Option<tonic::Code>) {
        if std::mem::replace(&mut self.is_well, is_well) == is_well {
            return;
        }
        match is_well {
            true => tracing::info!("the collector of traces takes spans again"),
            false => tracing::warn!(?code, "the collector of traces does not take spans; they are dropped and counted"),
        }
    }
}

fn resource(service: &'static str) -> Resource {
    let instance = format!("{:016x}", rand::random::<u64>());
    let attributes = vec![
        attribute("service.namespace", text("callplane")),
        attribute("service.name", text(service)),
        attribute("service.version", text(env!("CARGO_PKG_VERSION"))),
        attribute("service.instance.id", text(instance)),
    ];
    Resource { attributes, ..Default::default() }
}

fn wire(record: Record) -> Wire {
    let (verb, target) = record.name;
    let kind = match record.kind {
        Kind::Internal => span::SpanKind::Internal,
        Kind::Server => span::SpanKind::Server,
        Kind::Client => span::SpanKind::Client,
        Kind::Consumer => span::SpanKind::Consumer,
    };
    let failed = Status { code: status::StatusCode::Error.into(), message: String::new() };
    Wire {
        trace_id: record.context.trace_id.to_be_bytes().to_vec(),
        span_id: record.context.span_id.to_be_bytes().to_vec(),
        parent_span_id: record.parent.map(|parent| parent.to_be_bytes().to_vec()).unwrap_or_default(),
        name: if target.is_empty() { verb.to_owned() } else { format!("{verb} {target}") },
        kind: kind.into(),
        // Sampled.
        flags: 1,
        start_time_unix_nano: record.start,
        end_time_unix_nano: record.end,
        attributes: record.attributes.iter().map(|(name, value)| attribute(name, any(*value))).collect(),
        links: record.links.into_iter().map(link).collect(),
        status: record.failed.then_some(failed),
        ..Default::default()
    }
}

fn link(to: TraceParent) -> span::Link {
    let (trace_id, span_id) = (to.trace_id.to_be_bytes().to_vec(), to.span_id.to_be_bytes().to_vec());
    span::Link { trace_id, span_id, flags: 1, ..Default::default() }
}

fn any(value: Value) -> any_value::Value {
    match value {
        Value::Word(word) => text(word),
        Value::Number(number) => any_value::Value::IntValue(number),
    }
}

fn text(word: impl Into<Cow<'static, str>>) -> any_value::Value {
    any_value::Value::StringValue(word.into().into_owned())
}

fn attribute(name: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}
