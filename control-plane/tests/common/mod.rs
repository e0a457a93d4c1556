//! A control plane without a network: services over a fresh database, a clock that is stepped, and requests as the gate
//! and the validation leave them. Every story runs on SQLite, and on PostgreSQL too when one is named.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::{env, sync::Arc};

use callplane_control_plane::{
    clock::{ManualClock, TimeOrderedIds},
    domain::{
        id::{TokenId, WorkspaceId},
        time::{Ids, Timestamp},
        workspace::Workspace,
    },
    flow::{Context, Facts, Wake},
    rpc::{
        gate::Caller,
        mask::{AuditedRequest, masked},
    },
    secret::{Cursors, MasterKeys, StreamTokens},
    store::{Store, workspace},
    token::{Audience, Scopes},
};
use callplane_proto::descriptors;
use prost::Message;
use prost_reflect::DynamicMessage;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Names a PostgreSQL on which databases may be created, such as `postgres://me@127.0.0.1:5433/postgres`.
const POSTGRES: &str = "CALLPLANE_TEST_POSTGRES_URL";

/// What a story happens in.
pub struct Plane {
    pub ctx: Arc<Context>,
    pub clock: Arc<ManualClock>,
    /// The workspace that requests are about.
    pub workspace: WorkspaceId,
    /// Another tenant.
    pub neighbour: WorkspaceId,
}

/// Tells a story on every database there is.
pub async fn on_every_database(story: impl AsyncFn(&Plane)) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callplane.db");
    story(&Plane::over(&format!("sqlite://{}", file.display())).await).await;
    if let Ok(server) = env::var(POSTGRES) {
        let database = Database::create(&server).await;
        story(&Plane::over(&database.url).await).await;
        database.drop().await;
    }
}

/// A PostgreSQL database of one test.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    async fn create(server: &str) -> Self {
        let name = format!("callplane_{}", TimeOrderedIds.next().simple());
        run(server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{base}/{name}");
        Self { server: server.to_owned(), name, url }
    }

    async fn drop(self) {
        run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, statement: &str) {
    let connection = sea_orm::Database::connect(server).await.expect("PostgreSQL answers");
    connection.execute_unprepared(statement).await.expect("may create databases");
    connection.close().await.expect("closes");
}

impl Plane {
    async fn over(url: &str) -> Self {
        let store = Store::open(url).await.expect("opens");
        callplane_migrations::Migrator::up(store.write(), None).await.expect("migrates");
        let start = Timestamp::from_timestamp(1_780_000_000, 0).expect("in range");
        let clock = Arc::new(ManualClock::at(start));
        let keys = MasterKeys::from_setting(&"11".repeat(32)).expect("a test key");
        let ctx = Context {
            store,
            clock: clock.clone(),
            ids: Arc::new(TimeOrderedIds),
            cursors: Cursors::new(&keys),
            stream_tokens: StreamTokens::new(&keys),
            keys,
            wake: Wake::default(),
            facts: Facts {
                public_url: Some("https://calls.example.com".to_owned()),
                telephony: "mock",
                simulated: true,
                ..Facts::default()
            },
            metrics: Arc::default(),
            tracer: Default::default(),
        };
        let (workspace, neighbour) = (tenant(&ctx, "Support", start).await, tenant(&ctx, "Sales", start).await);
        Self { ctx: Arc::new(ctx), clock, workspace, neighbour }
    }

    /// A request of the workspace's own token.
    pub fn ask<T: Message>(&self, method: &str, message: T) -> Request<T> {
        self.ask_as(self.caller(self.workspace), method, message)
    }

    /// A request of the neighbour's token.
    pub fn ask_next_door<T: Message>(&self, method: &str, message: T) -> Request<T> {
        self.ask_as(self.caller(self.neighbour), method, message)
    }

    /// A request as the gate and the validation leave it.
    pub fn ask_as<T: Message>(&self, caller: Caller, method: &str, message: T) -> Request<T> {
        let (service, name) = method.split_once('/').expect("Service/Method");
        let service = format!("callplane.v1.{service}");
        let services = descriptors::pool().services();
        let described = services
            .filter(|described| described.full_name() == service)
            .flat_map(|described| described.methods().collect::<Vec<_>>())
            .find(|described| described.name() == name)
            .unwrap_or_else(|| panic!("there is no method {method}"));
        let dynamic = DynamicMessage::decode(described.input(), message.encode_to_vec().as_slice());
        let kept = masked(&dynamic.expect("the message of this method"));
        let mut request = Request::new(message);
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(AuditedRequest { method: format!("{service}/{name}").into(), request: kept });
        request
    }

    /// A token that may do everything in one workspace.
    pub fn caller(&self, workspace: WorkspaceId) -> Caller {
        Caller {
            token_id: TokenId::fresh(&TimeOrderedIds),
            audience: Audience::Workspace,
            scopes: Scopes::parse(["*"]).expect("valid"),
            workspace: Some(workspace),
        }
    }

    /// An operator who named this workspace, or none.
    pub fn operator(&self, workspace: Option<WorkspaceId>) -> Caller {
        Caller { audience: Audience::Operator, workspace, ..self.caller(self.workspace) }
    }
}

async fn tenant(ctx: &Context, display_name: &str, now: Timestamp) -> WorkspaceId {
    let id = WorkspaceId::fresh(&*ctx.ids);
    let (display_name, time_zone) = (display_name.to_owned(), "UTC".to_owned());
    let row = Workspace { id, display_name, time_zone, version: 1, create_time: now, update_time: now };
    let txn = ctx.store.begin().await.expect("begins");
    workspace::insert(&txn, &row).await.expect("inserts");
    txn.commit().await.expect("commits");
    id
}

/// The code and the stable reason of a refusal.
pub fn why<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("a refusal");
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// The bad fields of a refused request.
pub fn blamed<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("a refusal");
    let details = status.get_details_bad_request().expect("names fields");
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}
