//! A do-not-call checker over gRPC: what it is asked, which answers count, and that nothing that is told of it has the number.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use callplane_control_plane::{
    domain::{
        dnc::Answer,
        e164::E164,
        id::WorkspaceId,
        ladder::Channel,
        outcome::{Cause, Outcome, Refused},
    },
    provider::dnc_checker::{DncChecker, GrpcChecker, Settings},
};
use callplane_proto::checker::v1::{
    self as pb,
    dnc_checker_service_server::{DncCheckerService, DncCheckerServiceServer},
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Response, Status,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use uuid::Uuid;

use crate::vendor;

const NUMBER: &str = "+14155550155";
const TOKEN: &str = "5ecret-of-the-desk";

fn number() -> E164 {
    NUMBER.parse().expect("a number")
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(7))
}

/// What the desk says: an answer, a status, or nothing at all.
type Says = Option<Result<(pb::Verdict, String), Status>>;

/// Whoever answers, and what was asked with which token.
struct Desk {
    says: Mutex<Says>,
    asked: Mutex<Vec<(pb::CheckNumberRequest, String)>>,
}

#[tonic::async_trait]
impl DncCheckerService for Desk {
    async fn check_number(
        &self,
        request: Request<pb::CheckNumberRequest>,
    ) -> Result<Response<pb::CheckNumberResponse>, Status> {
        let token = request.metadata().get("authorization").map(|token| token.to_str().expect("ASCII").to_owned());
        assert!(request.metadata().get("grpc-timeout").is_some(), "it is told how long it has");
        self.asked.lock().expect("whole").push((request.into_inner(), token.unwrap_or_default()));
        let says = self.says.lock().expect("whole").clone();
        match says {
            Some(Ok((verdict, reason))) => {
                Ok(Response::new(pb::CheckNumberResponse { verdict: verdict.into(), reason }))
            }
            Some(Err(status)) => Err(status),
            None => std::future::pending().await,
        }
    }
}

impl Desk {
    async fn opens(says: Says, tls: Option<ServerTlsConfig>) -> (Arc<Self>, SocketAddr) {
        let desk = Arc::new(Self { says: Mutex::new(says), asked: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mut server = Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).expect("a certificate");
        }
        let served = server.add_service(DncCheckerServiceServer::from_arc(Arc::clone(&desk)));
        tokio::spawn(served.serve_with_incoming(TcpIncoming::from(listener)));
        (desk, address)
    }

    fn says(&self, says: Says) {
        *self.says.lock().expect("whole") = says;
    }

    fn asked(&self) -> Vec<(pb::CheckNumberRequest, String)> {
        self.asked.lock().expect("whole").clone()
    }
}

fn clear() -> Says {
    Some(Ok((pb::Verdict::Clear, String::new())))
}

fn checker(address: &str, authority: Option<Vec<u8>>) -> GrpcChecker {
    let settings = Settings {
        address: address.parse().expect("an address"),
        token: Some(TOKEN.into()),
        authority,
        deadline: Duration::from_millis(400),
    };
    GrpcChecker::new(settings, vendor::clock()).expect("a client")
}

fn at(address: SocketAddr) -> GrpcChecker {
    checker(&format!("http://{address}"), None)
}

async fn asked(checker: &GrpcChecker) -> Outcome<Answer> {
    checker.check(workspace(), Channel::Voice, &number()).await
}

#[tokio::test]
async fn it_is_asked_about_the_number_the_channel_and_the_workspace_with_our_token() {
    let (desk, address) = Desk::opens(clear(), None).await;
    let checker = at(address);
    for channel in [Channel::Voice, Channel::Sms, Channel::Whatsapp] {
        assert_eq!(checker.check(workspace(), channel, &number()).await, Outcome::Done(Answer::Clear));
    }
    let asked = |channel: pb::Channel| {
        let workspace_id = workspace().to_string();
        let request = pb::CheckNumberRequest { phone_number: NUMBER.into(), channel: channel.into(), workspace_id };
        (request, format!("Bearer {TOKEN}"))
    };
    assert_eq!(desk.asked(), [pb::Channel::Voice, pb::Channel::Sms, pb::Channel::Whatsapp].map(asked));
}

