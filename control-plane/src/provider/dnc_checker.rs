//! Asks a do-not-call checker that an operator runs, over gRPC: one number a question, under a deadline and a circuit. The number
//! is in the request alone. What a checker says when it fails may quote it, so that only the code of its answer is told.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use callplane_proto::checker::v1::{self as pb, dnc_checker_service_client::DncCheckerServiceClient};
use callplane_telemetry::{Kind, child};
use http::Uri;
use secrecy::{ExposeSecret, SecretString};
use tonic::{
    Code, Request,
    metadata::{Ascii, MetadataValue},
    transport::{Certificate, Channel as Connection, ClientTlsConfig, Endpoint},
};

use super::{
    breaker::{Breaker, Circuit},
    line::refused,
};
use crate::domain::{
    dnc::Answer,
    e164::E164,
    error::{Error, Kind as ErrorKind},
    id::WorkspaceId,
    ladder::Channel,
    outcome::{Cause, Outcome},
    time::Clock,
};

/// Longer nobody waits who is about to be called in time.
pub const DEADLINE: Duration = Duration::from_secs(2);
/// An answer is a few words.
const LARGEST_ANSWER: usize = 16 << 10;
/// So much of a reason is kept.
const LONGEST_REASON: usize = 200;

/// Whoever says whether a number may be reached, besides our own list.
#[async_trait]
pub trait DncChecker: Send + Sync {
    /// Asks it. A question changes nothing, so that `Unknown` and `Refused` mean the same: there is no answer.
    async fn check(&self, workspace: WorkspaceId, channel: Channel, number: &E164) -> Outcome<Answer>;
}

/// How a checker is reached.
pub struct Settings {
    /// Scheme, host and port.
    pub address: Uri,
    /// What we show it.
    pub token: Option<SecretString>,
    /// Who signed its certificate, PEM; none for whomever the system trusts.
    pub authority: Option<Vec<u8>>,
    /// How long an answer may take.
    pub deadline: Duration,
}

type Client = DncCheckerServiceClient<Connection>;

/// A checker over gRPC.
pub struct GrpcChecker {
    endpoint: Endpoint,
    client: Mutex<Client>,
    bearer: Option<MetadataValue<Ascii>>,
    deadline: Duration,
    circuit: Circuit,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
}

impl GrpcChecker {
    /// A client that connects when first used, and again when needed.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let Settings { address, token, authority, deadline } = settings;
        let origin = address.to_string();
        let mut endpoint = Endpoint::from(address)
            .user_agent(concat!("callplane/", env!("CARGO_PKG_VERSION")))
            .map_err(Error::internal)?
            .connect_timeout(deadline)
            .tcp_nodelay(true);
        if origin.starts_with("https") {
            let tls = match authority {
                Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
                None => ClientTlsConfig::new().with_native_roots(),
            };
            endpoint = endpoint.tls_config(tls).map_err(|error| {
                let message = "CALLPLANE_DNC_CHECKER_CA_FILE, or without it the system, has no certificate to trust";
                Error::new(ErrorKind::InvalidArgument, "TLS_FILE", message).because(error)
            })?;
        }
        let client = Mutex::new(connect(&endpoint));
        let bearer = token.as_ref().map(bearer).transpose()?;
        let circuit = Circuit { account: String::new(), origin };
        Ok(Self { endpoint, client, bearer, deadline, circuit, breaker: Breaker::default(), clock })
    }

    fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection can be dead without either side having been told, and pings that would tell are more than many servers
    /// put up with: who asks after a silence gets a new one.
    fn connect_anew(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = connect(&self.endpoint);
    }

    fn question(&self, workspace: WorkspaceId, channel: Channel, number: &E164) -> Request<pb::CheckNumberRequest> {
        let channel = match channel {
            Channel::Voice => pb::Channel::Voice,
            Channel::Sms => pb::Channel::Sms,
            Channel::Whatsapp => pb::Channel::Whatsapp,
            Channel::Email => pb::Channel::Unspecified,
        };
        let mut request = Request::new(pb::CheckNumberRequest {
            phone_number: number.as_str().to_owned(),
            channel: channel.into(),
            workspace_id: workspace.to_string(),
        });
        request.set_timeout(self.deadline);
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        request
    }

    async fn ask(&self, question: Request<pb::CheckNumberRequest>) -> Result<pb::CheckNumberResponse, Code> {
        let mut client = self.client();
        // Connecting is not under the request's own deadline.
        let answer = tokio::time::timeout(self.deadline, client.check_number(question)).await;
        let code = match answer {
            Ok(Ok(response)) => return Ok(response.into_inner()),
            Ok(Err(status)) => status.code(),
            Err(_) => Code::DeadlineExceeded,
        };
        if is_late(code) {
            self.connect_anew();
        }
        Err(code)
    }
}

