//! A whole Callplane in this process: control planes over a real database, an edge, and a simulated Twilio and ElevenLabs
//! beside them, all on one stepped clock. Fails its test if something is left to do or was reported as an error.

use std::{cell::RefCell, sync::Arc, thread, time::Duration};

use callplane_control_plane::{
    clock::{ManualClock, SystemClock},
    domain::{
        id::WorkspaceId,
        time::{Clock, Timestamp},
        workspace::Workspace,
    },
    flow::{Audited, Context, token as tokens},
    server::{self, Running},
    store,
    token::{Audience, Scopes},
    worker::{effects, timers},
};
use callplane_edge as edge;
use callplane_simulator::{NewElevenLabsKey, Simulator, SimulatorHandle, SimulatorOptions};
use secrecy::ExposeSecret;
use tokio::{net::TcpStream, sync::oneshot};

use crate::{
    Api, Database, crash,
    logs::Logs,
    patience,
    settings::{PUBLIC_URL, Variables},
};

/// Far more than anything here takes; a test that hangs says where.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How a plane is to be started.
pub struct Builder {
    database: Database,
    replicas: usize,
    set: Vec<(String, String)>,
    set_at_edge: Vec<(String, String)>,
    mail: Option<String>,
    patience: Option<Duration>,
}

impl Builder {
    /// So many control planes over the same database.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Mail goes out by this vendor, which is the simulator.
    #[must_use]
    pub fn mail(mut self, vendor: &str) -> Self {
        self.mail = Some(vendor.to_owned());
        self
    }

    /// Workers wait so long for a vendor's answer: a test of silence waits as long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// With this setting of the control planes.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.set.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this setting of the control planes and of the edge.
    #[must_use]
    pub fn set_everywhere(mut self, name: &str, value: &str) -> Self {
        self.set_at_edge.push((name.to_owned(), value.to_owned()));
        self.set(name, value)
    }

    /// Starts everything; returns when the edge can check signatures.
    pub async fn start(self) -> Plane {
        let logs = Logs::catch();
        // The edge stamps what it receives with the machine's clock, so the stepped clock must begin near it.
        let start = SystemClock.now();
        let clock = Arc::new(ManualClock::at(start));
        let options = SimulatorOptions { start: Some(start), ..SimulatorOptions::default() };
        let twilio = Simulator::start(options).await.expect("a free port");
        let key = twilio.add_elevenlabs_key(NewElevenLabsKey::default()).key;
        logs.never(&key);
        let mut variables =
            Variables::new(self.database.url(), twilio.base_url()).set("CALLPLANE_ELEVENLABS_API_KEY", &key);
        if let Some(vendor) = &self.mail {
            variables = variables.mail(vendor);
        }
        for (name, value) in &self.set {
            variables = variables.set(name, value);
        }
        let mut running = Vec::new();
        for _ in 0..self.replicas {
            running.push(start_control_plane(&variables, &clock, self.patience).await);
        }
        let first = &running[0].plane;
        let workspace = add_workspace(&first.ctx, "Support").await;
        let token = |audience, workspace| issue(first, audience, workspace, &["*"], chrono::Duration::days(365));
        let api = Api::new(&format!("http://{}", running[0].address));
        let operator = api.with_token(&token(Audience::Operator, None).await);
        let api = api.with_token(&token(Audience::Workspace, Some(workspace)).await);
        let edge_token = token(Audience::Edge, None).await;
        let (edge, edge_stop) = start_edge(&addresses(&running), &edge_token, &self.set_at_edge).await;
        twilio.add_route(PUBLIC_URL, &format!("http://{}", edge.address)).expect("an address");
        let workspace_id = workspace.to_string();
        Plane {
            clock,
            twilio,
            operator,
            api,
            http: reqwest::Client::new(),
            workspace,
            workspace_id,
            edge,
            logs,
            running,
            variables,
            patience: self.patience,
            expected: RefCell::default(),
            stopped: Vec::new(),
            edge_token,
            set_at_edge: self.set_at_edge,
            edge_stop,
            database: self.database,
        }
    }
}

/// Everything that runs.
pub struct Plane {
    /// The control planes' clock; `advance` moves the simulator's as well.
    pub clock: Arc<ManualClock>,
    /// Twilio and ElevenLabs.
    pub twilio: SimulatorHandle,
    /// An operator who has not named a workspace.
    pub operator: Api,
    /// Whoever may do everything in the workspace.
    pub api: Api,
    /// Whoever speaks plain HTTP: Twilio, a probe, Prometheus.
    pub http: reqwest::Client,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its id as callers know it.
    pub workspace_id: String,
    /// The edge.
    pub edge: edge::Running,
    /// Every log line so far.
    pub logs: Logs,
    running: Vec<Running>,
    variables: Variables,
    patience: Option<Duration>,
    expected: RefCell<Vec<String>>,
    /// Where stopped control planes listened, and will again.
    stopped: Vec<(String, String)>,
    edge_token: String,
    set_at_edge: Vec<(String, String)>,
    edge_stop: oneshot::Sender<()>,
    // The last field: the file goes when everybody who uses it has gone.
    database: Database,
}

