//! A do-not-call checker as an operator would run it: it lists numbers, keeps what it was asked, and can fail.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use callplane_proto::checker::v1::{
    self as pb,
    dnc_checker_service_server::{DncCheckerService, DncCheckerServiceServer},
};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// What only those know whom it answers.
pub const TOKEN: &str = "dnc-5ecret-token";

#[derive(Default)]
struct Desk {
    listed: BTreeMap<String, String>,
    is_down: bool,
    asked: Vec<pb::CheckNumberRequest>,
    meanwhile: Option<BoxFuture<'static, ()>>,
}

/// A checker.
pub struct Checker {
    /// Where it is.
    pub url: String,
    desk: Arc<Answering>,
}

#[derive(Default)]
struct Answering(Mutex<Desk>);

impl Answering {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checker {
    /// One that lists nobody.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let desk = Arc::<Answering>::default();
        let served = Server::builder().add_service(DncCheckerServiceServer::from_arc(Arc::clone(&desk)));
        tokio::spawn(served.serve_with_incoming(TcpIncoming::from(listener)));
        Self { url, desk }
    }

    /// Lists a number from now on.
    pub fn lists(&self, number: &str, reason: &str) {
        self.desk.desk().listed.insert(number.to_owned(), reason.to_owned());
    }

    /// Answers nothing from now on.
    pub fn fails(&self) {
        self.desk.desk().is_down = true;
    }

    /// Answers again.
    pub fn recovers(&self) {
        self.desk.desk().is_down = false;
    }

    /// This happens while the next question is open.
    pub fn meanwhile(&self, happens: impl Future<Output = ()> + Send + 'static) {
        self.desk.desk().meanwhile = Some(Box::pin(happens));
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<pb::CheckNumberRequest> {
        self.desk.desk().asked.clone()
    }
}

#[tonic::async_trait]
impl DncCheckerService for Answering {
    async fn check_number(
        &self,
        request: Request<pb::CheckNumberRequest>,
    ) -> Result<Response<pb::CheckNumberResponse>, Status> {
        let token = request.metadata().get("authorization").and_then(|token| token.to_str().ok());
        if token != Some(&format!("Bearer {TOKEN}")) {
            return Err(Status::unauthenticated("who are you?"));
        }
        let happens = self.desk().meanwhile.take();
        if let Some(happens) = happens {
            happens.await;
        }
        let mut desk = self.desk();
        let request = request.into_inner();
        desk.asked.push(request.clone());
        if desk.is_down {
            return Err(Status::unavailable(format!("no register for {}", request.phone_number)));
        }
        let listed = desk.listed.get(&request.phone_number);
        let verdict = if listed.is_some() { pb::Verdict::Listed } else { pb::Verdict::Clear };
        let reason = listed.cloned().unwrap_or_default();
        Ok(Response::new(pb::CheckNumberResponse { verdict: verdict.into(), reason }))
    }
}
