//! Every kind of token against every kind of method, over a tiny service.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use http::{Request, Response, header::AUTHORIZATION};
use secrecy::ExposeSecret;
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};
use uuid::Uuid;

use super::*;
use crate::{
    clock::ManualClock,
    domain::{
        error::{Error, Kind, Result},
        id::{TokenId, WorkspaceId},
        time::{Clock, Timestamp},
    },
    rpc::testing,
    token::{Audience, Claims, Scopes, TokenKeys, generate_pem},
};

const NOW: Timestamp = DateTime::from_timestamp_nanos(1_750_000_000_000_000_000);
const TINY: &str = r#"
    service Tiny {
      rpc Workspace(M) returns (M) { option (callplane.options.v1.policy) = {scope: "tiny:read" audience: AUDIENCE_WORKSPACE audit: AUDIT_NONE}; }
      rpc Operator(M) returns (M) { option (callplane.options.v1.policy) = {scope: "tiny:read" audience: AUDIENCE_OPERATOR audit: AUDIT_NONE}; }
      rpc Edge(M) returns (M) { option (callplane.options.v1.policy) = {scope: "tiny:read" audience: AUDIENCE_EDGE audit: AUDIT_NONE}; }
      rpc Any(M) returns (M) { option (callplane.options.v1.policy) = {scope: "tiny:read" audience: AUDIENCE_ANY_TOKEN audit: AUDIT_NONE}; }
      rpc Public(M) returns (M) { option (callplane.options.v1.policy) = {scope: "tiny:read" audience: AUDIENCE_PUBLIC audit: AUDIT_NONE}; }
    }
    message M {}
"#;

#[derive(Default)]
struct Ledger {
    revoked: AtomicBool,
    broken: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait]
impl Revocations for Ledger {
    async fn is_revoked(&self, _: TokenId) -> Result<bool> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::new(Kind::Unavailable, "DATABASE", "the database does not answer"));
        }
        Ok(self.revoked.load(Ordering::SeqCst))
    }
}

struct Site {
    gate: Gate,
    tokens: Arc<TokenKeys>,
    ledger: Arc<Ledger>,
    clock: Arc<ManualClock>,
}

impl Site {
    fn new(reflection: bool) -> Self {
        let tokens = Arc::new(TokenKeys::from_setting(generate_pem().expose_secret(), false).expect("valid"));
        let (ledger, clock) = (Arc::<Ledger>::default(), Arc::new(ManualClock::at(NOW)));
        let revocations: Arc<dyn Revocations> = ledger.clone();
        let gate = Gate::new(&testing::pool(TINY), tokens.clone(), revocations, clock.clone(), reflection);
        Self { gate: gate.expect("whole policies"), tokens, ledger, clock }
    }

    fn token(&self, audience: Audience, scopes: &[&str]) -> String {
        let claims = Claims {
            token_id: TokenId::from_uuid(Uuid::from_u128(9)),
            audience,
            workspace: (audience == Audience::Workspace).then(|| workspace(1)),
            scopes: Scopes::parse(scopes).expect("valid"),
            issued: self.clock.now(),
            expires: self.clock.now() + TimeDelta::hours(1),
        };
        format!("Bearer {}", self.tokens.sign(&claims).expect("signs").expose_secret())
    }

    /// What came through to the service, or what was answered in its place.
    async fn ask(&self, path: &str, metadata: &[(&str, &str)]) -> std::result::Result<Option<Caller>, Status> {
        let mut request = Request::builder().uri(format!("http://plane{path}"));
        for (name, value) in metadata {
            request = request.header(*name, *value);
        }
        let inner = service_fn(|request: Request<Body>| async move {
            assert!(!request.headers().contains_key(AUTHORIZATION), "the token went through");
            let mut response = Response::new(Body::empty());
            response.extensions_mut().extend(request.extensions().clone());
            Ok::<_, Infallible>(response)
        });
        let request = request.body(Body::empty()).expect("a request");
        let response = self.gate.layer(inner).oneshot(request).await.expect("infallible");
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response.extensions().get::<Caller>().cloned()),
        }
    }

    async fn reason(&self, path: &str, metadata: &[(&str, &str)]) -> String {
        let status = self.ask(path, metadata).await.expect_err("refused");
        for (_, value) in metadata {
            assert!(value.len() < 12 || !status.message().contains(value), "the answer repeats metadata");
        }
        status.get_details_error_info().expect("always a reason").reason
    }
}

