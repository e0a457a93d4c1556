//! A control plane for tests: a real gRPC server that does what the test says and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use callplane_proto::edge::v1::{
    Accepted, HandleRequest, HandleResponse, Reply, RunHealthChecksRequest, RunHealthChecksResponse, StateChange,
    WatchStateRequest, WatchStateResponse, Webhook,
    edge_service_server::{EdgeService, EdgeServiceServer},
    reply,
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    sync::{mpsc, watch},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

type Part = Result<WatchStateResponse, Status>;
type Decide = Box<dyn Fn(&Webhook) -> Decision + Send + Sync>;

/// What the control plane does with one webhook.
#[derive(Clone)]
pub enum Decision {
    /// Answers it.
    Reply(reply::Outcome),
    /// Never answers the call it came in.
    Silence,
    /// Fails the call it came in.
    Fail(Status),
}

impl Decision {
    pub fn accepted() -> Self {
        Self::Reply(reply::Outcome::Accepted(Accepted {}))
    }
}

struct Inner {
    decide: Mutex<Decide>,
    snapshot: Mutex<Vec<WatchStateResponse>>,
    watchers: Mutex<Vec<mpsc::Sender<Part>>>,
    /// Every call to Handle, as it came in.
    calls: watch::Sender<Vec<HandleRequest>>,
    /// Every WatchState request, with its authorization header.
    watches: watch::Sender<Vec<(WatchStateRequest, Option<String>)>>,
    /// Calls wait while this is false.
    open: watch::Sender<bool>,
    /// Told to stop in order.
    draining: watch::Sender<bool>,
}

/// A running fake, on a runtime of its own: dropping it closes its sockets at once, as a killed process would.
pub struct FakeControlPlane {
    pub address: SocketAddr,
    inner: Arc<Inner>,
    runtime: Option<Runtime>,
}

impl Drop for FakeControlPlane {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl FakeControlPlane {
    /// Knows these accounts and numbers, and accepts everything.
    pub async fn start(changes: Vec<StateChange>) -> Self {
        Self::start_with(changes, Server::builder()).await
    }

    /// The same behind https.
    pub async fn start_tls(changes: Vec<StateChange>, certificate: &str, key: &str) -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let read = |path: &str| std::fs::read(path).expect("PEM");
        let identity = Identity::from_pem(read(certificate), read(key));
        let server =
            Server::builder().tls_config(ServerTlsConfig::new().identity(identity)).expect("a usable certificate");
        Self::start_with(changes, server).await
    }

    /// The same where another one has stopped.
    pub async fn start_at(address: SocketAddr, changes: Vec<StateChange>) -> Self {
        Self::start_on(address, changes, Server::builder()).await
    }

    async fn start_with(changes: Vec<StateChange>, server: Server) -> Self {
        Self::start_on(([127, 0, 0, 1], 0).into(), changes, server).await
    }

