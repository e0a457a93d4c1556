//! The tower layer: reads a request's message, checks it, notes what the audit keeps, and hands the request on. Methods of
//! the edge pass by; the hot path checks for itself.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
};

use callplane_proto::options::v1::{Audience, Audit};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Full;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{Validator, frame};
use crate::{
    domain::error::Result,
    rpc::{
        gate::{Policies, method_name},
        mask::{AuditedRequest, masked},
    },
};

/// Checks requests before their services see them.
#[derive(Clone)]
pub struct Validation(Arc<Methods>);

struct Methods {
    validator: Validator,
    by_path: HashMap<String, Method>,
}

struct Method {
    name: Arc<str>,
    request: MessageDescriptor,
    audited: bool,
}

impl Validation {
    /// For every public method in the pool. Fails on a rule that is not known.
    pub fn new(pool: &DescriptorPool, policies: &Policies) -> Result<Self> {
        let validator = Validator::new(pool, policies)?;
        let mut by_path = HashMap::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let path = format!("/{}", method_name(&method));
            let Some(policy) = policies.get(&path).filter(|policy| policy.audience != Audience::Edge) else { continue };
            let (name, audited) = (Arc::clone(&policy.method), policy.audit == Audit::Change);
            by_path.insert(path, Method { name, request: method.input(), audited });
        }
        Ok(Self(Arc::new(Methods { validator, by_path })))
    }
}

impl Methods {
    async fn check(&self, request: Request<Body>) -> std::result::Result<Request<Body>, Status> {
        let Some(method) = self.by_path.get(request.uri().path()) else { return Ok(request) };
        let (mut parts, body) = request.into_parts();
        let frame = frame::read(body).await?;
        let message = DynamicMessage::decode(method.request.clone(), frame.message)
            .map_err(|_| frame::malformed("the request is not the message that this method takes"))?;
        self.validator.check(&message)?;
        if method.audited {
            parts.extensions.insert(AuditedRequest { method: Arc::clone(&method.name), request: masked(&message) });
        }
        Ok(Request::from_parts(parts, Body::new(Full::new(frame.whole))))
    }
}

impl<S> Layer<S> for Validation {
    type Service = Validated<S>;

    fn layer(&self, inner: S) -> Validated<S> {
        Validated { inner, methods: Arc::clone(&self.0) }
    }
}

/// A service whose requests are checked.
#[derive(Clone)]
pub struct Validated<S> {
    inner: S,
    methods: Arc<Methods>,
}

impl<S> Service<Request<Body>> for Validated<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone has not been polled ready; the original has.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let methods = Arc::clone(&self.methods);
        Box::pin(async move {
            match methods.check(request).await {
                Ok(request) => inner.call(request).await,
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}