fn workspace(number: u128) -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(number))
}

#[tokio::test]
async fn each_method_takes_the_tokens_of_its_policy_and_no_others() {
    let site = Site::new(false);
    let named = workspace(2).to_string();
    let kinds = [("workspace", Audience::Workspace), ("operator", Audience::Operator), ("edge", Audience::Edge)];
    // Through with this workspace, or refused with this reason.
    let (bound, chosen, none) = (Ok(Some(workspace(1))), Ok(Some(workspace(2))), Ok(None));
    let refused = || Err("AUDIENCE".to_owned());
    let expected = [
        ("Workspace", [bound.clone(), Err("WORKSPACE_REQUIRED".into()), refused()], [chosen.clone(), refused()]),
        ("Operator", [refused(), none.clone(), refused()], [chosen.clone(), refused()]),
        ("Edge", [refused(), refused(), none.clone()], [refused(), chosen.clone()]),
        ("Any", [bound, none.clone(), none], [chosen.clone(), chosen]),
    ];
    for (method, without, with) in expected {
        let path = format!("/test.Tiny/{method}");
        for ((kind, audience), expected) in kinds.into_iter().zip(without) {
            let token = site.token(audience, &["*:read"]);
            let outcome = outcome(site.ask(&path, &[("authorization", &token)]).await);
            assert_eq!(outcome, expected, "{kind} token, {method}");
        }
        for ((kind, audience), expected) in kinds.into_iter().skip(1).zip(with) {
            let token = site.token(audience, &["tiny:*"]);
            let metadata = [("authorization", token.as_str()), (WORKSPACE_METADATA, named.as_str())];
            assert_eq!(
                outcome(site.ask(&path, &metadata).await),
                expected,
                "{kind} token naming a workspace, {method}"
            );
        }
        let weak = site.token(Audience::Operator, &["tiny:write", "other:*"]);
        let error = outcome(site.ask(&path, &[("authorization", &weak)]).await).expect_err("no scope");
        assert_eq!(error, if method == "Edge" { "AUDIENCE" } else { "SCOPE_MISSING" });
    }
}

fn outcome(answer: std::result::Result<Option<Caller>, Status>) -> std::result::Result<Option<WorkspaceId>, String> {
    let reason = |status: Status| status.get_details_error_info().expect("always a reason").reason;
    answer.map(|caller| caller.expect("known").workspace).map_err(reason)
}