fn connect(endpoint: &Endpoint) -> Client {
    Client::new(endpoint.connect_lazy()).max_decoding_message_size(LARGEST_ANSWER)
}

/// Our own end of the deadline is told as a cancellation.
fn is_late(code: Code) -> bool {
    matches!(code, Code::Cancelled | Code::DeadlineExceeded)
}

#[async_trait]
impl DncChecker for GrpcChecker {
    async fn check(&self, workspace: WorkspaceId, channel: Channel, number: &E164) -> Outcome<Answer> {
        if !self.breaker.admits(&self.circuit, self.clock.now()) {
            let why = "the do-not-call checker did not answer lately; it is asked again soon";
            return Outcome::Refused(refused(Cause::NotTried, why));
        }
        let mut span = child(("dnc-checker", "check number"), Kind::Client);
        span.set("callplane.vendor", "dnc-checker");
        let outcome = match self.ask(self.question(workspace, channel, number)).await {
            Ok(answer) => meaning(answer, number),
            Err(code) => Outcome::Unknown(failure(code)),
        };
        span.set("callplane.outcome", outcome.word());
        match &outcome {
            Outcome::Done(_) => self.breaker.worked(&self.circuit),
            Outcome::Refused(_) | Outcome::Unknown(_) => {
                self.breaker.failed(&self.circuit, self.clock.now());
                span.fail();
            }
        }
        outcome
    }
}

fn bearer(token: &SecretString) -> Result<MetadataValue<Ascii>, Error> {
    let mut bearer = MetadataValue::try_from(format!("Bearer {}", token.expose_secret())).map_err(|_| {
        let message = "CALLPLANE_DNC_CHECKER_TOKEN: holds a character that no token has";
        Error::new(ErrorKind::InvalidArgument, "DNC_CHECKER_TOKEN", message)
    })?;
    // Keeps it out of every debug print of the request.
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn meaning(pb::CheckNumberResponse { verdict, reason }: pb::CheckNumberResponse, number: &E164) -> Outcome<Answer> {
    match pb::Verdict::try_from(verdict) {
        Ok(pb::Verdict::Clear) => Outcome::Done(Answer::Clear),
        Ok(pb::Verdict::Listed) => Outcome::Done(Answer::Listed(shown(&reason, number))),
        // An answer that was forgotten must not make a phone ring.
        Ok(pb::Verdict::Unspecified) | Err(_) => {
            Outcome::Unknown("the do-not-call checker's answer has no verdict that we know".to_owned())
        }
    }
}

/// Fit to store and to show, though it should be already.
fn shown(reason: &str, number: &E164) -> String {
    let digits = number.as_str().trim_start_matches('+');
    let masked = reason.replace(number.as_str(), "****").replace(digits, "****");
    let plain = masked.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(LONGEST_REASON).collect::<String>().trim().to_owned()
}

fn failure(code: Code) -> String {
    match code {
        code if is_late(code) => "the do-not-call checker did not answer in time".to_owned(),
        Code::Unavailable => "the do-not-call checker cannot be reached".to_owned(),
        Code::Unauthenticated => "the do-not-call checker does not accept CALLPLANE_DNC_CHECKER_TOKEN".to_owned(),
        code => format!("the do-not-call checker answered {code:?}"),
    }
}
