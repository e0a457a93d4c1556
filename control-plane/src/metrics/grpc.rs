//! Calls of our own services, by method and code. The methods are those of the descriptors; whatever else a path says is
//! counted as `other`. Each method has its handles from the start, each of its codes from the first time on.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    method: &'static str,
}

/// Half a millisecond to 16 s.
#[derive(Clone)]
struct Seconds;

impl MetricConstructor<Histogram> for Seconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.000_5, 2.0, 16))
    }
}

/// The codes of gRPC by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What is counted about calls of our services.
pub struct Grpc {
    requests: Family<Answered, Counter>,
    seconds: Family<Of, Histogram, Seconds>,
    streams: Family<Of, Gauge>,
    methods: OnceLock<HashMap<&'static str, Arc<Method>>>,
    other: Arc<Method>,
}

/// What is counted about one method.
pub struct Method {
    /// `callplane.v1.CallService/ListCalls`.
    pub name: &'static str,
    requests: Family<Answered, Counter>,
    codes: [OnceLock<Counter>; CODES.len()],
    kind: Shape,
}

/// A stream lasts for as long as somebody listens, so that its time says nothing; how many there are does.
enum Shape {
    Unary(Histogram),
    Streaming(Gauge),
}

impl Grpc {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (requests, streams) = (Family::default(), Family::default());
        let seconds = Family::new_with_constructor(Seconds);
        registry.register("grpc_requests", "Requests by method and code", requests.clone());
        registry.register("grpc_seconds", "From a request to the end of its answer", seconds.clone());
        registry.register("grpc_streams", "Open streams, such as the edges' WatchState", streams.clone());
        let other = Arc::new(Method::new("other", &requests, Shape::Unary(Seconds.new_metric())));
        Self { requests, seconds, streams, methods: OnceLock::new(), other }
    }

    /// Names the methods there are, and which of them stream; once, before anything is served.
    pub fn expect(&self, methods: impl IntoIterator<Item = (&'static str, bool)>) {
        self.methods.get_or_init(|| {
            let known =
                methods.into_iter().map(|(name, is_streaming)| (name, Arc::new(self.method(name, is_streaming))));
            known.collect()
        });
    }

    fn method(&self, name: &'static str, is_streaming: bool) -> Method {
        let of = Of { method: name };
        let shape = match is_streaming {
            true => Shape::Streaming(self.streams.get_or_create_owned(&of)),
            false => Shape::Unary(self.seconds.get_or_create_owned(&of)),
        };
        Method::new(name, &self.requests, shape)
    }

    /// The method of a path.
    pub fn of(&self, path: &str) -> Arc<Method> {
        let known = self.methods.get().and_then(|methods| methods.get(path.trim_start_matches('/')));
        Arc::clone(known.unwrap_or(&self.other))
    }
}

impl Method {
    fn new(name: &'static str, requests: &Family<Answered, Counter>, kind: Shape) -> Self {
        Self { name, requests: requests.clone(), codes: Default::default(), kind }
    }

    /// Its answer is a stream.
    pub fn is_streaming(&self) -> bool {
        matches!(self.kind, Shape::Streaming(_))
    }

    /// An answer begins.
    pub fn opened(&self) {
        if let Shape::Streaming(open) = &self.kind {
            open.inc();
        }
    }

    /// An answer that had begun has ended, or nobody listens any more.
    pub fn ended(&self, code: i32, took: Duration) {
        match &self.kind {
            Shape::Unary(seconds) => seconds.observe(took.as_secs_f64()),
            Shape::Streaming(open) => drop(open.dec()),
        }
        self.counter(code).inc();
    }

    fn counter(&self, code: i32) -> &Counter {
        // A code that does not exist is UNKNOWN.
        let index = usize::try_from(code).ok().filter(|index| *index < CODES.len()).unwrap_or(2);
        let answered = Answered { method: self.name, code: CODES[index] };
        self.codes[index].get_or_init(|| self.requests.get_or_create_owned(&answered))
    }
}
