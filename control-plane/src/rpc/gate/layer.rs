//! The tower layer: path, token, revocation, audience, scope, workspace; in that order.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use callplane_proto::options::v1::Audience;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use prost_reflect::DescriptorPool;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::{
    caller::Caller,
    policy::{Policies, Policy},
    revocation::{Cached, Revocations},
};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        time::Clock,
    },
    token::TokenKeys,
};

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: [&str; 2] = ["/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];

/// Lets a request through to its service, or answers it.
#[derive(Clone)]
pub struct Gate(Arc<Rules>);

struct Rules {
    policies: Arc<Policies>,
    tokens: Arc<TokenKeys>,
    revoked: Cached,
    clock: Arc<dyn Clock>,
    reflection: bool,
}

impl Gate {
    /// Over every service in the pool. Fails if a method has no whole policy.
    pub fn new(
        pool: &DescriptorPool,
        tokens: Arc<TokenKeys>,
        revocations: Arc<dyn Revocations>,
        clock: Arc<dyn Clock>,
        reflection: bool,
    ) -> Result<Self> {
        let policies = Arc::new(Policies::from_pool(pool)?);
        let revoked = Cached::new(revocations, Arc::clone(&clock));
        Ok(Self(Arc::new(Rules { policies, tokens, revoked, clock, reflection })))
    }

    /// The policies it enforces.
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.0.policies)
    }
}

impl Rules {
    /// Who calls, or `None` where nobody has to say.
    async fn admit(&self, path: &str, headers: &HeaderMap) -> std::result::Result<Option<Caller>, Status> {
        if self.is_open(path) {
            return Ok(None);
        }
        let policy = self.policies.get(path).ok_or_else(|| unknown(path))?;
        if policy.audience == Audience::Public {
            return Ok(None);
        }
        Ok(Some(self.identify(policy, headers).await?))
    }

    async fn identify(&self, policy: &Policy, headers: &HeaderMap) -> Result<Caller> {
        let claims = self.tokens.verify(bearer(headers)?, self.clock.now())?;
        if self.revoked.is_revoked(claims.token_id).await? {
            return Err(Error::new(Kind::Unauthenticated, "TOKEN_REVOKED", "the token was revoked"));
        }
        Caller::admit(claims, policy, headers)
    }

    fn is_open(&self, path: &str) -> bool {
        path.starts_with(HEALTH) || (self.reflection && REFLECTION.iter().any(|prefix| path.starts_with(prefix)))
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let refuse = |reason, message| Error::new(Kind::Unauthenticated, reason, message);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next();
    let value = value.ok_or_else(|| refuse("TOKEN_MISSING", "send a token as metadata `authorization: Bearer …`"))?;
    if values.next().is_some() {
        return Err(refuse("TOKEN_INVALID", "`authorization` is given more than once"));
    }
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    token.ok_or_else(|| refuse("TOKEN_INVALID", "`authorization` is not `Bearer` and a token"))
}

fn unknown(path: &str) -> Status {
    Status::new(Code::Unimplemented, format!("there is no method `{}` here", path.trim_start_matches('/')))
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, rules: Arc::clone(&self.0) }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Gated<S>
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone has not been polled ready; the original has.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let caller = match rules.admit(request.uri().path(), request.headers()).await {
                Ok(caller) => caller,
                Err(status) => return Ok(status.into_http()),
            };
            // Nothing behind the gate needs the token, and nothing can log what it does not have.
            request.headers_mut().remove(AUTHORIZATION);
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            inner.call(request).await
        })
    }
}
