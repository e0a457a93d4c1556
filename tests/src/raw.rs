//! Calls any method by its name with bytes, and gives back bytes: what was said on the wire, not what a type makes of it.

use std::time::Duration;

use bytes::{Buf, BufMut};
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::Api;

/// An answer as it came: the reply's bytes, or code, message and details of the refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The reply.
    Reply(Vec<u8>),
    /// The refusal.
    Refusal(tonic::Code, String, Vec<u8>),
    /// A stream was opened and has nothing to say yet.
    Silence,
}

impl Said {
    /// The code of a refusal; `Ok` for anything else.
    pub fn code(&self) -> tonic::Code {
        match self {
            Self::Refusal(code, ..) => *code,
            Self::Reply(_) | Self::Silence => tonic::Code::Ok,
        }
    }
}

impl Api {
    /// Calls `/package.Service/Method`; of a stream, the first part within a moment.
    pub async fn say(&self, path: &str, request: Vec<u8>) -> Said {
        let mut grpc = tonic::client::Grpc::new(self.line());
        grpc.ready().await.expect("the channel is open");
        let path = path.parse().expect("a path");
        let streaming = grpc.server_streaming(Request::new(request), path, Bytes).await;
        let outcome = match streaming {
            Err(status) => Err(status),
            Ok(stream) => {
                let mut parts = stream.into_inner();
                match tokio::time::timeout(Duration::from_secs(2), parts.message()).await {
                    Ok(part) => part,
                    Err(_) => return Said::Silence,
                }
            }
        };
        match outcome {
            Ok(Some(reply)) => Said::Reply(reply),
            Ok(None) => Said::Silence,
            Err(status) => refusal(&status),
        }
    }
}

fn refusal(status: &Status) -> Said {
    Said::Refusal(status.code(), status.message().to_owned(), status.details().to_vec())
}

/// Bytes in, bytes out.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