impl Plane {
    /// One control plane and one edge.
    pub async fn start(database: Database) -> Self {
        Self::on(database).start().await
    }

    /// To be started otherwise.
    pub fn on(database: Database) -> Builder {
        Builder { database, replicas: 1, set: Vec::new(), set_at_edge: Vec::new(), mail: None, patience: None }
    }

    /// The first control plane from within.
    pub fn within(&self) -> &server::Plane {
        &self.running[0].plane
    }

    /// The control planes.
    pub fn replicas(&self) -> &[Running] {
        &self.running
    }

    /// The database under it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// What the control planes were started with.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Errors with this text are what the test is about.
    pub fn expects(&self, error: &str) {
        self.expected.borrow_mut().push(error.to_owned());
    }

    /// Stops the control planes and starts them with other settings, at the same addresses.
    pub async fn restart(&mut self, change: impl FnOnce(Variables) -> Variables) {
        self.variables = change(self.variables.clone());
        self.stop().await;
        self.start_again().await;
    }

    /// Stops every control plane. Until `start_again` there is nobody within.
    pub async fn stop(&mut self) {
        for stopping in std::mem::take(&mut self.running) {
            self.stopped.push((stopping.address.to_string(), stopping.admin_address.to_string()));
            stopping.stop().await.expect("it stops in order");
        }
    }

    /// Starts what was stopped, at the same addresses.
    pub async fn start_again(&mut self) {
        for (address, admin) in std::mem::take(&mut self.stopped) {
            let same = self.variables.clone().set("CALLPLANE_LISTEN", &address);
            let same = same.set("CALLPLANE_ADMIN_LISTEN", &admin);
            self.running.push(start_control_plane(&same, &self.clock, self.patience).await);
        }
    }

