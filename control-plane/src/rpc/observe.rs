//! Counts and traces every request: the outermost of our layers, so that a refusal of the gate is counted as well. A caller's
//! trace is taken up, except where the edge decides for itself which webhooks are traced.

use std::{
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context as Task, Poll},
};

use bytes::Bytes;
use callplane_proto::descriptors;
use callplane_telemetry::{Kind, Span, TraceParent, within};
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use crate::{flow::Context, metrics::Method};

/// Every method and whether it streams its answer. The names live as long as the program: they are labels and span names.
static METHODS: LazyLock<Vec<(&'static str, bool)>> = LazyLock::new(|| {
    let described = descriptors::pool().services().flat_map(|service| {
        let name = |method: prost_reflect::MethodDescriptor| {
            let name = format!("{}/{}", service.full_name(), method.name());
            (&*Box::leak(name.into_boxed_str()), method.is_server_streaming())
        };
        service.methods().map(name).collect::<Vec<_>>()
    });
    let health = [("grpc.health.v1.Health/Check", false), ("grpc.health.v1.Health/Watch", true)];
    described.chain(health).collect()
});

/// Counts and traces.
#[derive(Clone)]
pub struct Observe(Arc<Context>);

impl Observe {
    /// Into this context's counters and traces.
    pub fn new(ctx: Arc<Context>) -> Self {
        ctx.metrics.grpc.expect(METHODS.iter().copied());
        Self(ctx)
    }

    fn span(&self, method: &Method, headers: &HeaderMap) -> Span {
        // A stream has no end worth waiting for.
        if method.is_streaming() {
            return Span::default();
        }
        let parent: Option<TraceParent> =
            headers.get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
        let name = (method.name, "");
        let mut span = match parent {
            Some(_) => self.0.tracer.child(parent, name, Kind::Server),
            None if headers.contains_key("traceparent") || !method.name.starts_with("callplane.v1.") => Span::default(),
            None => self.0.tracer.root(name, Kind::Server),
        };
        if let Some((service, name)) = method.name.split_once('/') {
            span.set("rpc.system", "grpc");
            span.set("rpc.service", service);
            span.set("rpc.method", name);
        }
        span
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, observe: self.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    observe: Observe,
}

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone has not been polled ready; the original has.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let method = self.observe.0.metrics.grpc.of(request.uri().path());
        let span = self.observe.span(&method, request.headers());
        let scope = span.scope();
        let mut ending = Ending::new(method, span);
        Box::pin(async move {
            let response = within(scope, inner.call(request)).await?;
            let (parts, body) = response.into_parts();
            // A refusal is told in the headers; everything else after the body.
            ending.read(&parts.headers);
            Ok(Response::from_parts(parts, Body::new(Counted { body, ending })))
        })
    }
}

/// Counts a request when it is over, however that comes about.
struct Ending {
    method: Arc<Method>,
    span: Span,
    started: Instant,
    code: Option<Code>,
}

impl Ending {
    fn new(method: Arc<Method>, span: Span) -> Self {
        method.opened();
        Self { method, span, started: Instant::now(), code: None }
    }

    fn read(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.code = Some(status.code());
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Whoever asked has gone before the answer was whole.
        let code = self.code.unwrap_or(Code::Cancelled);
        self.method.ended(code.into(), self.started.elapsed());
        match code {
            // Who may call is not known: a stranger's trace is none of ours.
            Code::Unauthenticated => return self.span.forget(),
            Code::Unknown | Code::DeadlineExceeded | Code::Internal | Code::Unavailable | Code::DataLoss => {
                self.span.fail();
            }
            _ => {}
        }
        self.span.set("rpc.grpc.status_code", i64::from(i32::from(code)));
    }
}

/// An answer on its way out.
struct Counted {
    body: Body,
    ending: Ending,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(task);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.ending.read(trailers);
                }
            }
            Poll::Ready(Some(Err(status))) => self.ending.code = Some(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