#[tokio::test]
async fn without_a_good_token_nobody_comes_through() {
    let site = Site::new(false);
    let good = site.token(Audience::Workspace, &["*"]);
    let foreign = Site::new(false).token(Audience::Workspace, &["*"]);
    let path = "/test.Tiny/Workspace";
    assert_eq!(site.reason(path, &[]).await, "TOKEN_MISSING");
    for bad in ["Basic abc", "Bearer", "Bearer ", "Bearer nonsense", &good[7..], &foreign] {
        assert_eq!(site.reason(path, &[("authorization", bad)]).await, "TOKEN_INVALID", "{bad}");
    }
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    assert_eq!(site.reason(path, &twice).await, "TOKEN_INVALID");
    let lower = good.replacen("Bearer", "bearer", 1);
    assert!(site.ask(path, &[("authorization", &lower)]).await.is_ok());
    site.clock.advance(TimeDelta::hours(1));
    assert_eq!(site.reason(path, &[("authorization", &good)]).await, "TOKEN_EXPIRED");
    let status = site.ask(path, &[("authorization", &good)]).await.expect_err("expired");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_revoked_token_is_locked_out_within_a_second() {
    let site = Site::new(false);
    let token = site.token(Audience::Workspace, &["*"]);
    let metadata = [("authorization", token.as_str())];
    let ask = || site.ask("/test.Tiny/Workspace", &metadata);
    assert!(ask().await.is_ok() && ask().await.is_ok());
    assert_eq!(site.ledger.asked.load(Ordering::SeqCst), 1, "the answer was remembered");
    site.ledger.revoked.store(true, Ordering::SeqCst);
    site.clock.advance(TimeDelta::seconds(1));
    assert_eq!(outcome(ask().await), Err("TOKEN_REVOKED".to_owned()));
}

#[tokio::test]
async fn nobody_comes_through_while_revocations_are_unknown_and_the_error_is_not_remembered() {
    let site = Site::new(false);
    let token = site.token(Audience::Workspace, &["*"]);
    let metadata = [("authorization", token.as_str())];
    let ask = || site.ask("/test.Tiny/Workspace", &metadata);
    site.ledger.broken.store(true, Ordering::SeqCst);
    assert_eq!(ask().await.expect_err("unknown").code(), Code::Unavailable);
    site.ledger.broken.store(false, Ordering::SeqCst);
    assert!(ask().await.is_ok());
}

#[tokio::test]
async fn a_bound_token_never_acts_on_a_workspace_it_names_by_mistake() {
    let site = Site::new(false);
    let token = site.token(Audience::Workspace, &["*"]);
    let [own, other] = [1, 2].map(|number| workspace(number).to_string());
    let path = "/test.Tiny/Workspace";
    assert!(site.ask(path, &[("authorization", &token), (WORKSPACE_METADATA, &own)]).await.is_ok());
    assert_eq!(site.reason(path, &[("authorization", &token), (WORKSPACE_METADATA, &other)]).await, "WORKSPACE_BOUND");
    let operator = site.token(Audience::Operator, &["*"]);
    let status =
        site.ask(path, &[("authorization", &operator), (WORKSPACE_METADATA, "main")]).await.expect_err("no id");
    let violations = status.get_details_bad_request().expect("names it").field_violations;
    assert_eq!((status.code(), violations[0].field.as_str()), (Code::InvalidArgument, WORKSPACE_METADATA));
}

#[tokio::test]
async fn only_what_is_meant_to_be_open_is_open() {
    let (plain, dev) = (Site::new(false), Site::new(true));
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let older = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    for site in [&plain, &dev] {
        assert_eq!(site.ask("/grpc.health.v1.Health/Check", &[]).await.expect("open"), None);
        assert_eq!(site.ask("/test.Tiny/Public", &[]).await.expect("open"), None);
        for path in ["/test.Tiny/Nonsense", "/", "/test.Tiny", "/grpc.health.v1.Healthy/Check", "/test.Tiny/Public/"] {
            assert_eq!(site.ask(path, &[]).await.expect_err(path).code(), Code::Unimplemented);
        }
    }
    for path in [reflection, older] {
        assert_eq!(plain.ask(path, &[]).await.expect_err("off").code(), Code::Unimplemented);
        assert!(dev.ask(path, &[]).await.is_ok());
    }
}

#[test]
fn the_gate_is_not_built_over_a_method_without_a_policy() {
    let pool = testing::pool("service Open { rpc Read(M) returns (M); } message M {}");
    let site = Site::new(false);
    let gate = Gate::new(&pool, site.tokens, site.ledger, site.clock, false);
    assert_eq!(gate.err().map(|error| error.reason), Some("POLICY_MISSING"));
}

#[test]
fn a_handler_without_a_gate_before_it_fails_closed() {
    let error = Caller::of(&tonic::Request::new(())).expect_err("no gate");
    assert_eq!(error.kind, Kind::Internal);
}
