//! Workspaces, tokens and the audit chain over a real database.

mod common;

use std::sync::Arc;

use callplane_control_plane::{
    domain::{id::TokenId, workspace::system},
    rpc::{
        account::Accounts, audit::Audit, gate::Caller, gate::Revocations, revocations::Stored, token::Tokens,
        workspace::Workspaces,
    },
    token::{Audience, Scopes, TokenKeys, generate_pem},
};
use callplane_proto::v1::{
    self as pb, account_service_server::AccountService, audit_service_server::AuditService,
    token_service_server::TokenService, workspace_service_server::WorkspaceService,
};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use tonic::{Code, Status};

fn keys() -> Arc<TokenKeys> {
    Arc::new(TokenKeys::from_setting(generate_pem().expose_secret(), false).expect("a key"))
}

fn wanted(audience: pb::TokenAudience, scopes: &[&str]) -> pb::CreateTokenRequest {
    let token = pb::Token {
        display_name: "ci".into(),
        audience: audience.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..Default::default()
    };
    pb::CreateTokenRequest { token: Some(token), ..Default::default() }
}

struct Desk<'p> {
    plane: &'p Plane,
    keys: Arc<TokenKeys>,
    tokens: Tokens,
    audit: Audit,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        let keys = keys();
        let tokens = Tokens::new(plane.ctx.clone(), keys.clone());
        Self { plane, keys, tokens, audit: Audit::new(plane.ctx.clone()) }
    }

    async fn create(&self, caller: Caller, request: pb::CreateTokenRequest) -> Result<pb::CreateTokenResponse, Status> {
        let request = self.plane.ask_as(caller, "TokenService/CreateToken", request);
        Ok(self.tokens.create_token(request).await?.into_inner())
    }

    async fn revoke(&self, caller: Caller, token_id: &str) -> Result<pb::Token, Status> {
        let request = pb::RevokeTokenRequest { token_id: token_id.to_owned() };
        let request = self.plane.ask_as(caller, "TokenService/RevokeToken", request);
        Ok(self.tokens.revoke_token(request).await?.into_inner().token.expect("always there"))
    }

    async fn is_revoked(&self, id: &str) -> bool {
        let stored = Stored::new(self.plane.ctx.store.clone());
        stored.is_revoked(id.parse().expect("an id")).await.expect("answers")
    }

    async fn entries(&self, caller: Caller) -> Vec<pb::AuditEntry> {
        let request = self.plane.ask_as(caller, "AuditService/ListAuditEntries", Default::default());
        self.audit.list_audit_entries(request).await.expect("lists").into_inner().audit_entries
    }

    async fn verify(&self) -> pb::VerifyAuditChainResponse {
        let request = self.plane.ask("AuditService/VerifyAuditChain", pb::VerifyAuditChainRequest {});
        self.audit.verify_audit_chain(request).await.expect("checks").into_inner()
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_says_what_its_record_says() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let request = pb::CreateTokenRequest {
            request_id: "once".into(),
            ..wanted(pb::TokenAudience::Workspace, &["calls:read"])
        };
        let caller = plane.caller(plane.workspace);
        let made = desk.create(caller.clone(), request.clone()).await.expect("made");
        let record = made.token.expect("always there");
        let claims = desk.keys.verify(&made.secret, plane.ctx.clock.now()).expect("signed by us");
        assert_eq!(claims.token_id.to_string(), record.id);
        assert_eq!((claims.audience, claims.workspace), (Audience::Workspace, Some(plane.workspace)));
        assert_eq!(Some(claims.expires.timestamp()), record.expire_time.map(|time| time.seconds));
        let again = desk.create(caller, request).await.expect_err("the secret cannot be shown twice");
        assert!(again.message().contains(&record.id), "{again}");
        assert_eq!(why::<()>(Err(again)), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
        assert!(!desk.is_revoked(&record.id).await);
    })
    .await;
}

