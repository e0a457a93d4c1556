//! One request, one reply, within the time allowed.

use http::uri::PathAndQuery;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::{Code, Request, Status, client::Grpc, metadata::AsciiMetadataValue, transport::Channel};

use super::{Target, channel, codec::DynamicCodec};

/// Replies may hold a whole page of large rows.
const LARGEST_REPLY: usize = 64 * 1024 * 1024;

/// Calls the method once.
pub async fn call(
    channel: &Channel,
    target: &Target,
    method: &MethodDescriptor,
    message: DynamicMessage,
) -> Result<DynamicMessage, Status> {
    let mut request = request(target, message)?;
    request.set_timeout(target.timeout);
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(LARGEST_REPLY);
    let answered = tokio::time::timeout(target.timeout, async {
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        grpc.unary(request, path(method), DynamicCodec::of(method)).await
    });
    match answered.await {
        Ok(Ok(reply)) => Ok(reply.into_inner()),
        // tonic's own timer says CANCELLED when the deadline passed on our side.
        Ok(Err(status)) if status.code() == Code::Cancelled && status.message().contains("imeout") => Err(late(target)),
        Ok(Err(status)) => Err(broken(status)),
        Err(_) => Err(late(target)),
    }
}

/// tonic calls a broken connection UNKNOWN and hides why.
pub fn broken(status: Status) -> Status {
    match std::error::Error::source(&status) {
        Some(cause) if status.code() == Code::Unknown => {
            Status::unavailable(format!("the connection broke: {}", channel::root(cause)))
        }
        _ => status,
    }
}

fn late(target: &Target) -> Status {
    Status::deadline_exceeded(format!("no answer within {} s", target.timeout.as_secs_f64()))
}

/// The request with the caller's token and workspace.
pub fn request(target: &Target, message: DynamicMessage) -> Result<Request<DynamicMessage>, Status> {
    let mut request = Request::new(message);
    if let Some(token) = &target.token {
        let mut value = AsciiMetadataValue::try_from(format!("Bearer {}", token.as_str()))
            .map_err(|_| Status::unauthenticated(format!("what {} holds is not a token", target.token_from)))?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
    }
    if let Some(workspace) = &target.workspace {
        let value = AsciiMetadataValue::try_from(workspace.as_str())
            .map_err(|_| Status::invalid_argument("the workspace is not an id"))?;
        request.metadata_mut().insert("callplane-workspace", value);
    }
    Ok(request)
}

pub fn path(method: &MethodDescriptor) -> PathAndQuery {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    PathAndQuery::try_from(path).expect("protobuf names are valid in a path")
}
