//! One connection of a generator: requests as Twilio sends them, and what came back.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;

use crate::{Failure, webhook::Signed};

/// A server may close a connection that has been idle; well before that a new one is taken.
const FRESH: Duration = Duration::from_secs(4);

/// A connection.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    used: Instant,
}

impl Line {
    /// Connects, from this address of ours if one is given.
    pub async fn connect(to: SocketAddr, from: Option<IpAddr>) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        if let Some(from) = from {
            socket.bind((from, 0).into())?;
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // A broken connection shows as a failed request on the line.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, used: Instant::now() })
    }

    /// Whether it can be expected to be open.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed() && self.used.elapsed() < FRESH
    }

    /// Sends a webhook and checks its answer; `step` says which of its call it is.
    pub async fn post(&mut self, signed: Signed, step: usize) -> Result<(), String> {
        let request = request(signed.path, Some(&signed.signature), signed.body);
        match (step, self.send(request).await.map_err(|error| error.to_string())?) {
            (0, (StatusCode::OK, body)) if body.ends_with(b"</Response>") => Ok(()),
            (1.., (StatusCode::NO_CONTENT, body)) if body.is_empty() => Ok(()),
            (_, (status, body)) => Err(format!("answered {status} with {} bytes", body.len())),
        }
    }

    /// Sends a request and reads what comes back.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), hyper::Error> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        self.used = Instant::now();
        Ok((head.status, body))
    }
}

/// A request with the headers of Twilio's.
pub fn request(path: &str, signature: Option<&str>, body: String) -> Request<Full<Bytes>> {
    let mut request = Request::post(path)
        .header("Host", "calls.example.com")
        .header("User-Agent", "TwilioProxy/1.1")
        .header("Accept", "*/*")
        .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
        .header("X-Home-Region", "us1");
    if let Some(signature) = signature {
        request = request.header("X-Twilio-Signature", signature);
    }
    request.body(Full::new(Bytes::from(body))).expect("every part of the request is valid")
}