#[tokio::test]
async fn a_token_grants_no_more_than_its_maker_holds() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let scopes = Scopes::parse(["tokens:*", "*:read"]).expect("valid");
        let caller = Caller { scopes, ..plane.caller(plane.workspace) };
        for (audience, scopes, reason) in [
            (pb::TokenAudience::Workspace, "calls:write", "SCOPES_EXCEEDED"),
            (pb::TokenAudience::Operator, "calls:read", "AUDIENCE_EXCEEDED"),
            (pb::TokenAudience::Edge, "calls:read", "AUDIENCE_EXCEEDED"),
        ] {
            let refused = desk.create(caller.clone(), wanted(audience, &[scopes])).await;
            assert_eq!(why(refused), (Code::PermissionDenied, reason.to_owned()));
        }
        desk.create(caller.clone(), wanted(pb::TokenAudience::Workspace, &["calls:read"])).await.expect("made");
        let none = desk.create(caller, wanted(pb::TokenAudience::Workspace, &[])).await;
        assert_eq!(blamed(none), ["token.scopes"]);
    })
    .await;
}

#[tokio::test]
async fn an_operator_makes_an_edge_token_that_no_tenant_sees() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let operator = plane.operator(Some(plane.workspace));
        let edge = wanted(pb::TokenAudience::Edge, &["edge:handle", "edge:watch"]);
        let record = desk.create(operator.clone(), edge).await.expect("made").token.expect("always there");
        assert_eq!(record.workspace_id, "");
        let refused = desk.revoke(plane.caller(plane.workspace), &record.id).await;
        assert_eq!(why(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
        let list = async |caller: Caller| {
            let request = plane.ask_as(caller, "TokenService/ListTokens", pb::ListTokensRequest::default());
            desk.tokens.list_tokens(request).await.expect("lists").into_inner().tokens
        };
        assert_eq!(list(operator.clone()).await, []);
        assert_eq!(list(plane.operator(Some(system()))).await, std::slice::from_ref(&record));
        assert!(desk.revoke(operator, &record.id).await.expect("revoked").revoke_time.is_some());
        assert!(desk.is_revoked(&record.id).await);
    })
    .await;
}

