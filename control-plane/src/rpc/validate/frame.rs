//! The one message of a unary or server-streaming request: read whole, bounded, unpacked from gRPC's framing.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tonic::{Code, Status, body::Body};
use tonic_types::{ErrorDetails, StatusExt};

use crate::domain::error::{Error, Kind};

/// The largest request message.
pub(super) const LIMIT: usize = 4 * 1024 * 1024;
const PREFIX: usize = 5;

/// A request's body: as it arrived, to hand on, and the message in it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) whole: Bytes,
    pub(super) message: Bytes,
}

/// Reads the body. Stops as soon as it is too long or announces to become so.
pub(super) async fn read(mut body: Body) -> Result<Frame, Status> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        whole.extend_from_slice(&data);
        if announced(&whole).is_some_and(|length| length > LIMIT) || whole.len() > PREFIX + LIMIT {
            return Err(too_large());
        }
    }
    unpack(whole.freeze())
}

fn announced(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(1..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

fn unpack(whole: Bytes) -> Result<Frame, Status> {
    let length = announced(&whole).ok_or_else(|| malformed("the request has no message"))?;
    match whole[0] {
        0 => {}
        1 => return Err(Status::new(Code::Unimplemented, "compressed requests are not taken; send it as it is")),
        _ => return Err(malformed("the request's framing is not gRPC's")),
    }
    if whole.len() != PREFIX + length {
        return Err(malformed("expected exactly one whole message"));
    }
    Ok(Frame { message: whole.slice(PREFIX..), whole })
}

pub(super) fn malformed(message: &str) -> Status {
    Error::new(Kind::InvalidArgument, "REQUEST_MALFORMED", message).into()
}

fn too_large() -> Status {
    let message = format!("the request is longer than {} MiB", LIMIT / 1024 / 1024);
    // No RetryInfo: sending it again does not make it shorter.
    let details = ErrorDetails::with_error_info("REQUEST_TOO_LARGE", "callplane", []);
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    async fn code(bytes: Vec<u8>) -> Code {
        read(Body::new(Full::new(Bytes::from(bytes)))).await.expect_err("refused").code()
    }

    #[tokio::test]
    async fn one_message_is_unpacked_and_handed_on_whole() {
        let bytes = vec![0, 0, 0, 0, 3, 1, 2, 3];
        let frame = read(Body::new(Full::new(Bytes::from(bytes.clone())))).await.expect("well-formed");
        assert_eq!((&frame.whole[..], &frame.message[..]), (&bytes[..], &[1, 2, 3][..]));
        let empty = read(Body::new(Full::new(Bytes::from(vec![0; 5])))).await.expect("an empty message is one");
        assert!(empty.message.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_one_whole_message_is_refused() {
        for bad in
            [vec![], vec![0, 0, 0], vec![0, 0, 0, 0, 2, 1], vec![0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], vec![7, 0, 0, 0, 0]]
        {
            assert_eq!(code(bad.clone()).await, Code::InvalidArgument, "{bad:?}");
        }
        assert_eq!(code(vec![1, 0, 0, 0, 1, 9]).await, Code::Unimplemented);
    }

    #[tokio::test]
    async fn a_message_that_only_announces_to_be_too_large_is_refused_at_once() {
        assert_eq!(code(vec![0, 0xff, 0xff, 0xff, 0xff]).await, Code::ResourceExhausted);
        let mut longest = vec![0];
        longest.extend_from_slice(&u32::try_from(LIMIT).expect("fits").to_be_bytes());
        longest.resize(PREFIX + LIMIT, 0);
        assert!(read(Body::new(Full::new(Bytes::from(longest.clone())))).await.is_ok());
        longest.push(0);
        assert_eq!(code(longest).await, Code::ResourceExhausted);
    }
}
