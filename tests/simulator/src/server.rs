//! The listener: reads a request, applies the fault scripts, hands it to the vendor it is for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::exchange::{Answer, Deed, Request};
use crate::fault::{FaultAction, Struck};
use crate::ledger::Happened;
use crate::world::World;
use crate::{control, control::seed, elevenlabs, mail, twilio};

const LARGEST_BODY: usize = 1024 * 1024;
const SLOWEST_BODY: Duration = Duration::from_secs(30);

/// Serves until told to stop. Connections in flight are dropped: nobody waits for a simulator.
pub async fn serve(listener: TcpListener, world: Arc<World>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (world, stop) = (world.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(stream, world) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            // Out of descriptors, mostly: a pause lets some connections end.
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, world: Arc<World>) {
    let service = service_fn(move |request| {
        let world = world.clone();
        async move { answer(&world, request).await }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(60));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// An error closes the connection without an answer, which is what a reset fault wants.
async fn answer(world: &Arc<World>, request: http::Request<Incoming>) -> io::Result<http::Response<Full<Bytes>>> {
    let request = match read(request).await {
        Ok(request) => request,
        Err(answer) => return Ok(respond(answer)),
    };
    let vendor = match request.segments().first().copied() {
        Some("sim") => return Ok(respond(control::answer(world, &request).await)),
        Some("2010-04-01") => "twilio",
        Some("v1") if request.path.starts_with("/v1/convai") => "elevenlabs",
        Some("v1") => "twilio",
        Some("v3" | "emails") => "mail",
        _ => return Ok(respond(nowhere(&request))),
    };
    faulty(world, vendor, &request).await.map(respond)
}

fn nowhere(request: &Request) -> Answer {
    let message = format!(
        "no vendor has the path {}; see /2010-04-01, /v1/AuthTokens, /v1/convai, /v3/mail/send, /emails and /sim",
        request.path
    );
    Answer::json(404, &json!({ "message": message }))
}

async fn read(request: http::Request<Incoming>) -> Result<Request, Answer> {
    let (parts, body) = request.into_parts();
    let collected = tokio::time::timeout(SLOWEST_BODY, Limited::new(body, LARGEST_BODY).collect()).await;
    let Ok(Ok(body)) = collected else {
        return Err(Answer::json(413, &json!({ "message": "the body is too large or too slow" })));
    };
    let query = parts.uri.query().unwrap_or_default();
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers,
        body: body.to_bytes().to_vec(),
    })
}

/// Handles a vendor request under the fault scripts and writes what happened to the ledger.
async fn faulty(world: &Arc<World>, vendor: &'static str, request: &Request) -> io::Result<Answer> {
    let account_sid = account_of(request);
    let struck = Struck { vendor, method: &request.method, path: &request.path, account_sid: &account_sid };
    let fault = world.faults.strike(struck);
    if let Some(FaultAction::Delay { milliseconds }) = fault {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    if let Some(FaultAction::AccountChange { sid, change }) = &fault
        && let Err(refusal) = seed::change_account(world, sid, change.clone())
    {
        tracing::warn!(?refusal, "a fault script changes no account");
    }
    let before = match &fault {
        Some(FaultAction::ErrorBefore { status, code }) => Some(Some(refusal(vendor, *status, *code))),
        Some(FaultAction::TooManyRequests) => Some(Some(refusal(vendor, 429, Some(20429)))),
        Some(FaultAction::Reset | FaultAction::Silence) => Some(None),
        _ => None,
    };
    if let Some(answer) = before {
        let deed = Deed { account_sid, resource: resource(request), ..Deed::default() };
        note(world, vendor, request, deed, false, answer.as_ref(), fault.as_ref());
        silence(fault.as_ref()).await;
        return answer.ok_or_else(closed);
    }
    let (done, deed) = match vendor {
        "elevenlabs" => elevenlabs::answer(world, request),
        "mail" => mail::answer(world, request),
        _ => twilio::answer(world, request),
    };
    let performed = done.status < 400;
    let answer = match &fault {
        Some(FaultAction::ErrorAfter { status, code }) => Some(refusal(vendor, *status, *code)),
        Some(FaultAction::ResetAfter | FaultAction::SilenceAfter) => None,
        Some(FaultAction::Garbage) => {
            Some(Answer::bytes(200, "text/html", b"<html><body>\0 502 or something".to_vec()))
        }
        _ => Some(done),
    };
    note(world, vendor, request, deed, performed, answer.as_ref(), fault.as_ref());
    if let Some(FaultAction::DelayAfter { milliseconds }) = fault {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    silence(fault.as_ref()).await;
    answer.ok_or_else(closed)
}

/// For as long as anybody waits.
async fn silence(fault: Option<&FaultAction>) {
    if matches!(fault, Some(FaultAction::Silence | FaultAction::SilenceAfter)) {
        std::future::pending::<()>().await;
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "closed by a fault script")
}

fn account_of(request: &Request) -> String {
    let segments = request.segments();
    let in_path =
        segments.iter().find(|part| part.starts_with("AC")).map(|part| part.trim_end_matches(".json").to_owned());
    in_path.or_else(|| request.basic().map(|(user, _)| user)).unwrap_or_default()
}

/// `Calls` of `/2010-04-01/Accounts/AC…/Calls/CA….json`, for requests no vendor has looked at.
fn resource(request: &Request) -> String {
    let named = |part: &&str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic()) && !twilio::is_sid(part.trim_end_matches(".json"))
    };
    request
        .segments()
        .iter()
        .rev()
        .find(|part| named(part))
        .map_or_else(String::new, |part| part.trim_end_matches(".json").to_owned())
}

fn refusal(vendor: &str, status: u16, code: Option<u32>) -> Answer {
    match vendor {
        "elevenlabs" => elevenlabs::error(status, "simulated_fault", "a fault script asked for this answer"),
        "mail" => mail::error(status, "a fault script asked for this answer"),
        _ => twilio::errors::TwilioError::scripted(status, code).answer(),
    }
}

fn note(
    world: &World,
    vendor: &str,
    request: &Request,
    deed: Deed,
    performed: bool,
    answer: Option<&Answer>,
    fault: Option<&FaultAction>,
) {
    world.note(Happened::Rest {
        vendor: vendor.to_owned(),
        method: request.method.clone(),
        path: request.path.clone(),
        resource: deed.resource,
        account_sid: deed.account_sid,
        sid: deed.sid,
        credential: deed.credential,
        performed,
        status: answer.map(|answer| answer.status),
        code: deed.code,
        fault: fault.map(|fault| fault.name().to_owned()),
    });
}

fn respond(answer: Answer) -> http::Response<Full<Bytes>> {
    let mut builder = http::Response::builder().status(answer.status);
    if !answer.body.is_empty() {
        builder = builder.header("content-type", answer.content_type);
    }
    for (name, value) in &answer.headers {
        builder = builder.header(*name, value);
    }
    let body = Full::new(Bytes::from(answer.body));
    builder
        .body(body)
        .unwrap_or_else(|_: http::Error| http::Response::new(Full::new(Bytes::from_static(b"unusable status"))))
}
