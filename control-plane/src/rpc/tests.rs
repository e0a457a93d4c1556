//! One real service behind gate and validation.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{BufMut, Bytes};
use callplane_proto::{descriptors, v1};
use chrono::{DateTime, TimeDelta};
use http_body_util::{BodyExt, Full};
use prost::Message;
use secrecy::ExposeSecret;
use serde_json::json;
use tonic::{Request, Response, Status, body::Body};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt};
use uuid::Uuid;

use super::{
    gate::{Caller, Gate, Revocations},
    mask::AuditedRequest,
    validate::Validation,
};
use crate::{
    clock::ManualClock,
    domain::{
        error::Result,
        id::{TokenId, WorkspaceId},
        time::Timestamp,
    },
    token::{Audience, Claims, Scopes, TokenKeys, generate_pem},
};

const NOW: Timestamp = DateTime::from_timestamp_nanos(1_750_000_000_000_000_000);

struct NoneRevoked;

#[async_trait]
impl Revocations for NoneRevoked {
    async fn is_revoked(&self, _: TokenId) -> Result<bool> {
        Ok(false)
    }
}

/// Answers with what it was told.
struct Tokens;

#[tonic::async_trait]
impl v1::token_service_server::TokenService for Tokens {
    async fn create_token(
        &self,
        request: Request<v1::CreateTokenRequest>,
    ) -> std::result::Result<Response<v1::CreateTokenResponse>, Status> {
        let caller = Caller::of(&request)?;
        let audited = AuditedRequest::of(&request).expect("an audited method").clone();
        assert_eq!(&*audited.method, "callplane.v1.TokenService/CreateToken");
        let token = v1::Token {
            workspace_id: caller.workspace()?.to_string(),
            display_name: audited.request.to_string(),
            ..request.into_inner().token.unwrap_or_default()
        };
        Ok(Response::new(v1::CreateTokenResponse { token: Some(token), secret: String::new() }))
    }

    async fn get_token(
        &self,
        request: Request<v1::GetTokenRequest>,
    ) -> std::result::Result<Response<v1::GetTokenResponse>, Status> {
        assert!(AuditedRequest::of(&request).is_none(), "a read is not audited");
        Ok(Response::new(v1::GetTokenResponse::default()))
    }

    async fn list_tokens(
        &self,
        _: Request<v1::ListTokensRequest>,
    ) -> std::result::Result<Response<v1::ListTokensResponse>, Status> {
        Ok(Response::new(v1::ListTokensResponse::default()))
    }

    async fn revoke_token(
        &self,
        _: Request<v1::RevokeTokenRequest>,
    ) -> std::result::Result<Response<v1::RevokeTokenResponse>, Status> {
        Ok(Response::new(v1::RevokeTokenResponse::default()))
    }
}

/// One request through gate and validation to a real tonic service.
async fn ask<R: Message + Default>(method: &str, message: &impl Message) -> std::result::Result<R, Status> {
    let tokens = Arc::new(TokenKeys::from_setting(generate_pem().expose_secret(), false).expect("valid"));
    let claims = Claims {
        token_id: TokenId::from_uuid(Uuid::from_u128(9)),
        audience: Audience::Workspace,
        workspace: Some(WorkspaceId::from_uuid(Uuid::from_u128(1))),
        scopes: Scopes::parse(["*"]).expect("valid"),
        issued: NOW,
        expires: NOW + TimeDelta::hours(1),
    };
    let bearer = format!("Bearer {}", tokens.sign(&claims).expect("signs").expose_secret());
    let clock = Arc::new(ManualClock::at(NOW));
    let gate = Gate::new(descriptors::pool(), tokens, Arc::new(NoneRevoked), clock, false).expect("policies");
    let validation = Validation::new(descriptors::pool(), &gate.policies()).expect("rules");
    let service = v1::token_service_server::TokenServiceServer::new(Tokens);

    let mut body = vec![0];
    body.put_u32(u32::try_from(message.encoded_len()).expect("short"));
    message.encode(&mut body).expect("room");
    let request = http::Request::post(format!("http://plane/callplane.v1.TokenService/{method}"))
        .header("content-type", "application/grpc")
        .header("authorization", bearer)
        .body(Body::new(Full::new(Bytes::from(body))))
        .expect("a request");
    let response = gate.layer(validation.layer(service)).oneshot(request).await.expect("infallible");
    if let Some(status) = Status::from_header_map(response.headers()) {
        return Err(status);
    }
    let collected = response.into_body().collect().await?;
    match collected.trailers().and_then(Status::from_header_map) {
        Some(status) if status.code() != tonic::Code::Ok => Err(status),
        _ => Ok(R::decode(&collected.to_bytes()[5..]).expect("a reply")),
    }
}

fn token() -> v1::Token {
    v1::Token { display_name: "ci".into(), audience: 1, scopes: vec!["calls:read".into()], ..Default::default() }
}

#[tokio::test]
async fn a_good_request_reaches_its_service_with_caller_and_masked_request() {
    let request = v1::CreateTokenRequest { token: Some(token()), request_id: "one".into(), ..Default::default() };
    let reply: v1::CreateTokenResponse = ask("CreateToken", &request).await.expect("through");
    let token = reply.token.expect("set");
    assert_eq!(token.workspace_id, WorkspaceId::from_uuid(Uuid::from_u128(1)).to_string());
    assert_eq!(token.scopes, ["calls:read"]);
    let audited: serde_json::Value = serde_json::from_str(&token.display_name).expect("json");
    let expected = json!({
        "token": {"display_name": "ci", "audience": "TOKEN_AUDIENCE_WORKSPACE", "scopes": ["calls:read"]},
        "request_id": "one",
    });
    assert_eq!(audited, expected);
}

#[tokio::test]
async fn a_bad_request_is_answered_with_every_path_before_its_service_sees_it() {
    let bad = v1::Token {
        display_name: String::new(),
        audience: 0,
        scopes: vec!["*".into(), "??".into()],
        ..Default::default()
    };
    let request = v1::CreateTokenRequest { token: Some(bad), ..Default::default() };
    let status = ask::<v1::CreateTokenResponse>("CreateToken", &request).await.expect_err("bad");
    let fields = status.get_details_bad_request().expect("named").field_violations;
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["token.display_name", "token.audience", "token.scopes[1]"]);
}

#[tokio::test]
async fn a_read_passes_and_leaves_nothing_for_the_audit() {
    let id = TokenId::from_uuid(Uuid::from_u128(9)).to_string();
    assert!(ask::<v1::GetTokenResponse>("GetToken", &v1::GetTokenRequest { token_id: id }).await.is_ok());
}
