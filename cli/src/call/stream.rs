//! A stream that goes on: after a broken connection it is opened again where it stopped, by its resume token.

use std::time::Duration;

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use tonic::{Code, Status, Streaming, client::Grpc, transport::Channel};

use super::{Target, channel, codec::DynamicCodec, unary};
use crate::failure::Failure;

/// The first reconnect is at once: a graceful restart of the server needs no more.
const FIRST_PAUSE: Duration = Duration::ZERO;
const SECOND_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A stream that goes on after a broken connection.
pub struct Watch<'a> {
    target: &'a Target,
    method: MethodDescriptor,
    request: DynamicMessage,
    open: Option<Streaming<DynamicMessage>>,
    pause: Duration,
}

impl<'a> Watch<'a> {
    pub fn new(target: &'a Target, method: MethodDescriptor, request: DynamicMessage) -> Self {
        Watch { target, method, request, open: None, pause: FIRST_PAUSE }
    }

    /// The next message; `None` when the server ended the stream in good order.
    pub async fn next(&mut self) -> Result<Result<Option<DynamicMessage>, Status>, Failure> {
        loop {
            let outcome = match &mut self.open {
                Some(stream) => stream.message().await,
                None => match self.connect().await? {
                    Ok(stream) => {
                        self.open = Some(stream);
                        continue;
                    }
                    Err(status) => Err(status),
                },
            };
            match outcome {
                Ok(Some(message)) => {
                    self.remember(&message);
                    return Ok(Ok(Some(message)));
                }
                Ok(None) => return Ok(Ok(None)),
                Err(status) if self.may_go_on(&status) => self.rest(&status).await,
                Err(status) => return Ok(Err(unary::broken(status))),
            }
        }
    }

    async fn connect(&self) -> Result<Result<Streaming<DynamicMessage>, Status>, Failure> {
        let channel = match channel::open(self.target).await? {
            Ok(channel) => channel,
            Err(status) => return Ok(Err(status)),
        };
        Ok(start(&channel, self.target, &self.method, self.request.clone()).await)
    }

    /// Only what a token can take up again is opened again; and a stream that never began shows its error.
    fn may_go_on(&self, status: &Status) -> bool {
        let broken = matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled);
        broken && self.resumable()
    }

    fn resumable(&self) -> bool {
        self.request
            .get_field_by_name("resume_token")
            .is_some_and(|token| token.as_str().is_some_and(|token| !token.is_empty()))
    }

    async fn rest(&mut self, status: &Status) {
        eprintln!("connection lost ({}); going on in {:.1} s", status.message(), self.pause.as_secs_f64());
        self.open = None;
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).clamp(SECOND_PAUSE, LONGEST_PAUSE);
    }

    fn remember(&mut self, message: &DynamicMessage) {
        self.pause = FIRST_PAUSE;
        let token = message.get_field_by_name("resume_token").and_then(|token| token.as_str().map(str::to_owned));
        if let Some(token) = token.filter(|token| !token.is_empty())
            && self.method.input().get_field_by_name("resume_token").is_some()
        {
            self.request.set_field_by_name("resume_token", Value::String(token));
        }
    }
}

/// Opens a stream once.
async fn start(
    channel: &Channel,
    target: &Target,
    method: &MethodDescriptor,
    message: DynamicMessage,
) -> Result<Streaming<DynamicMessage>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = unary::request(target, message)?;
    let reply = grpc.server_streaming(request, unary::path(method), DynamicCodec::of(method)).await?;
    Ok(reply.into_inner())
}