#[tokio::test]
async fn revoking_twice_changes_nothing_and_a_token_without_a_record_counts_as_revoked() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let caller = plane.caller(plane.workspace);
        let made = desk.create(caller.clone(), wanted(pb::TokenAudience::Workspace, &["calls:read"])).await;
        let id = made.expect("made").token.expect("always there").id;
        let once = desk.revoke(caller.clone(), &id).await.expect("revoked");
        plane.clock.advance(chrono::Duration::minutes(1));
        assert_eq!(desk.revoke(caller, &id).await.expect("still revoked"), once);
        assert!(desk.is_revoked(&TokenId::fresh(&*plane.ctx.ids).to_string()).await);
        let neighbour = desk.revoke(plane.caller(plane.neighbour), &id).await;
        assert_eq!(why(neighbour), (Code::NotFound, "NOT_FOUND".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_operator_makes_workspaces_and_a_tenant_sees_its_own() {
    on_every_database(async |plane| {
        let workspaces = Workspaces::new(plane.ctx.clone());
        let create = async |time_zone: &str, request_id: &str| {
            let workspace =
                pb::Workspace { display_name: "Berlin".into(), time_zone: time_zone.to_owned(), ..Default::default() };
            let request = pb::CreateWorkspaceRequest { workspace: Some(workspace), request_id: request_id.to_owned() };
            let request = plane.ask_as(plane.operator(None), "WorkspaceService/CreateWorkspace", request);
            let answer = workspaces.create_workspace(request).await?.into_inner();
            Ok::<_, Status>(answer.workspace.expect("always there"))
        };
        let made = create("Europe/Berlin", "once").await.expect("made");
        assert_eq!(create("Europe/Berlin", "once").await.expect("replayed"), made);
        assert_eq!(blamed(create("Mars/Olympus", "").await), ["workspace.time_zone"]);
        let get = async |caller: Caller, id: &str| {
            let request = pb::GetWorkspaceRequest { workspace_id: id.to_owned() };
            let request = plane.ask_as(caller, "WorkspaceService/GetWorkspace", request);
            Ok::<_, Status>(workspaces.get_workspace(request).await?.into_inner().workspace.expect("there"))
        };
        assert_eq!(get(plane.operator(None), &made.id).await.expect("an operator sees all"), made);
        let own = get(plane.caller(plane.workspace), "").await.expect("its own");
        assert_eq!(own.id, plane.workspace.to_string());
        let foreign = get(plane.caller(plane.workspace), &made.id).await.expect_err("foreign");
        let absent = get(plane.operator(None), "wsp_01h455vb4pex5vsknk084sn02q").await.expect_err("absent");
        assert_eq!((foreign.message(), foreign.details()), (absent.message(), absent.details()));

        let update = async |workspace: pb::Workspace| {
            let paths = vec!["time_zone".to_owned()];
            let request =
                pb::UpdateWorkspaceRequest { workspace: Some(workspace), update_mask: Some(FieldMask { paths }) };
            let request = plane.ask("WorkspaceService/UpdateWorkspace", request);
            Ok::<_, Status>(workspaces.update_workspace(request).await?.into_inner().workspace.expect("there"))
        };
        let wish = pb::Workspace { time_zone: "Asia/Tokyo".into(), ..own.clone() };
        let changed = update(wish.clone()).await.expect("changed");
        assert_eq!((changed.display_name, changed.time_zone), (own.display_name, "Asia/Tokyo".to_owned()));
        assert_eq!(why(update(wish.clone()).await), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        let other = pb::Workspace { id: made.id, etag: String::new(), ..wish };
        assert_eq!(why(update(other).await).0, Code::NotFound);
    })
    .await;
}

#[tokio::test]
async fn the_audit_tells_who_asked_for_what_without_secrets() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let token = "0123456789abcdef0123456789abcdef";
        let account = pb::Account {
            display_name: "Main".into(),
            account_sid: format!("AC{}", "0".repeat(32)),
            ..Default::default()
        };
        let credentials = pb::Credentials { auth_token: token.to_owned(), ..Default::default() };
        let request =
            pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
        let caller = plane.caller(plane.workspace);
        let actor = caller.token_id.to_string();
        let request = plane.ask_as(caller, "AccountService/CreateAccount", request);
        let made = Accounts::new(plane.ctx.clone()).create_account(request).await.expect("created").into_inner();
        let entries = desk.entries(plane.caller(plane.workspace)).await;
        let [entry] = entries.as_slice() else { panic!("one entry: {entries:?}") };
        assert_eq!((entry.sequence, &entry.actor), (1, &actor));
        assert_eq!(entry.method, "callplane.v1.AccountService/CreateAccount");
        assert_eq!(entry.resource_id, made.account.expect("always there").id);
        let shown = format!("{entry:?}");
        assert!(shown.contains("Main") && !shown.contains(token), "{shown}");
        assert_eq!(desk.entries(plane.caller(plane.neighbour)).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_audit_behind_our_back_is_found() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        assert_eq!((desk.verify().await.valid, desk.verify().await.entry_count), (true, 0));
        for _ in 0..3 {
            let request = wanted(pb::TokenAudience::Workspace, &["calls:read"]);
            desk.create(plane.caller(plane.workspace), request).await.expect("made");
        }
        let whole = desk.verify().await;
        assert_eq!((whole.valid, whole.entry_count, whole.broken_sequence), (true, 3, 0));
        assert_eq!(whole.head_hash, desk.entries(plane.caller(plane.workspace)).await[0].hash);
        let run = async |statement: &str| {
            plane.ctx.store.write().execute_unprepared(statement).await.expect("runs");
        };
        run("UPDATE audit SET actor = 'nobody' WHERE sequence = 2").await;
        let changed = desk.verify().await;
        assert_eq!((changed.valid, changed.broken_sequence), (false, 2));
        run("DELETE FROM audit WHERE sequence >= 2").await;
        let cut = desk.verify().await;
        assert_eq!((cut.valid, cut.broken_sequence, cut.entry_count), (false, 2, 1));
    })
    .await;
}