#[tokio::test]
async fn a_reason_is_fit_to_show_whatever_it_was() {
    let (desk, address) = Desk::opens(clear(), None).await;
    let checker = at(address);
    for (reason, kept) in [
        ("", String::new()),
        (" national register ", "national register".to_owned()),
        ("+14155550155 is in\nthe register (14155550155)", "**** is in the register (****)".to_owned()),
        (&"x".repeat(999), "x".repeat(200)),
    ] {
        desk.says(Some(Ok((pb::Verdict::Listed, reason.to_owned()))));
        assert_eq!(asked(&checker).await, Outcome::Done(Answer::Listed(kept)));
    }
}

#[tokio::test]
async fn whatever_is_no_answer_is_none_and_is_told_without_the_number() {
    let (desk, address) = Desk::opens(None, None).await;
    let status = |code| Some(Err(Status::new(code, format!("{NUMBER} is not known here"))));
    for (says, told) in [
        (Some(Ok((pb::Verdict::Unspecified, NUMBER.to_owned()))), "no verdict"),
        (status(Code::NotFound), "answered NotFound"),
        (status(Code::Internal), "answered Internal"),
        (status(Code::Unauthenticated), "CALLPLANE_DNC_CHECKER_TOKEN"),
        (status(Code::Unavailable), "cannot be reached"),
        (None, "did not answer in time"),
    ] {
        desk.says(says);
        let Outcome::Unknown(why) = asked(&at(address)).await else { panic!("an answer after all: {told}") };
        assert!(why.contains(told) && !why.contains("4155550155"), "{why}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("bound");
    let Outcome::Unknown(why) = asked(&at(gone)).await else { panic!("nobody is there") };
    assert!(why.contains("cannot be reached"), "{why}");
}

#[tokio::test]
async fn one_that_does_not_answer_is_left_alone_for_a_while() {
    let (desk, address) = Desk::opens(Some(Err(Status::internal("broken"))), None).await;
    let checker = at(address);
    for _ in 0..5 {
        assert!(matches!(asked(&checker).await, Outcome::Unknown(_)));
    }
    desk.says(clear());
    let Outcome::Refused(Refused { cause, message, .. }) = asked(&checker).await else { panic!("it was asked") };
    assert_eq!((cause, desk.asked().len()), (Cause::NotTried, 5));
    assert!(message.contains("did not answer lately"), "{message}");
}

#[tokio::test]
async fn a_connection_that_died_unheard_costs_one_question() {
    let desk = Arc::new(Desk { says: Mutex::new(clear()), asked: Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let served = Server::builder().add_service(DncCheckerServiceServer::from_arc(Arc::clone(&desk)));
    tokio::spawn(async move {
        let silent = listener.accept().await;
        served.serve_with_incoming(TcpIncoming::from(listener)).await.expect("serves");
        drop(silent);
    });
    let checker = at(address);
    assert!(matches!(asked(&checker).await, Outcome::Unknown(why) if why.contains("in time")));
    assert_eq!(asked(&checker).await, Outcome::Done(Answer::Clear));
}

#[tokio::test]
async fn over_tls_it_is_believed_only_with_a_certificate_of_somebody_we_trust() {
    let file = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/tests/tls").join(name);
        std::fs::read(path).expect("a file")
    };
    let identity = Identity::from_pem(file("certificate.pem"), file("key.pem"));
    let (desk, address) = Desk::opens(clear(), Some(ServerTlsConfig::new().identity(identity))).await;
    let url = format!("https://localhost:{}", address.port());
    let trusted = asked(&checker(&url, Some(file("certificate.pem")))).await;
    assert_eq!((trusted, desk.asked().len()), (Outcome::Done(Answer::Clear), 1));
    let stranger = asked(&checker(&url, None)).await;
    assert!(matches!(&stranger, Outcome::Unknown(why) if why.contains("cannot be reached")), "{stranger:?}");
    assert_eq!(desk.asked().len(), 1);
}