    async fn start_on(address: SocketAddr, changes: Vec<StateChange>, mut server: Server) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
        let listener = runtime.spawn(listen(address)).await.expect("no panic");
        let address = listener.local_addr().expect("bound");
        let snapshot = WatchStateResponse {
            resume_token: "snapshot".into(),
            changes,
            snapshot_begin: true,
            snapshot_complete: true,
        };
        let inner = Arc::new(Inner {
            decide: Mutex::new(Box::new(|_| Decision::accepted())),
            snapshot: Mutex::new(vec![snapshot]),
            watchers: Mutex::default(),
            calls: watch::Sender::default(),
            watches: watch::Sender::default(),
            open: watch::Sender::new(true),
            draining: watch::Sender::new(false),
        });
        let service = EdgeServiceServer::new(Service(inner.clone()));
        let mut draining = inner.draining.subscribe();
        runtime.spawn(async move {
            let stop = async move { drop(draining.wait_for(|draining| *draining).await) };
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            drop(server.add_service(service).serve_with_incoming_shutdown(incoming, stop).await);
        });
        Self { address, inner, runtime: Some(runtime) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on webhooks are decided so.
    pub fn decide(&self, decide: impl Fn(&Webhook) -> Decision + Send + Sync + 'static) {
        *self.inner.decide.lock().expect("unpoisoned") = Box::new(decide);
    }

    /// From now on everything gets this answer.
    pub fn answer(&self, outcome: reply::Outcome) {
        self.decide(move |_| Decision::Reply(outcome.clone()));
    }

    /// Calls wait from now on, until opened.
    pub fn open(&self, open: bool) {
        self.inner.open.send_replace(open);
    }

    /// Sends a part to every watcher.
    pub async fn push(&self, part: WatchStateResponse) {
        let watchers = self.inner.watchers.lock().expect("unpoisoned").clone();
        for watcher in watchers {
            drop(watcher.send(Ok(part.clone())).await);
        }
    }

    /// What a new watcher gets from now on.
    pub fn snapshot(&self, parts: Vec<WatchStateResponse>) {
        *self.inner.snapshot.lock().expect("unpoisoned") = parts;
    }

    /// Ends every watch.
    pub fn cut_watches(&self) {
        self.inner.watchers.lock().expect("unpoisoned").clear();
    }

    /// Stops as a control plane does that is told to: no new connections, GOAWAY on the old ones, open calls are finished.
    pub fn drain(&self) {
        self.cut_watches();
        self.inner.draining.send_replace(true);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<HandleRequest> {
        self.inner.calls.borrow().clone()
    }

    /// Every webhook so far.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.calls().into_iter().flat_map(|call| call.webhooks).collect()
    }

    /// Waits for a call of this kind.
    pub async fn called_with(&self, wanted: impl Fn(&HandleRequest) -> bool) -> HandleRequest {
        let mut calls = self.inner.calls.subscribe();
        let calls = calls.wait_for(|calls| calls.iter().any(&wanted)).await.expect("the fake lives");
        calls.iter().find(|call| wanted(call)).expect("just seen").clone()
    }

    /// Waits for so many calls.
    pub async fn called(&self, times: usize) {
        self.inner.calls.subscribe().wait_for(|calls| calls.len() >= times).await.expect("the fake lives");
    }

    /// Waits for so many watch requests, and gives them.
    pub async fn watched(&self, times: usize) -> Vec<(WatchStateRequest, Option<String>)> {
        let mut watches = self.inner.watches.subscribe();
        watches.wait_for(|watches| watches.len() >= times).await.expect("the fake lives").clone()
    }
}

/// The sockets of one that was killed may be closed a moment later.
async fn listen(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => tokio::task::yield_now().await,
            Err(error) => panic!("{address}: {error}"),
        }
    }
}

struct Service(Arc<Inner>);

#[tonic::async_trait]
impl EdgeService for Service {
    type WatchStateStream = ReceiverStream<Part>;

    async fn handle(&self, request: Request<HandleRequest>) -> Result<Response<HandleResponse>, Status> {
        let request = request.into_inner();
        self.0.calls.send_modify(|calls| calls.push(request.clone()));
        self.0.open.subscribe().wait_for(|open| *open).await.expect("the fake lives");
        let decisions: Vec<Decision> = {
            let decide = self.0.decide.lock().expect("unpoisoned");
            request.webhooks.iter().map(&*decide).collect()
        };
        let mut replies = Vec::new();
        for (webhook, decision) in request.webhooks.into_iter().zip(decisions) {
            match decision {
                Decision::Reply(outcome) => {
                    replies.push(Reply { delivery_key: webhook.delivery_key, outcome: Some(outcome) })
                }
                Decision::Silence => std::future::pending().await,
                Decision::Fail(status) => return Err(status),
            }
        }
        Ok(Response::new(HandleResponse { replies }))
    }

    async fn run_health_checks(
        &self,
        _: Request<RunHealthChecksRequest>,
    ) -> Result<Response<RunHealthChecksResponse>, Status> {
        Ok(Response::new(RunHealthChecksResponse { begun_count: 2, joined_count: 1 }))
    }

    async fn watch_state(
        &self,
        request: Request<WatchStateRequest>,
    ) -> Result<Response<Self::WatchStateStream>, Status> {
        let authorization =
            request.metadata().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let snapshot = self.0.snapshot.lock().expect("unpoisoned").clone();
        let (watcher, parts) = mpsc::channel(snapshot.len() + 64);
        for part in snapshot {
            watcher.try_send(Ok(part)).expect("room");
        }
        self.0.watchers.lock().expect("unpoisoned").push(watcher);
        self.0.watches.send_modify(|watches| watches.push((request.into_inner(), authorization)));
        Ok(Response::new(ReceiverStream::new(parts)))
    }
}