    /// Stops the edge: Twilio reaches nobody.
    pub async fn stop_edge(&mut self) {
        let (gone, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.edge_stop, gone));
        let closing = async { while TcpStream::connect(self.edge.address).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, closing).await.expect("the edge stops listening");
    }

    /// Starts another edge, which Twilio reaches by the same name.
    pub async fn start_edge_again(&mut self) {
        (self.edge, self.edge_stop) = start_edge(&addresses(&self.running), &self.edge_token, &self.set_at_edge).await;
        self.twilio.add_route(PUBLIC_URL, &format!("http://{}", self.edge.address)).expect("an address");
    }

    /// Stops one of several control planes; callers of the first one go on with the next.
    pub async fn stop_replica(&mut self, index: usize) {
        let token = self.token(&["*"]).await;
        self.running.remove(index).stop().await.expect("it stops in order");
        self.api = Api::new(&format!("http://{}", self.running[0].address)).with_token(&token);
    }

    /// The workspace's own caller, at another control plane.
    pub async fn api_of(&self, index: usize) -> Api {
        let token = self.token(&["*"]).await;
        Api::new(&format!("http://{}", self.running[index].address)).with_token(&token)
    }

    /// Moves all clocks.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(chrono::Duration::from_std(by).expect("a duration a test would use"));
        self.twilio.advance(by);
    }

    /// What time it is for everybody.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Performs every due effect and wakes every due machine, until nothing is left to do now.
    pub async fn settle(&self) {
        tokio::time::timeout(PATIENCE, self.settle_at_last()).await.expect("everything settles");
    }

    async fn settle_at_last(&self) {
        let crew = &self.within().crew;
        // A worker in the background may end between two looks, and what it did sets others going. It may even begin and
        // end something between them: then Twilio has not settled since.
        let (mut quiet, mut known) = (0, crash::effects(crew.ctx.store.read()).await.1);
        while quiet < 2 {
            self.twilio.settle().await;
            let woken = timers::tick(&crew.ctx).await.expect("timers are read");
            effects::settle(crew).await.expect("effects are claimed").expect("no boundary stops it");
            let (open, all) = crash::effects(crew.ctx.store.read()).await;
            quiet = if woken == 0 && open == 0 && all == known { quiet + 1 } else { 0 };
            known = all;
            // The workers in the background may still hold one.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the edge has heard enough.
    pub async fn edge_hears(&self, enough: impl Fn(&edge::state::Directory) -> bool) {
        let directory = self.edge.directory();
        let mut heard = directory.subscribe();
        let waiting = async {
            while !enough(directory) {
                heard.changed().await.expect("the edge lives");
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the edge hears of it");
    }

    /// A token of the workspace with these scopes.
    pub async fn token(&self, scopes: &[&str]) -> String {
        let life = chrono::Duration::days(1);
        issue(self.within(), Audience::Workspace, Some(self.workspace), scopes, life).await
    }

    /// A token of any kind.
    pub async fn token_of(&self, audience: Audience, workspace: Option<WorkspaceId>, life: chrono::Duration) -> String {
        issue(self.within(), audience, workspace, &["*"], life).await
    }

    /// Another tenant, and everything in it.
    pub async fn neighbour(&self) -> (WorkspaceId, Api) {
        let workspace = add_workspace(&self.within().ctx, "Sales").await;
        let token = self.token_of(Audience::Workspace, Some(workspace), chrono::Duration::days(365)).await;
        (workspace, self.api.with_token(&token))
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.logs.lines().join("\n"));
            return;
        }
        let leaks = self.logs.leaks();
        assert!(leaks.is_empty(), "secrets or numbers were logged:\n{}", leaks.join("\n"));
        let expected = self.expected.borrow();
        let is_expected = |line: &String| expected.iter().any(|error| line.contains(error.as_str()));
        let errors: Vec<String> = self.logs.errors().into_iter().filter(|line| !is_expected(line)).collect();
        assert!(errors.is_empty(), "errors were logged:\n{}", errors.join("\n"));
        let left = crash::left_over(self.database.url());
        assert_eq!(left, 0, "effects are left over; settle the plane at the end of the test");
    }
}

async fn start_control_plane(variables: &Variables, clock: &Arc<ManualClock>, patience: Option<Duration>) -> Running {
    let settings = variables.read();
    let plane = server::Plane::with_clock(&settings, Arc::clone(clock) as Arc<dyn Clock>).await;
    let mut plane = plane.unwrap_or_else(|error| panic!("the control plane does not start: {error:?}"));
    if let Some(patience) = patience {
        patience::shorten(&mut plane, &settings.vendors, patience);
    }
    server::start(settings, plane).await.unwrap_or_else(|error| panic!("the control plane does not listen: {error:?}"))
}

fn addresses(running: &[Running]) -> Vec<String> {
    running.iter().map(|running| format!("http://{}", running.address)).collect()
}

async fn start_edge(
    addresses: &[String],
    token: &str,
    set: &[(String, String)],
) -> (edge::Running, oneshot::Sender<()>) {
    let addresses = addresses.join(",");
    let usual = [
        ("CALLPLANE_PUBLIC_URL", PUBLIC_URL),
        ("CALLPLANE_EDGE_TOKEN", token),
        ("CALLPLANE_EDGE_ID", "edge-test"),
        ("CALLPLANE_EDGE_LISTEN", "127.0.0.1:0"),
        ("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0"),
        ("CALLPLANE_CONTROL_PLANES", &addresses),
    ];
    let set = set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings = edge::Settings::from_pairs(usual.into_iter().chain(set));
    let settings = settings.unwrap_or_else(|problems| panic!("{problems}"));
    let (stop, stopped) = oneshot::channel::<()>();
    let edge = edge::serve(settings, async { drop(stopped.await) }).await.unwrap_or_else(|error| panic!("{error}"));
    tokio::time::timeout(PATIENCE, edge.loaded()).await.expect("the edge hears of its accounts");
    (edge, stop)
}

/// As an operator's very first commands would, without a server.
pub async fn add_workspace(ctx: &Context, display_name: &str) -> WorkspaceId {
    let (id, now) = (WorkspaceId::fresh(&*ctx.ids), ctx.clock.now());
    let (display_name, time_zone) = (display_name.to_owned(), "UTC".to_owned());
    let row = Workspace { id, display_name, time_zone, version: 1, create_time: now, update_time: now };
    let txn = ctx.store.begin().await.expect("begins");
    store::workspace::insert(&txn, &row).await.expect("inserts");
    txn.commit().await.expect("commits");
    id
}

/// A token that may do everything in this workspace, for a day.
pub async fn workspace_token(plane: &server::Plane, workspace: WorkspaceId) -> String {
    issue(plane, Audience::Workspace, Some(workspace), &["*"], chrono::Duration::days(1)).await
}

async fn issue(
    plane: &server::Plane,
    audience: Audience,
    workspace: Option<WorkspaceId>,
    scopes: &[&str],
    ttl: chrono::Duration,
) -> String {
    let request = serde_json::json!({});
    let audited = Audited { actor: "startup".to_owned(), method: "token create".to_owned(), request };
    let scopes = Scopes::parse(scopes).expect("valid scopes");
    let new = tokens::NewToken { display_name: "test".to_owned(), audience, workspace, scopes, ttl };
    let secret = tokens::issue_alone(&plane.ctx, &plane.token_keys, new, &audited).await.expect("a token");
    secret.expose_secret().to_owned()
}
